import { setTimeout as delay } from 'node:timers/promises';
import { inspect } from 'node:util';
import { describeError } from '@tower/kit';

export interface WaitOptions {
  readonly timeoutMs?: number;
  /** What is waited for, for the message: `two rows in the inbox`. */
  readonly describe?: string;
}

type Truthy<T> = Exclude<T, undefined | null | false | 0 | ''>;

const defaultTimeoutMs = 10_000;
const firstPollMs = 2;
const maxPollMs = 50;

/**
 * Asks until the answer is truthy, and gives that answer. A condition that throws is asked again: what it looks at may
 * not exist yet.
 */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  options: number | WaitOptions = {},
): Promise<Truthy<T>> {
  const { timeoutMs = defaultTimeoutMs, describe = condition.toString() } =
    typeof options === 'number' ? { timeoutMs: options } : options;
  // Made here, so that its stack names the line that waits.
  const timedOut = new Error();
  const deadline = performance.now() + timeoutMs;
  let lastSeen = 'nothing: the condition never answered';
  for (let pollMs = firstPollMs; ; pollMs = Math.min(pollMs * 2, maxPollMs)) {
    const answer = await Promise.race([
      ask(condition),
      delay(Math.max(0, deadline - performance.now()), undefined, { ref: false }),
    ]);
    if (answer?.isThere === true) return answer.value;
    if (answer !== undefined) lastSeen = answer.seen;
    if (performance.now() + pollMs > deadline) break;
    await delay(pollMs);
  }
  timedOut.message = `waited ${timeoutMs} ms for: ${describe}\nlast seen: ${lastSeen}`;
  throw timedOut;
}

type Answer<T> = { isThere: true; value: Truthy<T> } | { isThere: false; seen: string };

async function ask<T>(condition: () => T | Promise<T>): Promise<Answer<T>> {
  try {
    const value = await condition();
    return isTruthy(value) ? { isThere: true, value } : { isThere: false, seen: inspect(value) };
  } catch (error) {
    return { isThere: false, seen: `an error, ${describeError(error)}` };
  }
}

function isTruthy<T>(value: T): value is T & Truthy<T> {
  return Boolean(value);
}
