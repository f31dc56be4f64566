/** Milliseconds without a connection, though the server answers, before it counts as one that cannot be had. */
const absentMs = 15_000;
/** Failed tries that this takes at least. */
const leastTries = 2;
/** Connections that broke off within so many milliseconds before they count as breaking off again and again. */
const breaks = { count: 4, withinMs: 300_000 };

/** What became of the connections to one server's WebSocket. Times are monotonic milliseconds. */
export class SocketRecord {
  private count = 0;
  private isOpen = false;
  private absentSinceMs: number;
  private tries = 0;
  private reason = '';
  private brokenAtMs: number[] = [];

  constructor(startedAtMs: number) {
    this.absentSinceMs = startedAtMs;
  }

  /** Number of the present connection, from 1; null while there is none. */
  get connection(): number | null {
    return this.isOpen ? this.count : null;
  }

  opened(): void {
    this.isOpen = true;
    this.count += 1;
    this.tries = 0;
  }

  /** A try came to nothing: `reason` in words. */
  failed(reason: string): void {
    this.tries += 1;
    this.reason = reason;
  }

  /** It is over; `byUs`: we ended it. */
  closed(nowMs: number, byUs: boolean): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.absentSinceMs = nowMs;
    if (!byUs) this.brokenAtMs = [...this.brokenAtMs.slice(1 - breaks.count), nowMs];
  }

  /** What is wrong with the WebSocket of a server that has answered since `answersSinceMs`; null while nothing is. */
  complaint(nowMs: number, answersSinceMs: number): string | null {
    const since = Math.max(this.absentSinceMs, answersSinceMs);
    if (!this.isOpen && this.tries >= leastTries && nowMs - since >= absentMs) return `cannot be had (${this.reason})`;
    const recent = this.brokenAtMs.filter((at) => at >= answersSinceMs && nowMs - at < breaks.withinMs);
    return recent.length >= breaks.count ? 'breaks off again and again' : null;
  }
}
