import { AppError, describeError, onFailure } from '@tower/kit';
import { isDatabaseUnavailable, toDatabaseError } from '@tower/db';

export type Decision =
  | { do: 'ack' }
  /** `expected`: an error of our own; anything else is a bug that somebody has to see. */
  | { do: 'retry'; delayMs: number; reason: string; expected: boolean }
  /**
   * The database or the library is away: keep the message in hand and try again, because a redelivery would only count
   * against it.
   */
  | { do: 'hold'; reason: string }
  | { do: 'dead_letter'; reason: string };

/** Milliseconds before delivery 2, 3, … */
const retryDelaysMs = [100, 500, 2_000, 5_000, 10_000, 20_000, 30_000] as const;
export const maxDeliveries = retryDelaysMs.length + 1;

/** Which try of a message this is; the second argument of every handler. */
export interface Delivery {
  /** Counted from 1. */
  readonly number: number;
  /** Nobody will try again: whatever the handler throws now makes a dead letter. */
  readonly last: boolean;
  /** Where the message lies; undefined when a person hands it over again. */
  readonly place?: MessagePlace | undefined;
}

export interface MessagePlace {
  readonly stream: string;
  readonly seq: number;
  /**
   * Nanoseconds since 1970. A stream that was made anew counts from 1 again, so that place and time together name a
   * message.
   */
  readonly storedAtNanos: number;
}

export const deliveryOf = (number: number, place?: MessagePlace): Delivery => ({
  number,
  last: number >= maxDeliveries,
  ...(place && { place }),
});

/** Nothing can be done without these, and no message is to blame. */
const heldFor: ReadonlySet<string> = new Set(['database_unavailable', 'library_unavailable']);

/**
 * What to do with a message after its handler threw `thrown` (undefined: it resolved) on delivery number `delivery`,
 * counted from 1.
 */
export function decide(thrown: unknown, delivery: number): Decision {
  if (thrown === undefined) return { do: 'ack' };
  const error = toDatabaseError(thrown);
  const reason = describeError(error);
  // Also when the own pool had no connection free: that says nothing against the message.
  if (isDatabaseUnavailable(thrown)) return { do: 'hold', reason };
  if (error instanceof AppError) {
    if (heldFor.has(error.code)) return { do: 'hold', reason };
    if (onFailure[error.kind] === 'dead_letter') return { do: 'dead_letter', reason };
  }
  if (delivery >= maxDeliveries) return { do: 'dead_letter', reason: `after ${delivery} deliveries: ${reason}` };
  const usualMs = retryDelaysMs[Math.max(delivery, 1) - 1] ?? 30_000;
  const wantedMs = (error instanceof AppError ? error.options.retryAfterMs : undefined) ?? usualMs;
  // Whoever is told so by an overloaded service again and again must not run out of deliveries within seconds.
  const delayMs = error instanceof AppError && error.kind === 'too_many' ? Math.max(wantedMs, usualMs) : wantedMs;
  return { do: 'retry', delayMs, reason, expected: error instanceof AppError };
}
