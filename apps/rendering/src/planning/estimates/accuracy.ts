import type { EstimateAccuracyView } from '@tower/contracts';
import { middle } from './components/timed-work';
import type { AttemptEstimate } from './estimate';

/** Share of the actual time by which an estimate may miss it and still counts as near. */
export const nearShare = 0.2;

/** How an estimate compares with what came. */
export interface Accuracy {
  /** |actual − estimate| / actual: 0 is exact, 1 is off by the whole time that it took. */
  relativeError: number;
  /** Off by no more than a fifth of the actual time. */
  isNear: boolean;
  /** The actual time lies in the interval that was stated, its ends included. */
  isInInterval: boolean;
}

/**
 * Judges what was said of an attempt before it began by the seconds that it took. Undefined where nothing was said, or
 * where it took no time that could be measured.
 */
export function accuracyOf(
  said: Pick<AttemptEstimate, 'seconds' | 'low' | 'high'> | null,
  actual: number | null,
): Accuracy | undefined {
  if (said === null || actual === null || !(actual > 0)) return undefined;
  const off = Math.abs(actual - said.seconds);
  return {
    relativeError: off / actual,
    isNear: off <= nearShare * actual,
    isInInterval: said.low <= actual && actual <= said.high,
  };
}

/** Many judgements together. */
export const accuracyView = (judged: readonly Accuracy[]): EstimateAccuracyView => ({
  judged: judged.length,
  within_fifth: judged.filter(({ isNear }) => isNear).length,
  in_interval: judged.filter(({ isInInterval }) => isInInterval).length,
  median_error:
    judged.length === 0 ? null : Math.round(middle(judged.map(({ relativeError }) => relativeError)) * 10_000) / 10_000,
});
