import { z } from 'zod';
import { progressView } from './job/view';
import { previewView } from './preview';
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
  /** Only to who asked for it, after `caught_up`. Best effort: dropped for readers that are too slow. */
  z.object({ type: z.literal('preview'), data: previewView }),
  /** The answer to each `subscribe` and `unsubscribe`: what is followed now. */
  z.object({ type: z.literal('subscribed'), topic: z.literal('previews'), all: z.boolean(), job_ids: z.array(uuid) }),
  /** What cannot go on, and then the socket closes; or that something the client said is not understood. */
  z.object({ type: z.literal('error'), code: z.string(), message: z.string() }),
]);
export type FeedMessage = z.infer<typeof feedMessage>;

/**
 * What a client may say: which previews it wants. Without `job_id`, on `/ws` those of all jobs and on `/ws/jobs/{id}`
 * those of that job. It holds as long as the connection does.
 */
export const feedRequest = z.strictObject({
  type: z.enum(['subscribe', 'unsubscribe']),
  topic: z.literal('previews'),
  job_id: uuid.optional(),
});
export type FeedRequest = z.infer<typeof feedRequest>;

/** Close codes of our own. */
export const feedClosed = { jobNotFound: 4404 } as const;
