import type { Clock } from '@tower/kit';

/** Stands still until it is told to go on. */
export class FixedClock implements Clock {
  private passedMs = 0;

  constructor(private readonly start: Date | string = '2026-01-01T12:00:00.000Z') {}

  now(): Date {
    return new Date(new Date(this.start).getTime() + this.passedMs);
  }

  monotonicMs(): number {
    return this.passedMs;
  }

  advance(ms: number): void {
    if (ms < 0) throw new RangeError(`time does not run backwards: ${ms} ms`);
    this.passedMs += ms;
  }
}
