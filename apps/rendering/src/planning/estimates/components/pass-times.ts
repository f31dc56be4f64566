import { LineFit, type LinePrior } from './line-fit';
import { ByWorkAndCard, mean, middle, type TimedWork, type TimePrior, type Uncertain } from './timed-work';

/**
 * log seconds of one pass over log megapixels: an exponent a little above one, as attention grows faster than the
 * picture (reliability study, C.5), and the noise of one measurement.
 */
const pass = { slope: 1.15, slopeSd: 0.12, noise: 0.05 };
/**
 * How well the line's height is known: from the same work on another card, other models here, shipped figures; from a
 * card of which nobody knows how fast it is beside this one.
 */
const heightSd = { otherCard: 0.15, unrelatedCard: 1, otherModels: 0.25, shipped: 0.6 };
/** Measurements of exactly this size from which on their middle counts, and how many are looked at. */
const exactly = { from: 3, most: 9 };
/** By how much a size may lie off the line through all sizes. */
const apartSd = 0.03;
/** A measurement further off than so many deviations counts as one that is just as far. */
const clip = 3;

interface Course {
  line: LineFit;
  /** Newest last. */
  ofSize: Map<number, number[]>;
}

/** Seconds of one pass through the model, by megapixels. All are logarithms. */
export class PassTimes {
  private readonly courses = new ByWorkAndCard<Course>(() => ({ line: new LineFit(), ofSize: new Map() }));

  constructor(private readonly priorOf: (work: TimedWork) => TimePrior) {}

  estimate(work: TimedWork): Uncertain {
    const course = this.courses.peek(work);
    const prior = this.belief(work);
    const fitted = (course?.line ?? new LineFit()).at(Math.log(work.megapixels), prior);
    const ofSize = course?.ofSize.get(work.megapixels) ?? [];
    if (ofSize.length < exactly.from) return fitted;
    // What sets this size apart, as far as it is more than noise.
    const apart = middle(ofSize) - fitted.value;
    const share = ofSize.length / (ofSize.length + (prior.noise / apartSd) ** 2);
    return { value: fitted.value + share * apart, sd: Math.hypot(prior.noise, apartSd * Math.sqrt(1 - share)) };
  }

  /** `log`: of the measured seconds, without the card's drift. */
  learn(work: TimedWork, log: number): void {
    const expected = this.estimate(work);
    const course = this.courses.of(work);
    const most = course.line.count === 0 ? Infinity : clip * expected.sd;
    const bounded = expected.value + Math.max(-most, Math.min(most, log - expected.value));
    course.line.add(Math.log(work.megapixels), bounded);
    const ofSize = [...(course.ofSize.get(work.megapixels) ?? []), log];
    course.ofSize.set(work.megapixels, ofSize.slice(-exactly.most));
  }

  /** Measurements of exactly this size on this card, as far as they are looked at. */
  countOfSize(work: TimedWork): number {
    return this.courses.peek(work)?.ofSize.get(work.megapixels)?.length ?? 0;
  }

  /** The same work on other cards times how much faster they are; without any, the shipped figures. */
  private belief(work: TimedWork): LinePrior {
    const lines = this.courses
      .elsewhere(work)
      .filter(([, { line }]) => line.count > 0)
      .map(([gpu, { line }]) => {
        const { value, slope } = line.at(0, this.shipped({ ...work, gpu }));
        const slowness = this.slowness(work.gpu, gpu);
        return {
          slope,
          intercept: value + (slowness ?? 0),
          sd: slowness === undefined ? heightSd.unrelatedCard : heightSd.otherCard,
        };
      });
    const own = this.ofOtherModels(work) ?? this.shipped(work);
    if (lines.length === 0) return own;
    // Each as far as it is known.
    const all = [
      ...lines.map(({ intercept, sd }) => ({ intercept, sd })),
      { intercept: own.intercept, sd: own.interceptSd },
    ];
    const precision = all.reduce((sum, { sd }) => sum + 1 / sd ** 2, 0);
    return {
      intercept: all.reduce((sum, { intercept, sd }) => sum + intercept / sd ** 2, 0) / precision,
      slope: mean(lines.map(({ slope }) => slope)),
      interceptSd: Math.min(...all.map(({ sd }) => sd)),
      slopeSd: pass.slopeSd / 2,
      noise: pass.noise,
    };
  }

  /** The same work with other models on this card. */
  private ofOtherModels(work: TimedWork): LinePrior | undefined {
    const lines = this.courses
      .related(work, `${work.kind}\n`)
      .filter(({ line }) => line.count > 0)
      .map(({ line }) => line.at(0, this.shipped(work)));
    if (lines.length === 0) return undefined;
    return {
      intercept: mean(lines.map(({ value }) => value)),
      slope: mean(lines.map(({ slope }) => slope)),
      interceptSd: heightSd.otherModels,
      slopeSd: pass.slopeSd,
      noise: pass.noise,
    };
  }

  private shipped(work: TimedWork): LinePrior {
    const intercept = Math.log(Math.max(1e-6, this.priorOf(work).passPerMegapixel));
    return { ...pass, intercept, interceptSd: heightSd.shipped };
  }

  /** How much slower one card is than another, by all work that both have done; undefined where there is none. */
  private slowness(gpu: string, other: string): number | undefined {
    const unbiased = { ...pass, intercept: 0, interceptSd: 10 };
    const ratios: number[] = [];
    for (const [ours, theirs] of this.courses.shared(gpu, other))
      if (ours.line.count > 0 && theirs.line.count > 0)
        ratios.push(ours.line.at(0, unbiased).value - theirs.line.at(0, unbiased).value);
    return ratios.length === 0 ? undefined : mean(ratios);
  }
}
