import type { JobError } from '@tower/contracts';
import { pinnedTo } from '../jobs/pinned-card';
import type { Catalogue } from '../workflows/catalogue';
import type { Requirements } from '../workflows/compatibility/requirements';
import type { RequirementsCache } from '../workflows/compatibility/requirements-cache';
import { noChanges } from '../workflows/composition';
import type { Workflow } from '../workflows/template/workflow-file';
import { vramNeedMb } from '../workflows/values/planned-values';
import { modelKeyIn } from '../workflows/models/model-files';
import { classesOf } from '../workflows/values/resolve-values';
import type { Waiting } from './eligibility';
import type { Work } from './estimates/estimate';
import { memoryWorkOf, type MemoryWork } from './memory/memory-need';
import type { WaitingRow } from './queue.queries';
import { sizeUnder } from './work-size';

/**
 * A task that waits, as the planner sees it. Tasks of one kind are alike in all that decides which cards can take them.
 */
export type WaitingTask = Waiting & Work & { rank: number; kind: string; isCalibration: boolean };

/** A waiting task that no card can ever take, and why. */
export interface HopelessTask {
  taskId: string;
  jobId: string;
  error: JobError;
}

/** What it takes to understand a row. */
export interface Templates {
  workflows: Catalogue;
  requirements: RequirementsCache;
}

/** Whether the row says itself what its graph is made from. */
export const asksItself = (row: WaitingRow): boolean =>
  (row.parameters ?? null) !== null && (row.parts ?? null) !== null;

/** The task of a row as it is at `now`. Throws `workflow_unknown` where its template is gone. */
export function toWaiting(
  row: WaitingRow & { created_at?: Date },
  { workflows, requirements, now }: Templates & { now: Date },
): WaitingTask {
  const workflow = workflows.get(row.workflow);
  const plan = row.plan ?? noChanges;
  const requires = requirementsOfRow(workflow, row, requirements);
  return {
    taskId: row.task_id,
    jobId: row.job_id,
    work: workflow.file.work,
    modelName: row.model_name,
    classes: knownClassesOf(workflow),
    excludedGpus: row.excluded_gpus,
    pinnedGpu: pinnedTo(row.recovery ?? []),
    requires,
    ...(requires === undefined ? {} : { models: [...new Set(requires.models.map(modelKeyIn))].sort() }),
    workflow: row.workflow,
    // What recovery made smaller takes less time.
    ...sizeUnder(workflow, row, plan),
    steps: row.steps,
    cfgScale: row.cfg_scale ?? numberIn(row.parameters, 'cfg_scale'),
    plan,
    rank: row.rank,
    kind: row.kind,
    isCalibration: row.calibration ?? false,
    ...(row.only_gpu ? { onlyGpu: row.only_gpu } : {}),
    // The clock may have been set back since. What measures a card has all the time there is.
    waitedSeconds: row.calibration === true ? 0 : Math.max(0, secondsBetween(row.created_at ?? now, now)),
    ...(row.deadline_at ? { deadlineIn: secondsBetween(now, row.deadline_at) } : {}),
  };
}

/** A parameter that is a number; null where it is none, or was not asked for. */
function numberIn(parameters: WaitingRow['parameters'], name: string): number | null {
  const value = parameters?.[name];
  return typeof value === 'number' ? value : null;
}

const secondsBetween = (from: Date, to: Date): number => (to.getTime() - from.getTime()) / 1000;

/** Megabytes that the template's formula expects of a row that says what it asks for; null where it says nothing. */
export const priorMbOfRow = ({ workflow, parameters, parts, plan }: WaitingRow, workflows: Catalogue): number | null =>
  parameters && parts ? vramNeedMb(workflows.get(workflow), parameters, parts, plan ?? noChanges) : null;

/** What the task of a row needs memory for. Throws `workflow_unknown` where its template is gone. */
export const memoryWorkOfRow = (row: WaitingRow, workflows: Catalogue): MemoryWork =>
  memoryWorkOf(workflows.get(row.workflow), { ...row, modelName: row.model_name }, row.plan ?? noChanges);

/** Undefined for a task whose parameters were not asked for. */
const requirementsOfRow = (
  workflow: Workflow,
  { parameters, parts, plan }: WaitingRow,
  requirements: RequirementsCache,
): Requirements | undefined =>
  parameters && parts ? requirements.of(workflow, { values: parameters, parts, plan: plan ?? noChanges }) : undefined;

/**
 * Its template was removed or changed under a waiting task, its only card is not configured, or what recovery planned
 * does not fit it.
 */
export function hopelessnessOf(
  row: WaitingRow,
  { workflows, requirements, gpus }: Templates & { gpus: readonly { name: string }[] },
): HopelessTask | undefined {
  const of = { taskId: row.task_id, jobId: row.job_id };
  if (row.only_gpu && !gpus.some(({ name }) => name === row.only_gpu))
    return {
      ...of,
      error: {
        code: 'gpu_gone',
        message: `it is for ${row.only_gpu} alone, and that is no longer configured`,
        hint: 'Name the card in config/gpus.yaml again, or ask for another one.',
      },
    };
  const workflow = workflows.find(row.workflow);
  if (workflow === undefined)
    return {
      ...of,
      error: {
        code: 'workflow_gone',
        message: `workflow ${row.workflow} is no longer among the templates`,
        hint: 'Put the template back and ask again, or ask for another workflow; GET /workflows lists them.',
      },
    };
  const fault = requirementsOfRow(workflow, row, requirements)?.fault;
  if (fault === undefined) return undefined;
  return {
    ...of,
    error: {
      code: 'workflow_makes_no_graph',
      message: `workflow ${row.workflow} makes no graph of this job: ${fault}`,
      hint: 'The template was changed since the job was accepted, or has a fault; ask again, or mend it in workflows/.',
    },
  };
}

const classes = new WeakMap<Workflow, string[]>();

/** Looked up a thousand times for every look at the queue. */
function knownClassesOf(workflow: Workflow): string[] {
  const known = classes.get(workflow) ?? classesOf(workflow);
  classes.set(workflow, known);
  return known;
}
