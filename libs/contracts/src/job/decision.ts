import { z } from 'zod';
import { gpuName } from '../gpu';
import { pageQuery, wholeNumber } from '../page';
import { instant, uuid } from '../primitives';

/**
 * Why a task was put on a card: no other one could take it; it had waited as long as anything may; enough others of its
 * rank had gone before it; the card held its models; it was free before the others that could; of those that were free
 * it prefers such work; it would be done first; or it stands first in the configuration.
 */
export const placementReason = z.enum([
  'only_card',
  'overdue',
  'passed_over',
  'models_loaded',
  'free_first',
  'preferred',
  'ready_first',
  'configured_first',
]);

const decisionCard = z
  .object({
    gpu: gpuName,
    chosen: z.boolean(),
    takes_it: z.boolean().describe('whether it could render the task at all'),
    reason: z.string().nullable().describe('why it could not, or was not free then'),
    ready_in: z
      .number()
      .nullable()
      .describe('seconds from the decision until the task would be ready there, were it the next one; null: not known'),
    penalty_seconds: z
      .number()
      .nullable()
      .describe('counted on top, because the card prefers other work or its memory may be too small'),
  })
  .meta({ id: 'DecisionCard' });
export type DecisionCard = z.infer<typeof decisionCard>;

/**
 * What was done with a task: it started on an idle card; it was sent to a card behind what that worked on; it had been,
 * and was taken back; or a card was left idle although it could have started it.
 */
export const decidedAction = z.enum(['started', 'sent_ahead', 'taken_back', 'left_waiting']);
export type DecidedAction = z.infer<typeof decidedAction>;

const decidedTask = z
  .object({
    task_id: uuid,
    gpu: gpuName.describe('the card that the plan had for it'),
    action: decidedAction,
    reason: placementReason.describe('why the plan had it there'),
    because: z.string().nullable().describe('why it was taken back; else null'),
    starts_in: z.number().describe('seconds from the decision; 0 where it started'),
    ready_in: z.number().describe('seconds from the decision, as the plan had it'),
    attempt_id: uuid.nullable().describe('the attempt that came of it; null where none did'),
    cards: z.array(decisionCard).describe('what each card made of it'),
  })
  .meta({ id: 'DecidedTask' });
export type DecidedTask = z.infer<typeof decidedTask>;

export const jobDecision = z
  .object({
    id: uuid,
    decided_at: instant,
    planner_version: z.int().min(1).describe('of the planner that decided'),
    objective: z.enum(['flow', 'makespan']),
    seed: z.int(),
    waiting: z.int().min(0).describe('so many tasks came into question, of whatever job'),
    tasks: z.array(decidedTask).describe('those of this job'),
    replay: z
      .enum(['same', 'differs'])
      .describe("whether today's planner decides the same from what was recorded; it was run for this answer"),
    differences: z.array(z.string()).describe('in words; empty where it decides the same'),
  })
  .meta({ id: 'JobDecision' });
export type JobDecision = z.infer<typeof jobDecision>;

/** The planner runs once for each one that is listed, so that a page is short. */
export const decisionsQuery = {
  ...pageQuery,
  limit: wholeNumber(1, 50).default(10).meta({ description: 'at most so many' }),
};
