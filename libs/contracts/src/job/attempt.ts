import { z } from 'zod';
import { gpuName } from '../gpu';
import { planView, recoveryStepView } from '../job-parts';
import { instant, seed, uuid } from '../primitives';
import { attemptState, taskState } from './states';

export const jobError = z.object({ code: z.string(), message: z.string(), hint: z.string() }).meta({ id: 'JobError' });
export type JobError = z.infer<typeof jobError>;

export const notComputedReason = z.enum([
  'model_missing',
  'decode_failed',
  'file_missing',
  'decoder_missing',
  'too_few_frames',
  'over_budget',
  'inference_failed',
]);
export const notApplicableReason = z.enum([
  'single_frame',
  'no_character',
  'no_reference',
  'not_a_loop',
  'static',
  'no_expected_frames',
]);

/** A metric's outcome: a number only where one was measured. */
export const scoreView = z
  .discriminatedUnion('state', [
    z.object({
      state: z.literal('computed'),
      metric: z.string(),
      value: z.number(),
      threshold: z.number().nullable(),
      passed: z.boolean().nullable(),
    }),
    z.object({ state: z.literal('not_computed'), metric: z.string(), reason: notComputedReason }),
    z.object({ state: z.literal('not_applicable'), metric: z.string(), reason: notApplicableReason }),
  ])
  .meta({ id: 'Score' });
export type ScoreView = z.infer<typeof scoreView>;

export const verdictOutcome = z.enum(['passed', 'failed']);
export type VerdictOutcome = z.infer<typeof verdictOutcome>;

export const attemptView = z
  .object({
    id: uuid,
    n: z.int().min(1),
    state: attemptState,
    gpu: gpuName,
    prompt_id: uuid,
    seed,
    dispatched_at: instant,
    started_at: instant.nullable(),
    ended_at: instant.nullable(),
    /** Seconds that rendering took, by the server's own account; from dispatch to the end where it gives none. */
    seconds: z.number().nullable(),
    outcome: z.string().nullable(),
    error: jobError.nullable(),
    /** Seconds that were predicted when it was sent. */
    estimated_seconds: z.number().nullable(),
    /** What was changed about the graph of this attempt. */
    plan: planView,
    /** The step of the recovery ladder that led to this attempt; null for one that follows no failure. */
    recovery: recoveryStepView.nullable(),
    verdict: verdictOutcome.nullable(),
    scores: z.array(scoreView),
  })
  .meta({ id: 'Attempt' });
export type AttemptView = z.infer<typeof attemptView>;

export const taskView = z
  .object({
    id: uuid,
    idx: z.int().min(0),
    state: taskState,
    seed,
    /** What the next attempt changes about the graph, or the last one did. */
    plan: planView,
    /** Steps of the recovery ladder that were taken, oldest first. */
    recovery: z.array(recoveryStepView),
    /**
     * The newest ones: all, unless the job would be too large for one answer. Pages of all are in `/jobs/{id}/params`
     * and `/jobs/{id}/quality`.
     */
    attempts: z.array(attemptView),
    /** How many attempts there were, shown or not. */
    attempts_total: z.int().min(0),
  })
  .meta({ id: 'Task' });
export type TaskView = z.infer<typeof taskView>;
