import { sha256 } from '../digest';

export interface ByteDigest {
  readonly sha256: string;
  readonly sum: readonly number[];
  readonly samples: readonly (readonly [number, number])[];
}

/** Samples first: a failure then shows a pixel and not only two hashes. */
export function expectBytes(actual: Uint8Array, expected: ByteDigest): void {
  expect(expected.samples.map(([index]) => [index, actual[index]])).toEqual(expected.samples);
  const sums = expected.sum.map((_, channel) => {
    let sum = 0;
    for (let at = channel; at < actual.length; at += expected.sum.length) sum += actual[at]!;
    return sum;
  });
  expect(sums).toEqual(expected.sum);
  expect(sha256(actual)).toBe(expected.sha256);
}

export interface FloatDigest {
  readonly shape: readonly number[];
  readonly sha256: string;
  readonly sum: number;
  readonly absSum: number;
  readonly min: number;
  readonly max: number;
  readonly samples: readonly (readonly [number, number])[];
}

/**
 * Each sample and each extreme within `tolerance`; sums within `tolerance` per value. Tolerance 0 compares the bytes.
 */
export function expectFloats(actual: Float32Array, expected: FloatDigest, tolerance: number): void {
  expect(actual.length).toBe(expected.shape.reduce((product, side) => product * side, 1));
  const furthest = Math.max(...expected.samples.map(([index, value]) => Math.abs(actual[index]! - value)));
  expect(furthest).toBeLessThanOrEqual(tolerance);
  let sum = 0;
  let absSum = 0;
  let min = Infinity;
  let max = -Infinity;
  for (let index = 0; index < actual.length; index += 1) {
    const value = actual[index]!;
    sum += value;
    absSum += value < 0 ? -value : value;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  expect(Math.abs(min - expected.min)).toBeLessThanOrEqual(tolerance);
  expect(Math.abs(max - expected.max)).toBeLessThanOrEqual(tolerance);
  // A mean this close cannot hide a shift of one level anywhere that matters.
  expect(Math.abs(sum - expected.sum)).toBeLessThanOrEqual(tolerance * actual.length);
  expect(Math.abs(absSum - expected.absSum)).toBeLessThanOrEqual(tolerance * actual.length);
  if (tolerance === 0)
    expect(sha256(Buffer.from(actual.buffer, actual.byteOffset, actual.byteLength))).toBe(expected.sha256);
}

/** Largest absolute difference; NaN anywhere is Infinity, so that it cannot pass a tolerance. */
export function largestDifference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Infinity;
  let largest = 0;
  for (let index = 0; index < actual.length; index += 1) {
    const difference = Math.abs(actual[index]! - expected[index]!);
    if (!(difference <= largest)) largest = Number.isNaN(difference) ? Infinity : difference;
  }
  return largest;
}
