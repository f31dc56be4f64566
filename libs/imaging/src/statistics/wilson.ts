export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Normal quantile at 0.975. */
const z95 = 1.959963984540054;

/**
 * Wilson score interval of a proportion at 95 %, without continuity correction, in 0..1.
 * Formula source: scipy 1.17.1 `binomtest(k, n).proportion_ci(method='wilson')`.
 * @throws RangeError unless 0 <= successes <= trials and trials > 0, whole numbers
 */
export function wilsonInterval(successes: number, trials: number): Interval {
  if (![successes, trials].every(Number.isSafeInteger) || trials <= 0 || successes < 0 || successes > trials)
    throw new RangeError(`${successes} of ${trials} is no proportion`);
  const share = successes / trials;
  const square = z95 * z95;
  const centre = (successes + square / 2) / (trials + square);
  const reach = (z95 / (trials + square)) * Math.sqrt(trials * share * (1 - share) + square / 4);
  // The formula meets the borders up to rounding; an interval outside 0..1 would be shown to people.
  return { low: successes === 0 ? 0 : centre - reach, high: successes === trials ? 1 : centre + reach };
}
