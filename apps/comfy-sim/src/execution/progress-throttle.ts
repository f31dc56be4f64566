const minSeconds = 0.1;
const minShare = 0.005;
/** Seconds are sums, which miss a round number by a hair. */
const rounding = 1e-9;

/**
 * Newer servers swallow most ticks of a fast progress bar, and with them the look at the interrupt flag: only the
 * first, the last, one with a preview, or one a tenth of a second and half a percent behind the last that was sent,
 * gets through.
 */
export class ProgressThrottle {
  private lastValue = -1;
  private seen = -1;
  private lastSeconds = 0;

  /** `seconds` of simulated work since the node began. */
  lets(value: number, max: number, hasPreview: boolean, seconds: number): boolean {
    // A bar that goes back is a new one.
    const isFirst = this.lastValue < 0 || value < this.seen;
    const isDue = seconds - this.lastSeconds + rounding >= minSeconds && (value - this.lastValue) / max >= minShare;
    const through = hasPreview || isFirst || value >= max || isDue;
    this.seen = value;
    if (through) [this.lastValue, this.lastSeconds] = [value, seconds];
    return through;
  }
}
