import type { PixelSize } from './picture';
import { computed, notApplicable, type Score } from './score';

/**
 * How far the delivered size matches the size asked for, 0..1 and exactly 1 only when both sides match:
 * `min(w, W) / max(w, W) * min(h, H) / max(h, H)`. For a picture that is too small on both sides this is the ratio of
 * achieved to asked pixels; the factor of each side stops at 1, so a side that is too long cannot make up for one that
 * is too short. Quality gates ask for 1 (quality-metrics 2.10: exact); the fraction says how far off a failure is.
 * @param actual decoded size after orientation, in pixels
 * @throws RangeError when a side is not a positive integer
 */
export function resolutionAchieved(actual: PixelSize, expected: PixelSize | undefined): Score {
  requireSize(actual);
  if (expected === undefined) return notApplicable('no_expected_size');
  requireSize(expected);
  return computed(sideMatch(actual.width, expected.width) * sideMatch(actual.height, expected.height));
}

const sideMatch = (actual: number, expected: number): number => Math.min(actual, expected) / Math.max(actual, expected);

function requireSize({ width, height }: PixelSize): void {
  if (![width, height].every((side) => Number.isSafeInteger(side) && side > 0))
    throw new RangeError(`a size needs positive whole sides, got ${width} x ${height}`);
}
