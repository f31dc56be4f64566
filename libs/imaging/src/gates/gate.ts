import type { Score } from '../score';

/** What one required metric says to a gate. */
export type MetricResult = 'pass' | 'fail' | 'not_applicable' | 'not_computed';

export type GateOutcome = 'passed' | 'failed' | 'inconclusive';

export interface Threshold {
  readonly op: '>' | '>=' | '<' | '<=';
  readonly value: number;
}

/** Only a number can pass or fail. */
export function judgeScore(score: Score, { op, value: limit }: Threshold): MetricResult {
  if (score.state !== 'computed') return score.state;
  return holds[op](score.value, limit) ? 'pass' : 'fail';
}

const holds: Readonly<Record<Threshold['op'], (value: number, limit: number) => boolean>> = {
  '>': (value, limit) => value > limit,
  '>=': (value, limit) => value >= limit,
  '<': (value, limit) => value < limit,
  '<=': (value, limit) => value <= limit,
};

/** One failure fails; else one missing number, or nothing measured at all, decides nothing; else it passes. */
export function gateOutcome(results: readonly MetricResult[]): GateOutcome {
  if (results.includes('fail')) return 'failed';
  if (results.includes('not_computed') || !results.includes('pass')) return 'inconclusive';
  return 'passed';
}

/** Phase 1 asks for 4 of 5 among at least this many. */
export const PHASE_ONE_MIN_GENERATIONS = 20;

export interface GenerationCounts {
  readonly passed: number;
  /** Pictures that failed and generations that gave none. */
  readonly failed: number;
  readonly notComputed: number;
}

/**
 * At least 80 % of all requested generations; inconclusive while those without a number could still turn the outcome.
 */
export function phaseOneOutcome({ passed, failed, notComputed }: GenerationCounts): GateOutcome {
  const total = passed + failed + notComputed;
  if (total < PHASE_ONE_MIN_GENERATIONS) return 'inconclusive';
  // Whole numbers: 0.8 has no exact binary form.
  if (5 * passed >= 4 * total) return 'passed';
  return 5 * (passed + notComputed) >= 4 * total ? 'inconclusive' : 'failed';
}
