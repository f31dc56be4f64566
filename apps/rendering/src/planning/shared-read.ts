import type { Clock } from '@tower/kit';

interface Reading<Value> {
  startedAtMs: number;
  value: Promise<Value>;
}

/** Milliseconds; longer, and what was read is no longer how it is. */
const mostHeldMs = 5_000;

/** One read for all who ask at about the same time. A failed read is not remembered. */
export class SharedRead<Value> {
  private last: Reading<Value> | undefined;
  /** The last one that ended well. */
  private done: Reading<Value> | undefined;
  private tookMs = 0;

  constructor(
    private readonly clock: Clock,
    private readonly read: () => Promise<Value>,
  ) {}

  /** What was read, or begun to be read, at most `withinMs` milliseconds ago; else it is read now. */
  get(withinMs: number): Promise<Value> {
    const nowMs = this.clock.monotonicMs();
    if (this.last !== undefined && nowMs - this.last.startedAtMs <= withinMs) return this.last.value;
    const reading: Reading<Value> = { startedAtMs: nowMs, value: this.read() };
    this.last = reading;
    reading.value.then(
      () => {
        this.done = reading;
        this.tookMs = this.clock.monotonicMs() - nowMs;
      },
      () => (this.last = this.last === reading ? undefined : this.last),
    );
    return reading.value;
  }

  /**
   * As `get`, and a read that takes long holds for ten times as long as it took, up to five seconds: however often
   * somebody asks, it is under way for a tenth of the time.
   */
  getWithinReason(withinMs: number): Promise<Value> {
    return this.get(Math.max(withinMs, Math.min(10 * this.tookMs, mostHeldMs)));
  }

  /** As `get`, but whoever asks does not wait for a new read while the last one is no older than `usableMs`. */
  getWithoutWaiting(withinMs: number, usableMs: number): Promise<Value> {
    const fresh = this.get(withinMs);
    const usable = this.done !== undefined && this.clock.monotonicMs() - this.done.startedAtMs <= usableMs;
    return usable ? (this.done as Reading<Value>).value : fresh;
  }
}
