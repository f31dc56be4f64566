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
