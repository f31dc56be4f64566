import type { Card } from '../../cards/card';
import type { Job } from '../../jobs/job.entity';
import { missingFor } from '../../workflows/compatibility/requirements';
import type { GraphStep, Changes } from '../../workflows/composition';
import { stepsOf } from '../../workflows/graph/compose';
import type { Workflow } from '../../workflows/template/workflow-file';
import { vramNeedMb } from '../../workflows/values/planned-values';

/** What a job asks of a workflow. */
type Asked = Pick<Job, 'parameters' | 'parts'>;

/** Megabytes by the workflow's own formula. */
export const priorOf = (workflow: Workflow, job: Asked, plan: Changes): number =>
  vramNeedMb(workflow, job.parameters, job.parts, plan);

/** Whether a card has the nodes and the models; whether it is up, busy or big enough is not asked. */
export function runsOn(workflow: Workflow, job: Asked, plan: Changes, card: Card): boolean {
  return (
    !(card.only && !card.prefers.includes(workflow.file.work)) &&
    missingFor(workflow, { values: job.parameters, parts: job.parts, plan }, card).length === 0
  );
}

/**
 * Changes of the graph that the workflow offers after this plan and that the card has the files for, in the workflow's
 * order.
 */
export function offersOf(workflow: Workflow, job: Asked, plan: Changes, card: Card): GraphStep[] {
  const composition = { values: job.parameters, parts: job.parts };
  return stepsOf(workflow, { ...composition, plan }).filter(
    (step) => missingFor(workflow, { ...composition, plan: { steps: [...plan.steps, step] } }, card).length === 0,
  );
}
