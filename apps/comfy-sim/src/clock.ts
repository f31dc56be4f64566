/** Thrown out of every wait when the simulated process is gone, so that a dead worker writes nothing more. */
export class ProcessGone extends Error {}

/** Waiting, and the two clocks of the execution log. `stop` ends every wait: it is the death of the process. */
export class Clock {
  private readonly waits = new Set<(reason: ProcessGone) => void>();
  private readonly ending = new AbortController();

  /** Aborted when the process is gone, for what it started outside itself. */
  get gone(): AbortSignal {
    return this.ending.signal;
  }

  /** Milliseconds by which the server's wall clock is ahead of the machine's. */
  skewMs = 0;

  now(): Date {
    return new Date();
  }

  /** The server's own wall clock, in ms since 1970: what clients are told. */
  wallMs(): number {
    return Date.now() + this.skewMs;
  }

  /** Milliseconds of the machine's monotonic clock: comparable between processes of one machine. */
  monotonicMs(): number {
    return Number(process.hrtime.bigint() / 1000n) / 1000;
  }

  async wait(ms: number): Promise<void> {
    await this.until((resolve) => {
      const timer = ms > 0 ? setTimeout(resolve, ms) : undefined;
      const soon = timer === undefined ? setImmediate(resolve) : undefined;
      return () => {
        clearTimeout(timer);
        clearImmediate(soon);
      };
    });
  }

  /** Waits for a signal which `start` arranges; `start` returns how to give it up. */
  async until(start: (resolve: () => void) => () => void): Promise<void> {
    if (this.gone.aborted) throw new ProcessGone();
    let giveUp: () => void = () => undefined;
    let end: ((reason: ProcessGone) => void) | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        end = reject;
        this.waits.add(reject);
        giveUp = start(resolve);
      });
    } finally {
      if (end !== undefined) this.waits.delete(end);
      giveUp();
    }
  }

  async forever(): Promise<never> {
    await this.until(() => () => undefined);
    throw new ProcessGone();
  }

  stop(): void {
    this.ending.abort(new ProcessGone());
    for (const reject of [...this.waits]) reject(new ProcessGone());
  }
}
