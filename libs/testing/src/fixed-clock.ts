import type { Clock } from '@tower/kit';

/** Stands still until it is told to go on. */
export class FixedClock implements Clock {
  private passedMs = 0;

  private setMs = 0;

  constructor(private readonly start: Date | string = '2026-01-01T12:00:00.000Z') {}

  now(): Date {
    return new Date(new Date(this.start).getTime() + this.passedMs + this.setMs);
  }

  monotonicMs(): number {
    return this.passedMs;
  }

  /** Somebody sets the wall clock, forward or back by so many milliseconds; durations go on as before. */
  setWall(ms: number): void {
    this.setMs += ms;
  }

  advance(ms: number): void {
    if (ms < 0) throw new RangeError(`time does not run backwards: ${ms} ms`);
    this.passedMs += ms;
  }
}
