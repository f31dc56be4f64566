/** How fast the share of misses is corrected. */
const pace = 0.015;
/** Scores that are looked back at, and how many make the distribution worth more than the normal one. */
const memory = 300;
const enough = 20;
/** Quantiles of the normal distribution: two-sided 90 %, one-sided 80 %. */
const normal = { ninety: 1.645, eighty: 0.842 };
const missesAllowed = 0.1;
/** How many times as far as the worst one the interval reaches when every miss would be one too many. */
const beyondAll = 1.5;

/**
 * Intervals that hold nine times in ten whatever the distribution is, and go on doing so when it changes: adaptive
 * conformal inference (Gibbs, Candès, Adaptive Conformal Inference Under Distribution Shift, 2021). A score is how far
 * off an estimate was, in its own standard deviations, upwards positive.
 */
export class ConformalInterval {
  /** Oldest first. */
  private readonly scores: number[] = [];
  /** The same in order, and their sizes in order. */
  private readonly sorted: number[] = [];
  private readonly sizes: number[] = [];
  private level = missesAllowed;

  /** By how many standard deviations the interval reaches either way. */
  get width(): number {
    if (this.scores.length < enough) return normal.ninety;
    if (this.level <= 0) return (this.sizes.at(-1) ?? 0) * beyondAll;
    return quantile(this.sizes, Math.min(1, 1 - this.level));
  }

  /** How many standard deviations above the estimate four of five end. */
  get eighty(): number {
    return this.scores.length < enough ? normal.eighty : Math.max(0, quantile(this.sorted, 0.8));
  }

  /** Whether the distribution of scores is one that was measured. */
  get isMeasured(): boolean {
    return this.scores.length >= enough;
  }

  learn(score: number): void {
    const missed = Math.abs(score) > this.width ? 1 : 0;
    this.level += pace * (missesAllowed - missed);
    this.scores.push(score);
    insert(this.sorted, score);
    insert(this.sizes, Math.abs(score));
    if (this.scores.length <= memory) return;
    const oldest = this.scores.shift() as number;
    this.sorted.splice(placeIn(this.sorted, oldest), 1);
    this.sizes.splice(placeIn(this.sizes, Math.abs(oldest)), 1);
  }
}

/** Where a value stands in an ordered list, or would. */
function placeIn(sorted: readonly number[], value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const half = (low + high) >> 1;
    if ((sorted[half] as number) < value) low = half + 1;
    else high = half;
  }
  return low;
}

function insert(sorted: number[], value: number): void {
  sorted.splice(placeIn(sorted, value), 0, value);
}

/** Nearest-rank quantile of an ordered list. */
function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * (sorted.length + 1)) - 1)] ?? 0;
}
