import { z } from 'zod';
import { deadLetterDetail, deadLetterIds, deadLetterState, deadLetterView, settledLetter } from '../dead-letter';
import { pageQuery } from '../page';
import { uuid } from '../primitives';
import { defineRequest } from '../request';

/** Milliseconds: handlers work, a film is decoded. */
const redriveMs = 60_000;

/**
 * What every service answers about the messages that it could not handle. Ids of other services' letters are passed
 * over.
 */
export const deadLetterRequestsOf = (service: string) => ({
  /** Newest first; one more than `limit` says that there are more. `open` counts all that wait for a person. */
  list: defineRequest(
    `${service}.v1.list_dead_letters`,
    z.object({ ...pageQuery, state: deadLetterState }),
    z.object({ items: z.array(deadLetterView), open: z.int() }),
    { timeoutMs: 2_000 },
  ),
  get: defineRequest(
    `${service}.v1.get_dead_letter`,
    z.object({ id: uuid }),
    z.object({ letter: deadLetterDetail.nullable() }),
  ),
  redrive: defineRequest(
    `${service}.v1.redrive_dead_letters`,
    z.object({ ids: deadLetterIds }),
    z.object({ items: z.array(settledLetter) }),
    {
      timeoutMs: redriveMs,
      repeatable: false,
    },
  ),
  dismiss: defineRequest(
    `${service}.v1.dismiss_dead_letters`,
    z.object({ ids: deadLetterIds }),
    z.object({ items: z.array(settledLetter) }),
  ),
});
export type DeadLetterRequests = ReturnType<typeof deadLetterRequestsOf>;
