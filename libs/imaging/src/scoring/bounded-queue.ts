/** More was asked than may wait; asking again later can help. */
export class QueueFull extends Error {
  override readonly name = 'QueueFull';
}

interface Waiting {
  start(): Promise<void>;
}

/**
 * One piece of work at a time, in order; at most `maxWaiting` wait behind it, because each holds its pictures in
 * memory.
 */
export class BoundedQueue {
  private readonly waiting: Waiting[] = [];
  private running: Promise<void> | undefined;

  constructor(private readonly maxWaiting: number) {}

  /**
   * Rejects with the signal's reason as soon as it is aborted: what waits is never started, what runs is finished for
   * nobody, since neither an inference nor a loop over pixels can be stopped halfway.
   * @throws QueueFull
   */
  run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (signal?.aborted) return Promise.reject(asError(signal.reason));
    if (this.running !== undefined && this.waiting.length >= this.maxWaiting)
      return Promise.reject(new QueueFull(`${this.maxWaiting} pieces of work wait already`));
    return new Promise<T>((resolve, reject) => {
      const abort = (): void => {
        const place = this.waiting.indexOf(entry);
        if (place !== -1) this.waiting.splice(place, 1);
        reject(asError(signal?.reason));
      };
      const entry: Waiting = {
        start: () =>
          work()
            .then(resolve, reject)
            .finally(() => signal?.removeEventListener('abort', abort)),
      };
      signal?.addEventListener('abort', abort, { once: true });
      this.waiting.push(entry);
      this.startNext();
    });
  }

  /** Resolves when nothing runs or waits. */
  async drain(): Promise<void> {
    while (this.running !== undefined) await this.running;
  }

  private startNext(): void {
    if (this.running !== undefined) return;
    const next = this.waiting.shift();
    if (next === undefined) return;
    this.running = next.start().finally(() => {
      this.running = undefined;
      this.startNext();
    });
  }
}

const asError = (reason: unknown): Error => (reason instanceof Error ? reason : new Error(String(reason)));
