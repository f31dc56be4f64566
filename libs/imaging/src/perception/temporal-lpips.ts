import type { Rgb } from '../picture';
import { measured, notApplicable, notComputed, type Outcome } from '../score';
import { mean, percentile } from '../statistics/percentile';
import type { PerceptualDistance } from './lpips';

/** A jump this many times the 95th percentile usually is a cut or a flash (quality-metrics 2.5). */
export const CUT_RATIO = 3;

export interface TemporalLpips {
  /** What the gate looks at; the documents ask for less than 0.15. */
  readonly mean: number;
  readonly p95: number;
  readonly max: number;
  readonly pairs: readonly number[];
  /** Index of the first frame of each pair that looks like a cut. */
  readonly cuts: readonly number[];
}

/**
 * Distance of each frame to the next. A static clip measures 0, which is not praise: catch it with `findHolds` first.
 * @param frames already at the size of the metric, see `lpipsPicture`
 * @returns single_frame below two; inference_failed when a distance is not finite
 */
export async function temporalLpips(
  frames: readonly Rgb[],
  distance: PerceptualDistance,
): Promise<Outcome<TemporalLpips>> {
  if (frames.length < 2) return notApplicable('single_frame');
  const pairs: number[] = [];
  for (let index = 1; index < frames.length; index += 1) pairs.push(await distance(frames[index - 1]!, frames[index]!));
  if (!pairs.every(Number.isFinite)) return notComputed('inference_failed');
  const p95 = percentile(pairs, 95);
  const cuts = pairs.flatMap((value, index) => (value > CUT_RATIO * p95 ? [index] : []));
  return measured({ mean: mean(pairs), p95, max: Math.max(...pairs), pairs, cuts });
}
