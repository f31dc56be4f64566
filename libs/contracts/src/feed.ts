import { z } from 'zod';
import { progressView } from './job/view';
import { instant, uuid } from './primitives';

/** One state event as clients of the live feed see it. */
export const feedEvent = z.object({
  id: uuid,
  type: z.string(),
  at: instant,
  project_id: uuid.nullable(),
  job_id: uuid.nullable(),
  /** Number in the job's own gap-free sequence; null for events that are not a job's. */
  job_seq: z.int().min(1).nullable(),
  data: z.record(z.string(), z.unknown()),
});
export type FeedEvent = z.infer<typeof feedEvent>;

/**
 * What the gateway sends over `/ws` and `/ws/jobs/{id}`: first `hello`, then the events after `since`, then
 * `caught_up`, then whatever happens. `seq` counts the feed on `/ws` and the job's own events on `/ws/jobs/{id}`; it is
 * what `since` takes after a reconnect.
 */
export const feedMessage = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('hello'),
    version: z.string(),
    latest_seq: z.int().min(0),
    /** Number of the first event that is still kept; a `since` below it minus 1 has missed some for good. */
    oldest_seq: z.int().min(0),
  }),
  z.object({ type: z.literal('event'), seq: z.int().min(1), event: feedEvent }),
  z.object({ type: z.literal('caught_up'), seq: z.int().min(0) }),
  /** Best effort: coalesced, and dropped for readers that are too slow. */
  z.object({ type: z.literal('progress'), data: progressView }),
  z.object({ type: z.literal('error'), code: z.string(), message: z.string() }),
]);
export type FeedMessage = z.infer<typeof feedMessage>;

/** Close codes of our own. */
export const feedClosed = { jobNotFound: 4404 } as const;
