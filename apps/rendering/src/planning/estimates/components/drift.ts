import { middle } from './timed-work';

/** Log ratio beyond which a measurement says that something has changed, and how many in a row have to say it. */
const jump = Math.log(1.18);
const inARow = 2;
/** Residuals whose middle is the change once it is believed. */
const judged = 3;

/**
 * Notices that a card became slower or faster for everything: a driver, another clock, heat. Fed with log residuals of
 * whatever ran on it; when several in a row lie beyond a bound on one side, their middle is the change (a two-sided
 * cumulative test with a hard reset; Page, Biometrika 41 (1954)). One outlier alone changes nothing.
 */
export class DriftDetector {
  /** Natural logarithm of how much slower the card is than when it was first measured. */
  offset = 0;
  private run: number[] = [];

  /** `residual`: log of measured over expected, the offset counted in. True when the offset changed. */
  learn(residual: number): boolean {
    if (Math.abs(residual) < jump) {
      this.run = [];
      return false;
    }
    if (this.run.length > 0 && Math.sign(this.run[0] as number) !== Math.sign(residual)) this.run = [];
    this.run.push(residual);
    if (this.run.length < inARow) return false;
    this.offset += middle(this.run.slice(-judged));
    this.run = [];
    return true;
  }
}
