import { v7 } from 'uuid';

/** Time comes in through the constructor, so that tests can move it. */
export interface Clock {
  now(): Date;
  /** Milliseconds that never jump; for durations and deadlines inside this process. */
  monotonicMs(): number;
}

export const systemClock: Clock = { now: () => new Date(), monotonicMs: () => performance.now() };

/** Injection token, because `Clock` is only a type at run time. */
export const CLOCK = Symbol('CLOCK');

/** UUID v7: sortable by creation time. */
export const newId = (): string => v7();
