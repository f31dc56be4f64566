/** What a download is doing, for a bar or a line. */
export interface DownloadProgress {
  /** `checking` reads what is already there, `waiting` is the pause before another try. */
  readonly phase: 'checking' | 'receiving' | 'waiting';
  readonly receivedBytes: number;
  readonly totalBytes: number | null;
  /** Over the last seconds; null while nothing can be said. */
  readonly bytesPerSecond: number | null;
  /** Why it waits. */
  readonly reason?: string;
}

const reportEveryMs = 250;
const windowMs = 5_000;

/** Passes progress on a few times a second, with the speed of the last seconds. */
export class ProgressMeter {
  private readonly samples: { at: number; bytes: number }[] = [];
  private reportedAt = -Infinity;

  constructor(
    private readonly onProgress: ((progress: DownloadProgress) => void) | undefined,
    private readonly monotonicMs: () => number = () => performance.now(),
  ) {}

  /** True when it was time to report, a few times a second. */
  report(phase: 'checking' | 'receiving', receivedBytes: number, totalBytes: number | null): boolean {
    const at = this.monotonicMs();
    const isLast = receivedBytes === totalBytes;
    if (at - this.reportedAt < reportEveryMs && !isLast) return false;
    this.reportedAt = at;
    if (phase === 'receiving') this.samples.push({ at, bytes: receivedBytes });
    while (this.samples.length > 2 && at - (this.samples[0]?.at ?? at) > windowMs) this.samples.shift();
    this.onProgress?.({
      phase,
      receivedBytes,
      totalBytes,
      bytesPerSecond: phase === 'receiving' ? this.speed() : null,
    });
    return true;
  }

  wait(receivedBytes: number, totalBytes: number | null, reason: string): void {
    this.samples.length = 0;
    this.onProgress?.({ phase: 'waiting', receivedBytes, totalBytes, bytesPerSecond: null, reason });
  }

  private speed(): number | null {
    const [first, last] = [this.samples[0], this.samples.at(-1)];
    if (first === undefined || last === undefined || last.at - first.at < reportEveryMs) return null;
    return Math.max(0, Math.round(((last.bytes - first.bytes) * 1000) / (last.at - first.at)));
  }
}
