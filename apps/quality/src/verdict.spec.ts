import { scoreView, type ScoreView } from '@tower/contracts';
import { measureLevels } from '@tower/imaging';
import { newId } from '@tower/kit';
import type { Findings } from './findings';
import { decideVerdict, meets, scoreFile, toScoreRow, worstScores, type Threshold } from './verdict';

/** As the migrations seed them. */
const thresholds: Threshold[] = [
  { metric: 'file_integrity', comparison: 'at_least', value: 1, decides: true },
  { metric: 'resolution', comparison: 'at_least', value: 1, decides: true },
  { metric: 'not_black', comparison: 'at_least', value: 2, decides: true },
  { metric: 'not_uniform', comparison: 'at_least', value: 1.5, decides: true },
  { metric: 'frame_count', comparison: 'at_least', value: 1, decides: true },
  { metric: 'not_static', comparison: 'at_least', value: 0.5, decides: true },
  { metric: 'loop_seam', comparison: 'at_most', value: 1.25, decides: true },
  { metric: 'identity', comparison: 'above', value: 0.7, decides: false },
  { metric: 'temporal_lpips', comparison: 'below', value: 0.15, decides: false },
];
const expected = { width: 4, height: 4, frames: null, isLoop: false, hasCharacters: false };

/** A decoded 4 x 4 picture whose samples are what `sample` says. */
function decoded(sample: (index: number) => number, width = 4, height = 4): Findings {
  return {
    state: 'decoded',
    width,
    height,
    levels: measureLevels({
      width,
      height,
      channels: 3,
      data: Uint8Array.from({ length: width * height * 3 }, (_, index) => sample(index)),
    }),
  };
}
const lively = decoded((index) => (index * 37) % 256);
const absent: Findings = { state: 'absent', why: 'ENOENT', passing: true };
const altered: Findings = { state: 'altered', sha256: 'f'.repeat(64), bytes: 3 };
const undecodable = (containerIntact: boolean): Findings => ({
  state: 'undecodable',
  containerIntact,
  why: 'truncated',
});

const scoresOf = (findings: Findings, expectation = expected): ScoreView[] =>
  scoreFile(newId(), findings, expectation, thresholds).map((fileScore) => fileScore.score);
const find = (scores: ScoreView[], metric: string): ScoreView | undefined =>
  scores.find((score) => score.metric === metric);
const verdictOn = (findings: Findings, expectation = expected) =>
  decideVerdict(scoresOf(findings, expectation), thresholds);

describe('the scores of a file', () => {
  it('say something about every metric, each as the contract has it', () => {
    for (const findings of [lively, absent, altered, undecodable(true), undecodable(false)]) {
      const scores = scoresOf(findings);
      expect(scores.map((score) => score.metric)).toEqual([
        'file_integrity',
        'resolution',
        'not_black',
        'not_uniform',
        'frame_count',
        'not_static',
        'loop_seam',
        'identity',
        'prompt_adherence',
        'aesthetic',
        'temporal_lpips',
        'motion_smoothness',
        'scene_continuity',
        'subject_consistency',
      ]);
      for (const score of scores) expect(scoreView.parse(score)).toEqual(score);
    }
  });

  it('of an ordinary picture pass what decides', () => {
    expect(verdictOn(lively)).toEqual({ outcome: 'passed', reasons: [] });
  });

  it('are never numbers where nothing was measured', () => {
    for (const findings of [absent, altered, undecodable(true)])
      expect(
        scoresOf(findings)
          .filter((score) => score.state === 'computed')
          .map((score) => score.metric),
      ).toEqual(findings.state === 'absent' ? [] : ['file_integrity']);
  });

  it.each([
    ['all zero', () => 0, ['not_black', 'not_uniform']],
    ['nearly black with encoder noise', (index: number) => (index % 3 === 0 ? 1 : 0), ['not_black', 'not_uniform']],
    ['one grey', () => 128, ['not_uniform']],
    ['white', () => 255, ['not_uniform']],
  ])('fail a picture that is %s', (_, sample, reasons) => {
    expect(verdictOn(decoded(sample))).toEqual({ outcome: 'failed', reasons });
  });

  it('pass a dark picture in which something is', () => {
    expect(verdictOn(decoded((index) => (index % 12 === 0 ? 60 : 0))).outcome).toBe('passed');
  });

  it('hold the measured number and the limit at which it fails', () => {
    const black = decoded(() => 0);
    expect(find(scoresOf(black), 'not_black')).toEqual({
      state: 'computed',
      metric: 'not_black',
      value: 0,
      threshold: 2,
      passed: false,
    });
    // 1.99 in the mean is black, 2 is not.
    expect(find(scoresOf(decoded(() => 2)), 'not_black')).toMatchObject({ value: 2, passed: true });
  });

  it.each([
    [4, 4, 1, true],
    [2, 2, 0.25, false],
    [8, 4, 0.5, false],
    [8, 2, 0.25, false],
  ])('of %i x %i instead of 4 x 4 give resolution %f', (width, height, value, passed) => {
    expect(find(scoresOf(decoded((index) => (index * 37) % 256, width, height)), 'resolution')).toMatchObject({
      value,
      passed,
    });
  });

  it('say that a still has no movement and that identity needs a character', () => {
    expect(find(scoresOf(lively), 'temporal_lpips')).toEqual({
      state: 'not_applicable',
      metric: 'temporal_lpips',
      reason: 'single_frame',
    });
    expect(find(scoresOf(lively), 'identity')).toEqual({
      state: 'not_applicable',
      metric: 'identity',
      reason: 'no_character',
    });
    expect(find(scoresOf(lively, { ...expected, hasCharacters: true }), 'identity')).toEqual({
      state: 'not_computed',
      metric: 'identity',
      reason: 'model_missing',
    });
  });

  it.each([
    [
      'missing',
      absent,
      ['file_integrity', 'resolution', 'not_black', 'not_uniform'],
      { state: 'not_computed', reason: 'file_missing' },
      'file_missing',
    ],
    [
      'another than was rendered',
      altered,
      ['file_integrity', 'resolution', 'not_black', 'not_uniform'],
      { state: 'computed', value: 0, passed: false },
      'file_missing',
    ],
    [
      'there and was not measured',
      { state: 'unmeasured', why: 'too large' },
      ['file_integrity', 'resolution', 'not_black', 'not_uniform'],
      { state: 'not_computed', reason: 'decode_failed' },
      'decode_failed',
    ],
    [
      'damaged',
      undecodable(false),
      ['file_integrity', 'resolution', 'not_black', 'not_uniform'],
      { state: 'computed', value: 0, passed: false },
      'decode_failed',
    ],
    [
      'whole and yet no picture',
      undecodable(true),
      ['resolution', 'not_black', 'not_uniform'],
      { state: 'computed', value: 1, passed: true },
      'decode_failed',
    ],
  ] satisfies [string, Findings, string[], object, string][])(
    'of a file that is %s fail the attempt and say why',
    (_, findings, reasons, integrity, reason) => {
      expect(verdictOn(findings)).toEqual({ outcome: 'failed', reasons });
      expect(find(scoresOf(findings), 'file_integrity')).toMatchObject(integrity);
      expect(find(scoresOf(findings), 'not_black')).toEqual({ state: 'not_computed', metric: 'not_black', reason });
    },
  );
});

describe('the verdict', () => {
  it('does not turn on what is only shown', () => {
    const scores: ScoreView[] = [
      ...scoresOf(lively),
      { state: 'computed', metric: 'identity', value: 0.1, threshold: 0.7, passed: false },
    ];
    expect(decideVerdict(scores, thresholds).outcome).toBe('passed');
  });

  it('fails when a deciding metric was never scored', () => {
    expect(decideVerdict([], thresholds)).toEqual({
      outcome: 'failed',
      reasons: ['file_integrity', 'resolution', 'not_black', 'not_uniform', 'frame_count', 'not_static', 'loop_seam'],
    });
  });

  it('passes over a deciding metric that does not apply', () => {
    const deciding: Threshold[] = [{ metric: 'temporal_lpips', comparison: 'below', value: 0.15, decides: true }];
    expect(
      decideVerdict([{ state: 'not_applicable', metric: 'temporal_lpips', reason: 'single_frame' }], deciding).outcome,
    ).toBe('passed');
  });
});

describe('the score of an attempt', () => {
  const computed = (metric: string, value: number, passed: boolean): ScoreView => ({
    state: 'computed',
    metric,
    value,
    threshold: 1,
    passed,
  });
  const missing = (metric: string): ScoreView => ({ state: 'not_computed', metric, reason: 'file_missing' });

  it('is that of its worst file: failed before unknown before passed', () => {
    const [good, bad, unknown] = [
      computed('resolution', 1, true),
      computed('resolution', 0.5, false),
      missing('resolution'),
    ];
    expect(worstScores([good, unknown, bad], thresholds)).toEqual([bad]);
    expect(worstScores([good, unknown], thresholds)).toEqual([unknown]);
    expect(worstScores([good, bad, computed('resolution', 0.2, false)], thresholds)).toEqual([
      computed('resolution', 0.2, false),
    ]);
  });

  it('takes the larger for the worse where less is better', () => {
    const [low, high] = [computed('temporal_lpips', 0.01, true), computed('temporal_lpips', 0.1, true)];
    expect(worstScores([low, high], thresholds)).toEqual([high]);
  });

  it('keeps the order in which people see the metrics', () => {
    expect(
      worstScores([missing('aesthetic'), missing('file_integrity'), missing('not_black')], thresholds).map(
        (score) => score.metric,
      ),
    ).toEqual(['file_integrity', 'not_black', 'aesthetic']);
  });
});

describe('meets', () => {
  it.each([
    ['at_least', 0.7, true],
    ['above', 0.7, false],
    ['at_most', 0.7, true],
    ['below', 0.7, false],
    ['at_least', 0.71, true],
    ['above', 0.71, true],
    ['at_most', 0.71, false],
    ['below', 0.71, false],
    ['at_least', 0.69, false],
    ['above', 0.69, false],
    ['at_most', 0.69, true],
    ['below', 0.69, true],
  ] as const)('%s 0.7: %f is %s', (comparison, value, expectedAnswer) => {
    expect(meets(value, { comparison, value: 0.7 })).toBe(expectedAnswer);
  });
});

describe('a row', () => {
  it('has a value exactly when one was computed, and a reason exactly when not', () => {
    for (const findings of [lively, absent]) {
      for (const fileScore of scoreFile(newId(), findings, expected, thresholds)) {
        const row = toScoreRow(newId(), fileScore);
        expect(row.value !== null).toBe(row.state === 'computed');
        expect(row.reason === null).toBe(row.state === 'computed');
      }
    }
  });
});
