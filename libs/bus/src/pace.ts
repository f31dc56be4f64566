import { performance } from 'node:perf_hooks';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds over which it is measured how busy the event loop is. */
const windowMs = 100;
/** Shares of that time: above the one the loop counts as busy, until it falls below the other. */
const busyAbove = 0.7;
const idleBelow = 0.35;
/**
 * While the loop is busy: milliseconds that it is left to other work after an answer, per millisecond that the answer
 * took …
 */
const restRatio = 4;
/** … and at least and at most. */
const minRestMs = 20;
const maxRestMs = 200;

/**
 * Answers and the work of a process share one event loop. While that is idle, answers follow each other at once; when
 * it is busy, they take a fifth of the time, so that the steps of the work seldom wait for one.
 */
export class Pace {
  private isBusy = false;
  private restMs = minRestMs;
  private nextAtMs = 0;

  /** `load`: share of the time, 0 to 1, for which the event loop was busy of late. */
  constructor(private readonly load: () => number = loopLoad()) {}

  /** Resolves when the next answer may begin; gives the way to say that it has ended. */
  async begin(): Promise<() => void> {
    const nowMs = performance.now();
    this.isBusy = this.load() > (this.isBusy ? idleBelow : busyAbove);
    const atMs = this.isBusy ? Math.max(nowMs, this.nextAtMs) : nowMs;
    this.nextAtMs = atMs + this.restMs;
    if (atMs > nowMs) await sleep(atMs - nowMs);
    else await nextTurn();
    const begunAtMs = performance.now();
    return () => this.end(begunAtMs);
  }

  private end(begunAtMs: number): void {
    const nowMs = performance.now();
    this.restMs = Math.min(maxRestMs, Math.max(minRestMs, (nowMs - begunAtMs) * restRatio));
    this.nextAtMs = Math.max(this.nextAtMs, nowMs + this.restMs);
  }
}

/** How busy this process's loop was in the last whole window. */
function loopLoad(): () => number {
  let mark = performance.eventLoopUtilization();
  let markedAtMs = performance.now();
  let load = 0;
  return () => {
    const nowMs = performance.now();
    if (nowMs - markedAtMs < windowMs) return load;
    const now = performance.eventLoopUtilization();
    load = performance.eventLoopUtilization(now, mark).utilization;
    mark = now;
    markedAtMs = nowMs;
    return load;
  };
}
