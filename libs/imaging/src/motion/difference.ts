import type { Rgb } from '../picture';

/**
 * Mean absolute difference over all samples, 0..255, from an exact integer sum.
 * @throws RangeError for pictures of different sizes
 */
export function meanAbsoluteDifference(left: Rgb, right: Rgb): number {
  requireSameSize([left, right]);
  const a = left.data;
  const b = right.data;
  let sum = 0;
  for (let at = 0; at < a.length; at += 1) {
    const difference = a[at]! - b[at]!;
    sum += difference < 0 ? -difference : difference;
  }
  return sum / a.length;
}

/** One value for each neighbouring pair. */
export const adjacentDifferences = (frames: readonly Rgb[]): number[] =>
  frames.slice(1).map((frame, index) => meanAbsoluteDifference(frames[index]!, frame));

/**
 * Mean of |before - 2 middle + after| over all samples: how much the change itself changes.
 * @throws RangeError for pictures of different sizes
 */
export function meanSecondDifference(before: Rgb, middle: Rgb, after: Rgb): number {
  requireSameSize([before, middle, after]);
  const a = before.data;
  const b = middle.data;
  const c = after.data;
  let sum = 0;
  for (let at = 0; at < b.length; at += 1) {
    const difference = a[at]! - 2 * b[at]! + c[at]!;
    sum += difference < 0 ? -difference : difference;
  }
  return sum / b.length;
}

/** @throws RangeError when one picture has another size than the first, or than its data */
export function requireSameSize(frames: readonly Rgb[]): void {
  const [first] = frames;
  for (const { width, height, data } of frames)
    if (width !== first?.width || height !== first.height || data.length !== width * height * 3)
      throw new RangeError(
        `a frame of ${width} x ${height} among frames of ${first?.width ?? 0} x ${first?.height ?? 0}`,
      );
}
