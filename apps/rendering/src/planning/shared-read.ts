import type { Clock } from '@tower/kit';

interface Reading<Value> {
  startedAtMs: number;
  /** What was known of the version of things when the read began. */
  version: string | undefined;
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
    /** Which version of things there is now, as far as is heard; undefined where nothing is. */
    private readonly versionNow: () => string | undefined = () => undefined,
  ) {}

  /** What was read, or begun to be read, at most `withinMs` milliseconds ago; else it is read now. */
  get(withinMs: number): Promise<Value> {
    const nowMs = this.clock.monotonicMs();
    if (this.last !== undefined && nowMs - this.last.startedAtMs <= withinMs) return this.last.value;
    const reading: Reading<Value> = { startedAtMs: nowMs, version: this.versionNow(), value: this.read() };
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
   * As `get`, and while no other version is heard of, what was read at most `unchangedMs` milliseconds ago. A read that
   * takes long holds for ten times as long as it took, up to that, whatever is heard.
   */
  getUnlessChanged(withinMs: number, unchangedMs: number): Promise<Value> {
    return this.get(this.holdsMs(withinMs, unchangedMs));
  }

  /** What the last read is good for by the same rule, without reading anew; undefined where it is not. */
  peekUnlessChanged(withinMs: number, unchangedMs: number): Promise<Value> | undefined {
    const ageMs = this.last === undefined ? Infinity : this.clock.monotonicMs() - this.last.startedAtMs;
    return ageMs <= this.holdsMs(withinMs, unchangedMs) ? this.last?.value : undefined;
  }

  private holdsMs(withinMs: number, unchangedMs: number): number {
    return Math.max(withinMs, this.isUnchanged() ? unchangedMs : Math.min(10 * this.tookMs, unchangedMs));
  }

  private isUnchanged(): boolean {
    const version = this.versionNow();
    return version !== undefined && this.last?.version === version;
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
