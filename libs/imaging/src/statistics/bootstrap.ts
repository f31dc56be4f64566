import { percentile } from './percentile';
import { sortedAuc, type LabelledScores } from './roc';
import type { Interval } from './wilson';

export interface BootstrapOptions {
  /** 0..2^32-1; the same seed gives the same interval on every machine. */
  readonly seed: number;
  readonly replicates: number;
}

/**
 * AUC of `replicates` resamples with replacement, positives drawn first. Generator: x = (1664525 x + 1013904223) mod
 * 2^32, index = floor(x n / 2^32).
 */
export function bootstrapAucs(
  { positives, negatives }: LabelledScores,
  { seed, replicates }: BootstrapOptions,
): number[] {
  if (positives.length === 0 || negatives.length === 0)
    throw new RangeError('resampling needs positives and negatives');
  let x = seed >>> 0;
  const draw = (values: readonly number[], into: Float64Array): Float64Array => {
    for (let index = 0; index < into.length; index += 1) {
      x = (Math.imul(x, 1_664_525) + 1_013_904_223) >>> 0;
      into[index] = values[Math.floor((x * values.length) / 2 ** 32)]!;
    }
    return into.sort();
  };
  const drawnPositives = new Float64Array(positives.length);
  const drawnNegatives = new Float64Array(negatives.length);
  return Array.from({ length: replicates }, () => {
    draw(positives, drawnPositives);
    draw(negatives, drawnNegatives);
    return sortedAuc(drawnPositives, drawnNegatives);
  });
}

/** Percentile interval at 95 % of the area under the curve. */
export function bootstrapAucInterval(scores: LabelledScores, options: BootstrapOptions): Interval {
  const aucs = bootstrapAucs(scores, options);
  return { low: percentile(aucs, 2.5), high: percentile(aucs, 97.5) };
}
