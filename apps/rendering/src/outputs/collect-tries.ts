import { Inject, Injectable } from '@nestjs/common';
import { CLOCK, type Clock } from '@tower/kit';
import { WATCH_THRESHOLDS, type WatchThresholds } from '../cards/watch-thresholds';

/** Tries of one attempt that may end with a file that is not whole: it may have been cut off on its way. */
const mostFaults = 2;

interface Tries {
  count: number;
  faults: number;
  notBeforeMs: number;
  /** Since when its server has not answered, in one go. */
  awaySinceMs: number | undefined;
  /** Bytes that could not be written for want of room. */
  neededBytes: number;
}

/**
 * How often each attempt's files were fetched in vain, and what stood in the way. Only faults of the files themselves
 * are counted.
 */
@Injectable()
export class CollectTries {
  private readonly tries = new Map<string, Tries>();

  constructor(
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(WATCH_THRESHOLDS) private readonly limits: WatchThresholds,
  ) {}

  isDue(attemptId: string): boolean {
    return this.clock.monotonicMs() >= (this.tries.get(attemptId)?.notBeforeMs ?? 0);
  }

  end(attemptId: string): void {
    this.tries.delete(attemptId);
  }

  /**
   * The file, or the answer in its place, was no good. Returns how often that was so by now, and whether it has been
   * often enough.
   */
  bad(attemptId: string, isBrokenFile: boolean): { count: number; isEnough: boolean } {
    const before = this.of(attemptId);
    const count = before.count + 1;
    const faults = before.faults + (isBrokenFile ? 1 : 0);
    this.set(attemptId, { ...before, count, faults, awaySinceMs: undefined });
    return { count, isEnough: count >= this.limits.outputTries.most || faults >= mostFaults };
  }

  /** The server does not answer. Returns for how many milliseconds now; 0 the first time. */
  away(attemptId: string): number {
    const now = this.clock.monotonicMs();
    const before = this.of(attemptId);
    const awaySinceMs = before.awaySinceMs ?? now;
    this.set(attemptId, { ...before, awaySinceMs });
    return now - awaySinceMs;
  }

  /**
   * Something on our own side was in the way. `neededBytes`: what could not be written, 0 when it was not a matter of
   * room.
   */
  held(attemptId: string, neededBytes: number): void {
    this.set(attemptId, { ...this.of(attemptId), awaySinceMs: undefined, neededBytes });
  }

  /** The most that one of these still needs. */
  neededBytes(attemptIds: readonly string[]): number {
    return Math.max(0, ...attemptIds.map((id) => this.of(id).neededBytes));
  }

  private of(attemptId: string): Tries {
    return this.tries.get(attemptId) ?? { count: 0, faults: 0, notBeforeMs: 0, awaySinceMs: undefined, neededBytes: 0 };
  }

  private set(attemptId: string, tries: Tries): void {
    this.tries.set(attemptId, { ...tries, notBeforeMs: this.clock.monotonicMs() + this.limits.outputTries.everyMs });
  }
}
