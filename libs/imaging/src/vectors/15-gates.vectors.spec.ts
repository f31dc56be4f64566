import { assignCast } from '../gates/cast-assignment';
import { gateOutcome, judgeScore, phaseOneOutcome, type MetricResult, type Threshold } from '../gates/gate';
import { identityOverFrames } from '../gates/identity-frames';
import { computed, computedOrInferenceFailed, notApplicable, notComputed } from '../score';
import { largestDifference } from './digests';
import { describeVectors, each } from './vector-files';

type Assigned =
  | { detection: number; character: string; cosine: number; margin: number }
  | { detection: number; character: null; why: string };

const letters: Readonly<Record<string, MetricResult>> = {
  P: 'pass',
  F: 'fail',
  A: 'not_applicable',
  N: 'not_computed',
};

describeVectors<{
  truthTable: [string, string][];
  thresholds: {
    metric: string;
    op?: Threshold['op'];
    threshold?: number;
    value: number | string;
    result: string;
    reason?: string;
  }[];
  phase1?: { rows: [number, number, number, string][] };
  identityFrames?: {
    cases: {
      id: string;
      frames: (number | 'no_face' | 'not_applicable')[];
      state: string;
      reason?: string;
      coverage: number | null;
      result?: string;
      min?: number;
      mean?: number;
      p5?: number;
      worstFrame?: number;
    }[];
  };
  assignment?: { cases: { id: string; matrix: number[][]; characters: string[]; result: Assigned[] }[] };
}>('gates', ({ truthTable = [], thresholds = [], phase1, identityFrames, assignment }) => {
  describe('gates truth table', () => {
    each(truthTable.map(([results, outcome]) => [results === '' ? 'nothing' : results, results, outcome] as const))(
      '%s',
      (_, results, outcome) => {
        expect(gateOutcome([...results].map((letter) => letters[letter]!))).toBe(outcome);
      },
    );
  });

  describe('gates threshold', () => {
    each(
      thresholds.map(
        (vector) => [`${vector.metric} ${vector.value} ${vector.op ?? ''} ${vector.threshold ?? ''}`, vector] as const,
      ),
    )('%s', (_, vector) => {
      const score = computedOrInferenceFailed(Number(vector.value));
      expect(judgeScore(score, { op: vector.op ?? '>', value: vector.threshold ?? 0 })).toBe(vector.result);
    });
  });

  describe('gates phase 1', () => {
    each(phase1?.rows ?? [])(
      '%i passed, %i failed, %i not computed: %s',
      (passed, failed, notComputedCount, outcome) => {
        expect(phaseOneOutcome({ passed, failed, notComputed: notComputedCount })).toBe(outcome);
      },
    );
  });

  describe('gates identity over frames', () => {
    each((identityFrames?.cases ?? []).map((vector) => [vector.id, vector] as const))('%s', (_, vector) => {
      const frames = vector.frames.map((frame) => {
        if (typeof frame === 'number') return computed(frame);
        return frame === 'no_face' ? notComputed('no_face') : notApplicable('character_not_expected');
      });
      const result = identityOverFrames(frames);
      if (result.state !== 'computed') return expect(result).toEqual({ state: vector.state, reason: vector.reason });
      const { value } = result;
      expect(value.passed ? 'pass' : 'fail').toBe(vector.result);
      expect(value.worstFrame).toBe(vector.worstFrame);
      expect(
        largestDifference(
          [value.min, value.mean, value.p5, value.coverage],
          [vector.min!, vector.mean!, vector.p5!, vector.coverage!],
        ),
      ).toBeLessThanOrEqual(1e-9);
    });
  });

  describe('gates assignment', () => {
    each((assignment?.cases ?? []).map((vector) => [vector.id, vector] as const))(
      '%s',
      (_, { matrix, characters, result }) => {
        const named = assignCast(matrix).map((row) =>
          row.character === null ? row : { ...row, character: characters[row.character] },
        );
        expect(named).toEqual(result);
      },
    );
  });
});
