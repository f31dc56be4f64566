import { performance } from 'node:perf_hooks';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds over which it is measured how busy the event loop is. */
const windowMs = 100;
/** Share of that time above which the loop counts as busy. */
const busyShare = 0.7;
/** Milliseconds that the loop is left to other work after each answer while it is busy. */
const restMs = 30;

/**
 * Answers and the work of a process share one event loop. While that is idle, answers follow each other at once; when
 * it is busy, they leave it free for a while in between, so that a step of the work seldom waits for more than one.
 */
export class Pace {
  private mark = performance.eventLoopUtilization();
  private markedAtMs = performance.now();
  private isBusy = false;
  private nextAtMs = 0;

  /** Resolves when the next answer may begin. */
  async begin(): Promise<void> {
    const nowMs = performance.now();
    this.measure(nowMs);
    const atMs = this.isBusy ? Math.max(nowMs, this.nextAtMs) : nowMs;
    this.nextAtMs = atMs + restMs;
    if (atMs > nowMs) await sleep(atMs - nowMs);
    else await nextTurn();
  }

  /** An answer was given. */
  end(): void {
    this.nextAtMs = Math.max(this.nextAtMs, performance.now() + restMs);
  }

  private measure(nowMs: number): void {
    if (nowMs - this.markedAtMs < windowMs) return;
    const now = performance.eventLoopUtilization();
    this.isBusy = performance.eventLoopUtilization(now, this.mark).utilization > busyShare;
    this.mark = now;
    this.markedAtMs = nowMs;
  }
}
