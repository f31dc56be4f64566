/** How fast the share of misses is corrected. */
const pace = 0.015;
/** Scores that are looked back at, and how many make the distribution worth more than the normal one. */
const memory = 300;
const enough = 20;
/** Quantiles of the normal distribution: two-sided 90 %, one-sided 80 %. */
const normal = { ninety: 1.645, eighty: 0.842 };
const missesAllowed = 0.1;

/**
 * Intervals that hold nine times in ten whatever the distribution is, and go on doing so when it changes: adaptive
 * conformal inference (Gibbs, Candès, Adaptive Conformal Inference Under Distribution Shift, 2021). A score is how far
 * off an estimate was, in its own standard deviations, upwards positive.
 */
export class ConformalInterval {
  private readonly scores: number[] = [];
  private level = missesAllowed;

  /** By how many standard deviations the interval reaches either way. */
  get width(): number {
    if (this.scores.length < enough) return normal.ninety;
    if (this.level <= 0) return Math.max(...this.scores.map(Math.abs)) * 1.5;
    return quantile(this.scores.map(Math.abs), Math.min(1, 1 - this.level));
  }

  /** How many standard deviations above the estimate four of five end. */
  get eighty(): number {
    return this.scores.length < enough ? normal.eighty : Math.max(0, quantile(this.scores, 0.8));
  }

  /** Whether the distribution of scores is one that was measured. */
  get isMeasured(): boolean {
    return this.scores.length >= enough;
  }

  learn(score: number): void {
    const missed = Math.abs(score) > this.width ? 1 : 0;
    this.level += pace * (missesAllowed - missed);
    this.scores.push(score);
    if (this.scores.length > memory) this.scores.shift();
  }
}

/** Nearest-rank quantile. */
function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * (sorted.length + 1)) - 1)] ?? 0;
}
