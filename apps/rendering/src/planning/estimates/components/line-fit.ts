import type { Uncertain } from './timed-work';

/** What is believed of a straight line before it was measured: `y = intercept + slope · x`. */
export interface LinePrior {
  intercept: number;
  slope: number;
  /** Standard deviations of the two. */
  interceptSd: number;
  slopeSd: number;
  /** Standard deviation of one measurement. */
  noise: number;
}

/**
 * A straight line through measurements, with what was believed before as further ones: Bayesian linear regression with
 * a
 * Gaussian prior and known noise (Bishop, Pattern Recognition and Machine Learning, 3.3). Kept as sums, so that one
 * more
 * measurement costs the same however many there are.
 */
export class LineFit {
  count = 0;
  private sumX = 0;
  private sumY = 0;
  private sumXx = 0;
  private sumXy = 0;

  add(x: number, y: number): void {
    this.count++;
    this.sumX += x;
    this.sumY += y;
    this.sumXx += x * x;
    this.sumXy += x * y;
  }

  /** Intercept, slope and the deviation of the next measurement at `x`. */
  at(x: number, prior: LinePrior): Uncertain & { slope: number } {
    const precision = 1 / prior.noise ** 2;
    const [p0, p1] = [1 / prior.interceptSd ** 2, 1 / prior.slopeSd ** 2];
    const a = p0 + precision * this.count;
    const b = precision * this.sumX;
    const d = p1 + precision * this.sumXx;
    const u = p0 * prior.intercept + precision * this.sumY;
    const v = p1 * prior.slope + precision * this.sumXy;
    const determinant = a * d - b * b;
    const intercept = (d * u - b * v) / determinant;
    const slope = (a * v - b * u) / determinant;
    const variance = (d - 2 * b * x + a * x * x) / determinant;
    return { value: intercept + slope * x, slope, sd: Math.sqrt(Math.max(0, variance) + prior.noise ** 2) };
  }
}
