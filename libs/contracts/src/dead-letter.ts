import { z } from 'zod';
import { instant, uuid } from './primitives';

export const deadLetterState = z.enum(['open', 'redriven', 'dismissed']);
export type DeadLetterState = z.infer<typeof deadLetterState>;

/** A message that its reader could not handle, without the message itself. */
export const deadLetterView = z
  .object({
    id: uuid,
    /** Who could not handle it. */
    service: z.string(),
    state: deadLetterState,
    stream: z.string(),
    stream_seq: z.int(),
    subject: z.string().describe('empty when the message was gone from its stream before it could be kept'),
    /** The message was gone from its stream before it could be kept; it cannot be handed over again. */
    lost: z.boolean(),
    reason: z.string().describe('why it was given up'),
    deliveries: z.int(),
    at: instant,
    redrives: z.int().describe('times that it was handed to its reader again'),
    last_failure: z.string().nullable().describe('why the last of these failed'),
    settled_at: instant.nullable(),
  })
  .meta({ id: 'DeadLetter' });
export type DeadLetterView = z.infer<typeof deadLetterView>;

/** Characters of a message that an answer shows: as JSON at most six times as many bytes. */
export const shownMessageCharacters = 50_000;

export const deadLetterDetail = deadLetterView
  .extend({
    message: z.string().describe(`the message as it came, its first ${shownMessageCharacters} characters`),
    message_cut: z.boolean(),
  })
  .meta({ id: 'DeadLetterDetail' });
export type DeadLetterDetail = z.infer<typeof deadLetterDetail>;

/** Letters that one request may name. */
export const deadLetterIds = z.array(uuid).min(1).max(50);

export const settledLetter = z
  .object({
    id: uuid,
    /**
     * `failed`: the reader could not handle it this time either, and it stays open. `unknown`: no service that answered
     * has it.
     */
    outcome: z.enum(['redriven', 'dismissed', 'failed', 'already_settled', 'lost', 'unknown']),
    detail: z.string(),
  })
  .meta({ id: 'SettledDeadLetter' });
export type SettledLetter = z.infer<typeof settledLetter>;

/** What `/status` says of one service's open dead letters. */
export const openDeadLetters = z.object({ service: z.string(), open: z.int(), newest: z.array(deadLetterView) });
