import type { AttemptEstimate } from './estimate';

/** Seconds until a card is free, as far as is known. */
export interface Busy {
  seconds: number;
  low: number;
  high: number;
  /** What is not known, so that the end is not either: then the numbers are the least that is known of. */
  unknown?: string | undefined;
}

/** How far a running attempt is. Seconds since it began. */
export interface Pace {
  elapsed: number;
  /** 0 to 100. */
  percent: number;
  /** When it was heard to be at `percent`, and where the step or node that runs since ends. */
  reached?: { percent: number; at: number; next: number } | undefined;
  /** Its first step: from there on the time is that of steps, not of loading. */
  paceFrom?: { percent: number; at: number } | undefined;
}

/** Per cent that have to be done before the own pace says more than the estimate. */
const leastPercent = 10;
/** Per cent of steps after which their own time is the pace, without what was loaded before them. */
const leastStepsPercent = 5;
/**
 * A step that lasts so many times as long as those before it says that the pace is not that any more; and at least so
 * many seconds.
 */
const longStep = { times: 3, seconds: 5 };

/**
 * Of the interval's remainder, in the proportion of what was expected to what is possible; below 1, so that the time
 * told only falls.
 */
const lateShare = 0.5;

/**
 * Seconds that a running attempt still needs: what the estimate leaves, or, once a tenth is done, what its own pace
 * says. Between two steps it falls, but never below what lies behind the present one. What lasts longer than expected
 * is unknown, with that as the least.
 */
export function remaining(
  estimate: AttemptEstimate,
  { elapsed, percent, reached, paceFrom }: Pace,
): Busy & { basis: string } {
  // A clock that was set back meanwhile says nothing of the pace.
  if (elapsed <= 0) return { seconds: estimate.seconds, low: estimate.low, high: estimate.high, basis: estimate.basis };
  if (percent >= leastPercent && percent < 100) {
    const at = reached === undefined ? elapsed : Math.min(Math.max(reached.at, 0), elapsed);
    const ofSteps = paceFrom !== undefined && percent - paceFrom.percent >= leastStepsPercent && at > paceFrom.at;
    const secondsPerPercent = ofSteps ? (at - paceFrom.at) / (percent - paceFrom.percent) : at / percent;
    const behind = secondsPerPercent * (100 - Math.min(100, Math.max(reached?.next ?? percent, percent)));
    const seconds = Math.max(secondsPerPercent * (100 - percent) - (elapsed - at), behind);
    const basis = `own pace at ${Math.round(percent)} %`;
    const expected = secondsPerPercent * ((reached?.next ?? percent) - percent);
    if (elapsed - at > Math.max(expected * longStep.times, longStep.seconds + expected))
      return {
        seconds: behind,
        low: behind,
        high: behind,
        basis,
        unknown: 'the present step takes longer than those before it',
      };
    return { seconds, low: seconds * 0.7, high: seconds * 1.5, basis };
  }
  const left = (total: number): number => Math.max(0, total - elapsed);
  // Near its expected end, or past it, a part of what the interval leaves: that it ends this moment is known of nothing
  // that still runs.
  const late = left(estimate.high) * (estimate.seconds / estimate.high) * lateShare;
  const span = {
    seconds: Math.max(left(estimate.seconds), late),
    low: left(estimate.low),
    high: left(estimate.high),
    basis: estimate.basis,
  };
  if (elapsed <= estimate.high) return span;
  return {
    ...span,
    unknown: `it takes longer than the ${Math.round(estimate.high * 10) / 10} s that it should need at most`,
  };
}
