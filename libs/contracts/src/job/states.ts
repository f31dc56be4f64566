import { z } from 'zod';

export const jobState = z.enum([
  'pending',
  'queued',
  'processing',
  'quality_check',
  'completed',
  'rejected',
  'failed',
  'timeout',
  'cancelled',
]);
export type JobState = z.infer<typeof jobState>;

/** Whether a job in the state has ended; total, so that a state which is added has to be decided here. */
const ends = {
  pending: false,
  queued: false,
  processing: false,
  quality_check: false,
  completed: true,
  rejected: true,
  failed: true,
  timeout: true,
  cancelled: true,
} as const satisfies Record<JobState, boolean>;

/** States that nothing leaves. */
export type EndState = { [State in JobState]: (typeof ends)[State] extends true ? State : never }[JobState];

/** Whether a job has ended, well or not: nothing about it changes any more. */
export const isOver = (state: JobState): state is EndState => ends[state];

export const taskState = z.enum([
  'queued',
  'rendering',
  'checking',
  'done',
  'rejected',
  'failed',
  'timeout',
  'cancelled',
]);
export type TaskState = z.infer<typeof taskState>;

export const attemptState = z.enum([
  'dispatching',
  'running',
  'collecting',
  'checking',
  'succeeded',
  'rejected',
  'failed',
  'lost',
  'cancelled',
]);
export type AttemptState = z.infer<typeof attemptState>;
