import type { ProgressView } from '@tower/contracts';

/** At most ten messages per job and second. */
export const progressIntervalMs = 100;

interface Pace {
  timer: NodeJS.Timeout;
  /** What came since the last one was passed on. */
  waiting: ProgressView | undefined;
}

/**
 * Passes progress on, the first at once and then the latest at a steady pace: a card may report every step of a fast
 * sampler.
 */
export class ProgressRelay {
  private readonly paces = new Map<string, Pace>();

  constructor(private readonly passOn: (progress: ProgressView) => void) {}

  take(progress: ProgressView): void {
    const pace = this.paces.get(progress.job_id);
    if (pace !== undefined) {
      pace.waiting = progress;
      return;
    }
    this.passOn(progress);
    this.rest(progress.job_id);
  }

  /** Before a state event of the job goes out, so that older progress cannot come after it. */
  flush(jobId: string): void {
    const pace = this.paces.get(jobId);
    if (pace?.waiting === undefined) return;
    const { waiting } = pace;
    pace.waiting = undefined;
    this.passOn(waiting);
  }

  stop(): void {
    for (const { timer } of this.paces.values()) clearTimeout(timer);
    this.paces.clear();
  }

  private rest(jobId: string): void {
    const timer = setTimeout(() => {
      const waiting = this.paces.get(jobId)?.waiting;
      this.paces.delete(jobId);
      if (waiting !== undefined) this.take(waiting);
    }, progressIntervalMs);
    this.paces.set(jobId, { timer, waiting: undefined });
  }
}
