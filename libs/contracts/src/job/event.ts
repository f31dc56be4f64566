import { z } from 'zod';
import { instant, uuid } from '../primitives';

export const jobEventView = z
  .object({ job_id: uuid, seq: z.int().min(1), type: z.string(), at: instant, data: z.record(z.string(), z.unknown()) })
  .meta({ id: 'JobEvent' });
export type JobEventView = z.infer<typeof jobEventView>;

export const jobEventsPage = z.object({
  items: z.array(jobEventView),
  next_after: z.int().min(1).optional().describe('`after` of the next page; absent on the last one'),
});
export type JobEventsPage = z.infer<typeof jobEventsPage>;
