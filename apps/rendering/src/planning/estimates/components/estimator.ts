import { ConformalInterval } from './conformal';
import { DriftDetector } from './drift';
import { LineFit } from './line-fit';
import { likeliestLoad, LoadTimes } from './load-times';
import { PassTimes } from './pass-times';
import { ByWorkAndCard, isCold, type TimedAttempt, type TimedWork, type TimePrior, type Uncertain } from './timed-work';

/** A time with the interval in which it lies nine times of ten. Seconds. */
export interface TimeEstimate {
  seconds: number;
  low: number;
  high: number;
  /** It has ended by then four times of five. */
  p80: number;
  /** The part of it that is loading. */
  load: number;
  /** 0.9 where the intervals of such estimates were measured; null where they are only believed. */
  confidence: number | null;
  basis: string;
}

/** Seconds of everything but loading and sampling, over megapixels. */
const fixedBelief = { slope: 0.03, slopeSd: 0.05, interceptSd: 1, noise: 0.15 };
/** Seconds; no attempt takes less beside its sampling. */
const leastFixed = 0.01;
/** Deviation of the log seconds of a pass from which on a measurement says something of the card, too. */
const wellKnownSd = 0.08;
/** Share of an attempt that its passes take at least, where its parts were not heard. */
const leastShare = 0.2;
/** Relative deviation below which no estimate is believed. */
const leastSd = 0.01;

/** The parts of a time before they are put together. */
interface Prediction {
  pass: Uncertain;
  seconds: number;
  load: number;
  /** Relative. */
  sd: number;
}

/**
 * Learns what work takes on cards: loading, one pass through the model, and the rest, apart from each other, for each
 * kind of work, set of models and card (`docs/estimates.md`). No clock and no database: the same attempts in the same
 * order give the same answers. One more attempt costs the same however many were learnt.
 */
export class Estimator {
  private readonly passes: PassTimes;
  private readonly loads: LoadTimes;
  private readonly fixed = new ByWorkAndCard(() => new LineFit());
  private readonly attempts = new ByWorkAndCard(() => ({ count: 0 }));
  private readonly drifts = new Map<string, DriftDetector>();
  private readonly intervals = { warm: new ConformalInterval(), cold: new ConformalInterval() };

  constructor(private readonly priorOf: (work: TimedWork) => TimePrior) {
    this.passes = new PassTimes(priorOf);
    this.loads = new LoadTimes(priorOf);
  }

  /** What this work takes. */
  estimate(work: TimedWork): TimeEstimate {
    const { seconds, sd, load } = this.predict(work);
    const interval = isCold(work) ? this.intervals.cold : this.intervals.warm;
    const { count } = this.attempts.peek(work) ?? { count: 0 };
    return {
      seconds,
      low: seconds * Math.exp(-interval.width * sd),
      high: seconds * Math.exp(interval.width * sd),
      p80: seconds * Math.exp(interval.eighty * sd),
      load,
      confidence: interval.isMeasured && count > 0 ? 0.9 : null,
      basis: this.basisOf(work, count),
    };
  }

  /** Attempts of this work on its card that were learnt. */
  attemptsOf(work: TimedWork): number {
    return this.attempts.peek(work)?.count ?? 0;
  }

  /** Takes an attempt in. Intervals learn from what would have been said of it before. */
  learn(attempt: TimedAttempt): void {
    const { seconds, sd, pass, load } = this.predict(attempt);
    const score = Math.log(Math.max(leastFixed, attempt.seconds) / seconds) / sd;
    (isCold(attempt) ? this.intervals.cold : this.intervals.warm).learn(score);
    const drift = this.driftOf(attempt.gpu);
    const measured = attempt.pass ?? this.passLeft(attempt, load);
    if (measured > 0) {
      const log = Math.log(measured);
      // While the work itself is little known, it may be wrong, and not the card slower.
      if (pass.sd < wellKnownSd) drift.learn(log - pass.value);
      this.passes.learn(attempt, log - drift.offset);
    }
    if (attempt.fixed !== null) this.fixed.of(attempt).add(attempt.megapixels, attempt.fixed * Math.exp(-drift.offset));
    if (isCold(attempt) && attempt.load !== null && attempt.load > 0) this.loads.learn(attempt, attempt.load);
    this.attempts.of(attempt).count++;
  }

  /** Of an attempt whose parts nobody heard: what is left for its passes when the rest is as expected. */
  private passLeft(attempt: TimedAttempt, load: number): number {
    const fixed = this.fixedOf(attempt, this.driftOf(attempt.gpu).offset).value;
    return Math.max(attempt.seconds - load - fixed, attempt.seconds * leastShare) / attempt.passes;
  }

  private predict(work: TimedWork): Prediction {
    const { offset } = this.driftOf(work.gpu);
    const known = this.passes.estimate(work);
    const pass = { value: known.value + offset, sd: known.sd };
    const fixed = this.fixedOf(work, offset);
    const sampling = Math.exp(pass.value) * work.passes;
    const rest = sampling + fixed.value;
    const log = isCold(work) ? this.loads.estimate(work) : undefined;
    const load = log === undefined ? 0 : likeliestLoad(rest, log);
    const seconds = rest + load;
    const variance = (sampling * pass.sd) ** 2 + fixed.sd ** 2 + (load * (log?.sd ?? 0)) ** 2;
    return { pass, seconds, load, sd: Math.max(leastSd, Math.sqrt(variance) / seconds) };
  }

  private fixedOf(work: TimedWork, offset: number): Uncertain {
    const belief = { ...fixedBelief, intercept: this.priorOf(work).fixed };
    const { value, sd } = (this.fixed.peek(work) ?? new LineFit()).at(work.megapixels, belief);
    return { value: Math.max(leastFixed, value) * Math.exp(offset), sd: Math.min(sd, Math.max(0.05, value)) };
  }

  private basisOf(work: TimedWork, count: number): string {
    if (count === 0) return this.priorOf(work).basis;
    const size = this.passes.countOfSize(work);
    const times = (attempts: number): string => `${attempts} attempt${attempts === 1 ? '' : 's'}`;
    return size > 0
      ? `learnt from ${times(count)} on ${work.gpu}, ${size} of them of this size`
      : `learnt from ${times(count)} of other sizes on ${work.gpu}`;
  }

  private driftOf(gpu: string): DriftDetector {
    const drift = this.drifts.get(gpu) ?? new DriftDetector();
    this.drifts.set(gpu, drift);
    return drift;
  }
}
