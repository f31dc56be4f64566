import type { Job } from '../jobs/job.entity';
import type { ParameterValues, Changes } from '../workflows/composition';
import type { Workflow } from '../workflows/template/workflow-file';
import { promisedResult } from '../workflows/values/planned-values';
import type { VramWork } from './memory/memory-need';
import { weighingSteps } from './memory/memory-store';

/** What a job asks of a workflow. */
export type AskedWork = Pick<Job, 'parameters' | 'parts'>;

/** A task's work as far as memory depends on it; parameters may be left out while the plan makes nothing smaller. */
export interface PlannedWork {
  modelName: string;
  width: number;
  height: number;
  frames: number;
  parameters?: ParameterValues | null;
}

/** What an attempt under this plan needs memory for. */
export function workOf(workflow: Workflow, work: PlannedWork, plan: Changes): VramWork {
  const smaller =
    plan.steps.includes('smaller_size') && work.parameters ? promisedResult(workflow, work.parameters, plan) : work;
  return {
    workflow: workflow.file.name,
    modelName: work.modelName,
    width: smaller.width,
    height: smaller.height,
    frames: smaller.frames,
    steps: weighingSteps(plan.steps),
  };
}
