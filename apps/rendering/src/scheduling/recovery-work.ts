import type { Gpu } from '../gpus/gpu.entity';
import type { Job } from '../jobs/job.entity';
import { classesOf } from '../workflows/bind';
import type { GraphStep, Plan } from '../workflows/composition';
import type { Workflow } from '../workflows/workflow-file';
import { toCard } from './fleet';
import { unfit } from './pick';
import { weighingSteps } from './vram-memory';
import type { VramWork } from './vram-need';

/** What a job asks of a workflow. */
export type AskedWork = Pick<Job, 'parameters' | 'parts' | 'modelName' | 'width' | 'height' | 'frames'>;

/** What an attempt under this plan needs memory for. */
export function workOf(workflow: Workflow, job: AskedWork, plan: Plan): VramWork {
  return { workflow: workflow.file.name, modelName: job.modelName, width: job.width, height: job.height, frames: job.frames, steps: weighingSteps(plan.steps) };
}

/** Megabytes by the workflow's own formula; null when it has none. */
export function priorOf(_workflow: Workflow, _job: AskedWork, _plan: Plan): number | null {
  return null;
}

/** Whether a card has the nodes and the models; whether it is up, busy or big enough is not asked. */
export function runsOn(workflow: Workflow, job: AskedWork, _plan: Plan, gpu: Gpu): boolean {
  return unfit({ ...toCard(gpu), up: true }, { taskId: '', jobId: '', work: workflow.file.work, modelName: job.modelName, classes: classesOf(workflow), excludedGpus: [] }) === undefined;
}

/** Changes of the graph that the workflow offers after this plan and that the card has the files for, in the workflow's order. */
export function offersOf(_workflow: Workflow, _job: AskedWork, _plan: Plan, _gpu: Gpu): GraphStep[] {
  return [];
}
