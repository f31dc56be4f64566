import { setTimeout as delay } from 'node:timers/promises';
import type { AppError } from '@tower/kit';
import type { ServerProcess } from './server-process';

/** Milliseconds between two attempts. */
const pollMs = 20;

/** A server that starts, and how its failure to become ready is told. */
export interface Starting {
  readonly server: ServerProcess;
  /** Milliseconds until it has to be ready. */
  readonly timeoutMs: number;
  /** Rejects while the server is not ready. */
  readonly attempt: () => Promise<unknown>;
  readonly exitedTooSoon: () => AppError;
  /** `lastError` is what the last attempt was rejected with; undefined when there was none. */
  readonly notReady: (lastError: unknown) => AppError;
}

/**
 * Resolves when an attempt succeeds. Throws what `exitedTooSoon` or `notReady` say, at the end of the process and of
 * the time. Whoever else listens on the port may accept and never answer: our server's exit ends the wait.
 */
export async function untilReady({ server, timeoutMs, attempt, exitedTooSoon, notReady }: Starting): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  let lastError: unknown;
  while (performance.now() < deadline) {
    if (server.exit() !== undefined) throw exitedTooSoon();
    const outcome = await Promise.race([
      attempt().then(
        () => 'ready' as const,
        (error: unknown) => ({ error }),
      ),
      server.exited.then(() => 'exited' as const),
    ]);
    if (outcome === 'ready') return;
    if (outcome === 'exited') continue;
    lastError = outcome.error;
    await delay(pollMs);
  }
  throw notReady(lastError);
}
