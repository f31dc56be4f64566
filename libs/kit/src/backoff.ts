import { setTimeout as sleep } from 'node:timers/promises';

/** Doubling delays with full jitter between half and all of the step, in milliseconds. */
export function backoffMs(
  attempt: number,
  options: { firstMs?: number; maxMs?: number; random?: () => number } = {},
): number {
  const step = Math.min((options.firstMs ?? 100) * 2 ** Math.min(attempt, 30), options.maxMs ?? 5_000);
  return Math.round(step * (0.5 + (options.random ?? Math.random)() / 2));
}

/**
 * Repeats until it works or `signal` says stop (then the abort reason is thrown). For things a process cannot live
 * without.
 */
export async function untilWorks<Result>(
  work: () => Promise<Result>,
  options: {
    signal?: AbortSignal;
    onError: (error: unknown, attempt: number) => void;
    firstMs?: number;
    maxMs?: number;
  },
): Promise<Result> {
  for (let attempt = 0; ; attempt++) {
    options.signal?.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      options.onError(error, attempt);
      await sleep(backoffMs(attempt, options), undefined, { ...(options.signal ? { signal: options.signal } : {}) });
    }
  }
}
