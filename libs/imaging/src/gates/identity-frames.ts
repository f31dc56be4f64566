import { measured, notApplicable, notComputed, type Outcome, type Score } from '../score';
import { mean, percentile } from '../statistics/percentile';

/** Quality gates of phase 2 and 3: every expected frame above this, and enough of them measured. */
export const IDENTITY_MIN_COSINE = 0.7;
export const IDENTITY_MIN_COVERAGE = 0.9;

export interface IdentityOverFrames {
  readonly passed: boolean;
  readonly min: number;
  readonly mean: number;
  readonly p5: number;
  /** Index among all frames, the first of equals. */
  readonly worstFrame: number;
  /** Measured frames over expected frames, 0..1. */
  readonly coverage: number;
}

/**
 * One character over the frames of a clip. A frame at or below the limit fails, however little else was measured;
 * without such a frame too little coverage decides nothing.
 * @param frames not_applicable where the character is not expected or turns away
 * @returns character_not_expected when no frame expects it; low_coverage
 */
export function identityOverFrames(
  frames: readonly Score[],
  minCosine = IDENTITY_MIN_COSINE,
): Outcome<IdentityOverFrames> {
  const expected = frames.filter(({ state }) => state !== 'not_applicable').length;
  if (expected === 0) return notApplicable('character_not_expected');
  const values = frames.flatMap((score, frame) => (score.state === 'computed' ? [{ value: score.value, frame }] : []));
  const coverage = values.length / expected;
  const passed = values.every(({ value }) => value > minCosine);
  if (values.length === 0 || (passed && coverage < IDENTITY_MIN_COVERAGE)) return notComputed('low_coverage');
  const worst = values.reduce((lowest, entry) => (entry.value < lowest.value ? entry : lowest));
  const numbers = values.map(({ value }) => value);
  return measured({
    passed,
    min: worst.value,
    mean: mean(numbers),
    p5: percentile(numbers, 5),
    worstFrame: worst.frame,
    coverage,
  });
}
