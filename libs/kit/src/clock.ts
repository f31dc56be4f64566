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

/** UUID v7: sorts after every one that this process made before, also when the clock was set back meanwhile. */
export const newId = (): string => v7();

/**
 * UUID v7 of that moment: sorts after those of earlier moments, whichever process made them and whatever the clock says
 * now.
 */
export const newIdAt = (at: Date): string => v7({ msecs: at.getTime() });
