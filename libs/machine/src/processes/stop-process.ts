import { setTimeout as delay } from 'node:timers/promises';

/** A signal, and how long the process has to obey it before the next, ruder one. */
export interface StopStep {
  readonly signal: NodeJS.Signals;
  readonly waitMs: number;
}

const pollMs = 10;

/** Sends the signals in order until the process is gone. `false` when it outlived them all. */
export async function stopProcess(pid: number, steps: readonly StopStep[], isGone: () => boolean): Promise<boolean> {
  for (const { signal, waitMs } of steps) {
    if (isGone()) return true;
    signalIfAlive(pid, signal);
    const deadline = performance.now() + waitMs;
    while (!isGone() && performance.now() < deadline) await delay(pollMs);
  }
  return isGone();
}

export function signalIfAlive(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // It ended by itself between the look and the signal; anything else (not ours to stop) the caller must hear.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
