import { setTimeout as sleep } from 'node:timers/promises';

/**
 * One round's work. Resolves to the milliseconds until the next round, 0 for at once. It handles its own errors: what
 * it throws ends the loop for good, rejects `stop()`, and is an unhandled rejection until then.
 */
export type Round = () => Promise<number>;

/**
 * Does the same work over and over, one round at a time, until it is stopped. Between rounds it rests for as long as
 * the round said, or until somebody wakes it; a wake during a round counts for the rest after it, so that nothing that
 * was said meanwhile waits out the pause.
 */
export class Loop {
  private readonly stopping = new AbortController();
  private woken = new AbortController();
  private running: Promise<void> | undefined;

  /** Aborts when the loop is told to stop: for what a round waits for. */
  get signal(): AbortSignal {
    return this.stopping.signal;
  }

  /** No further round will begin. */
  get isStopping(): boolean {
    return this.stopping.signal.aborted;
  }

  /** Begins the first round before it returns. Once per loop; after `stop()` it does nothing. */
  start(round: Round): void {
    if (this.running !== undefined) throw new Error('a loop is started once; make another one to start anew');
    this.running = this.run(round);
  }

  /** The next round begins at once, or as soon as the present one is over. */
  wake(): void {
    this.woken.abort();
  }

  /** Resolves when the present round is over; there is none after it. May be called again, and before `start()`. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.wake();
    await this.running;
  }

  /** Within a round: waits for so many milliseconds whoever wakes the loop; a stop alone ends it sooner. */
  async pause(ms: number): Promise<void> {
    await restFor(ms, this.stopping.signal);
  }

  private async run(round: Round): Promise<void> {
    while (!this.isStopping) {
      this.woken = new AbortController();
      const restMs = await round();
      if (restMs > 0 && !this.isStopping) await restFor(restMs, this.woken.signal);
    }
  }
}

/** The only way to reject is the signal's, and that is an end of the rest like any other. */
const restFor = (ms: number, signal: AbortSignal): Promise<void> =>
  sleep(ms, undefined, { signal }).catch(() => undefined);
