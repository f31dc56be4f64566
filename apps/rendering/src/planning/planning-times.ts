import { Injectable } from '@nestjs/common';
import type { PlannerView } from '@tower/contracts';
import { RenderingMetrics } from '../rendering.metrics';

/** Seconds since a moment of `performance.now()`. */
export const secondsSince = (startedAt: number): number => (performance.now() - startedAt) / 1000;

/** Looks of which the times are kept. */
const kept = 1_000;

/**
 * How long a card waits for its leader: from a look at the queue to the plan, and to the booking after which the prompt
 * is on its way. Of the looks of this process at which a card was idle and something waited.
 */
@Injectable()
export class PlanningTimes {
  private readonly plans: number[] = [];
  private readonly bookings: number[] = [];
  private looks = 0;

  constructor(private readonly metrics: RenderingMetrics) {}

  /** `seconds` from the beginning of the look, reading included, until it was known what starts where. */
  planned(seconds: number): void {
    this.looks += 1;
    this.metrics.planningSeconds.observe(seconds);
    keep(this.plans, seconds);
  }

  /** `seconds` from the beginning of the look until the task's attempt was written. */
  booked(seconds: number): void {
    this.metrics.bookingSeconds.observe(seconds);
    keep(this.bookings, seconds);
  }

  /** Null in a process that has planned nothing. */
  view(): PlannerView | null {
    if (this.looks === 0) return null;
    return {
      looks: this.looks,
      planning_seconds: { p50: percentile(this.plans, 0.5), p99: percentile(this.plans, 0.99) },
      booking_seconds:
        this.bookings.length === 0
          ? null
          : { p50: percentile(this.bookings, 0.5), p99: percentile(this.bookings, 0.99) },
    };
  }
}

function keep(times: number[], seconds: number): void {
  times.push(seconds);
  if (times.length > kept) times.shift();
}

/** Nearest rank; `share` from 0 to 1 of at least one value. */
function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}
