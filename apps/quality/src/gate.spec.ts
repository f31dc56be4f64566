import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  computed,
  computedOrInferenceFailed,
  gateOutcome,
  judgeScore,
  notApplicable,
  notComputed,
  phaseOneOutcome,
  type MetricResult,
  type Score,
  type Threshold,
} from '@tower/imaging';

/** The gates as this service sees them: from the library's door, against every row of the truth table. */
const folder = process.env['TOWER_VECTORS'] ?? join(__dirname, '../../../libs/imaging/test-data/quality');
const { truthTable, phase1 } = JSON.parse(readFileSync(join(folder, 'vectors', '15_gates.json'), 'utf8')) as {
  truthTable: [string, string][];
  phase1: { rows: [number, number, number, string][] };
};

const threshold: Threshold = { op: '>', value: 0.7 };
const scores: Readonly<Record<string, Score>> = {
  P: computed(0.71),
  F: computed(0.7),
  A: notApplicable('static'),
  N: notComputed('model_missing'),
};

describe('a gate', () => {
  it.each(truthTable.map(([letters, outcome]) => [letters === '' ? 'nothing' : letters, letters, outcome] as const))(
    'of %s',
    (_, letters, outcome) => {
      const results: MetricResult[] = [...letters].map((letter) => judgeScore(scores[letter]!, threshold));
      expect(gateOutcome(results)).toBe(outcome);
    },
  );

  it.each(phase1.rows)(
    'of phase 1 with %i passed, %i failed, %i not computed is %s',
    (passed, failed, missing, outcome) => {
      expect(phaseOneOutcome({ passed, failed, notComputed: missing })).toBe(outcome);
    },
  );

  it.each([NaN, Infinity, -Infinity])('is never passed by %d', (value) => {
    expect(gateOutcome([judgeScore(computedOrInferenceFailed(value), threshold)])).toBe('inconclusive');
    expect(() => computed(value)).toThrow(RangeError);
  });
});
