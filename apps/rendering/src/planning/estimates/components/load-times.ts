import { ByWorkAndCard, type TimedWork, type TimePrior, type Uncertain } from './timed-work';

/**
 * Deviation of log seconds of loading and how many measurements that is worth; of shipped figures; of a card that
 * nothing was loaded on; and by how much a model may load otherwise on a card than model and card alone would say.
 */
const belief = { spread: 0.25, worth: 10, shippedSd: 0.6, otherCardSd: 0.5, interactionSd: 0.015 };
/** Loads over which their mean is taken at most, so that another disk is noticed. */
const longest = 200;
/** Seconds; less is no load. */
const least = 0.05;

interface Course {
  count: number;
  /** Of log seconds. */
  mean: number;
}

/**
 * Seconds of loading what is missing on a card, whoever needs it. They vary much and are skewed: logarithms, whose
 * deviation is learnt
 * from all loads together.
 */
export class LoadTimes {
  private readonly courses = new ByWorkAndCard<Course>(
    () => ({ count: 0, mean: 0 }),
    ({ missing }) => missing,
  );
  private count = 0;
  private squares = 0;

  constructor(private readonly priorOf: (work: TimedWork) => TimePrior) {}

  /**
   * Logarithm of the seconds: what it took here and, as far as that was seldom, what it took on other cards times how
   * much longer this one loads other models.
   */
  estimate(work: TimedWork): Uncertain {
    const { count, mean } = this.courses.peek(work) ?? { count: 0, mean: 0 };
    const spread = this.spread();
    const believed = this.believed(work, spread);
    const [precision, prior] = [count / spread ** 2, 1 / believed.sd ** 2];
    return {
      value: (prior * believed.value + precision * mean) / (prior + precision),
      sd: Math.sqrt(1 / (prior + precision) + spread ** 2),
    };
  }

  learn(work: TimedWork, seconds: number): void {
    const log = Math.log(Math.max(least, seconds));
    const course = this.courses.of(work);
    if (course.count > 0) {
      this.count++;
      this.squares += ((log - course.mean) ** 2 * course.count) / (course.count + 1);
    }
    course.count++;
    course.mean += (log - course.mean) / Math.min(course.count, longest);
  }

  private believed(work: TimedWork, spread: number): Uncertain {
    let [sum, weight] = [0, 0];
    for (const [gpu, { count, mean }] of this.courses.elsewhere(work)) {
      const ratio = this.slowness(work.gpu, gpu, spread);
      const precision = 1 / (spread ** 2 / count + ratio.sd ** 2);
      sum += precision * (mean + ratio.value);
      weight += precision;
    }
    if (weight > 0) return { value: sum / weight, sd: Math.sqrt(1 / weight + belief.interactionSd ** 2) };
    return { value: Math.log(Math.max(least, this.priorOf(work).load)), sd: belief.shippedSd };
  }

  /** How much longer one card loads than another, by all that both have loaded. */
  private slowness(gpu: string, other: string, spread: number): Uncertain {
    let [sum, weight] = [0, 0];
    for (const [ours, theirs] of this.courses.shared(gpu, other)) {
      const precision = 1 / (1 / ours.count + 1 / theirs.count);
      sum += precision * (ours.mean - theirs.mean);
      weight += precision;
    }
    if (weight === 0) return { value: 0, sd: belief.otherCardSd };
    return { value: sum / weight, sd: Math.sqrt(spread ** 2 / weight + belief.interactionSd ** 2) };
  }

  private spread(): number {
    return Math.sqrt((belief.spread ** 2 * belief.worth + this.squares) / (belief.worth + this.count));
  }
}

/** What an estimate counts as right within; people are told by it. */
const tolerance = 0.2;
const factors = { from: 0.6, to: 1.3, step: 0.02 };

/**
 * Seconds of loading for which an estimate of it together with the rest is most often within a fifth of what comes: not
 * the middle, because loading is skewed and the fifth is one of what was measured. `log` is the estimate of its
 * logarithm, `rest` seconds.
 */
export function likeliestLoad(rest: number, log: Uncertain): number {
  const value = Math.exp(log.value);
  const below = (seconds: number): number => (seconds <= 0 ? 0 : normalShare(Math.log(seconds / value) / log.sd));
  let best = { seconds: value, share: -1 };
  for (let factor = factors.from; factor <= factors.to; factor += factors.step) {
    const total = rest + value * factor;
    const share = below(total / (1 - tolerance) - rest) - below(total / (1 + tolerance) - rest);
    if (share > best.share) best = { seconds: value * factor, share };
  }
  return best.seconds;
}

/** Share of a normal distribution below `z` (Abramowitz, Stegun, 7.1.26; within 2e-7). */
function normalShare(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * x);
  const sum = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const beyond = 0.5 * sum * Math.exp(-x * x);
  return z < 0 ? beyond : 1 - beyond;
}
