/**
 * numpy's default percentile: linear interpolation between the two neighbouring order statistics.
 * @param q 0..100
 * @throws RangeError for no values or a q outside its range
 */
export function percentile(values: readonly number[], q: number): number {
  if (values.length === 0 || !(q >= 0 && q <= 100)) throw new RangeError(`percentile ${q} of ${values.length} values`);
  const sorted = Float64Array.from(values).sort();
  const position = (q / 100) * (sorted.length - 1);
  const below = Math.floor(position);
  const low = sorted[below]!;
  return low + (sorted[Math.min(below + 1, sorted.length - 1)]! - low) * (position - below);
}

export const median = (values: readonly number[]): number => percentile(values, 50);

/** @throws RangeError for no values */
export function mean(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('the mean of no values');
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
