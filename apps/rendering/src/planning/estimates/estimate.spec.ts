import * as fc from 'fast-check';
import type { Card, Waiting } from '../eligibility';
import { Forecast, remaining, type Busy, type Span } from '../planner';
import { estimateAttempt, median, type AttemptEstimate, type Sample, type Work } from './estimate';

const work: Work = { workflow: 'still', width: 512, height: 768, frames: 1, steps: 24 };
const priors = { basis: 'prior: unverified', load_seconds: 6, seconds_per_megapixel_step: 1, fixed_seconds: 1.5 };
const took = (seconds: number, changes: Partial<Sample> = {}): Sample => ({ ...work, gpu: 'a', seconds, ...changes });

describe('estimateAttempt', () => {
  it('says prior, with a wide interval and no confidence, when nothing was measured', () => {
    const estimate = estimateAttempt(work, 'a', [took(3, { gpu: 'b' }), took(3, { workflow: 'other' })], priors);
    expect(estimate).toMatchObject({ basis: 'prior: unverified', confidence: null });
    expect(estimate.seconds).toBeCloseTo(6 + (512 * 768 * 24) / 1e6 + 1.5, 9);
    expect(estimate.low).toBeLessThan(estimate.seconds / 2);
  });

  it('takes the median of attempts of the same size and card, their range, and its exact probability', () => {
    expect(estimateAttempt(work, 'a', [took(4), took(9), took(5)], priors)).toEqual({
      seconds: 5,
      low: 4,
      high: 9,
      confidence: 0.5,
      basis: 'median of 3 attempts of this size on a',
    });
  });

  it('claims no confidence from a single attempt', () => {
    expect(estimateAttempt(work, 'a', [took(4)], priors)).toMatchObject({
      seconds: 4,
      confidence: null,
      basis: 'median of 1 attempt of this size on a',
    });
  });

  it('takes nothing from another device that the card had before', () => {
    const samples = [
      took(4, { device: 'NVIDIA GeForce RTX 3060' }),
      took(40, { device: 'cpu' }),
      took(6, { device: null }),
    ];
    expect(estimateAttempt(work, 'a', samples, priors, 'NVIDIA GeForce RTX 3060')).toMatchObject({
      low: 4,
      high: 6,
      basis: 'median of 2 attempts of this size on a',
    });
    expect(estimateAttempt(work, 'a', samples.slice(0, 2), priors, 'NVIDIA GeForce RTX 4090').confidence).toBeNull();
    expect(estimateAttempt(work, 'a', samples, priors).high).toBe(40);
  });

  it('scales attempts of other sizes by pixels and steps, and says so', () => {
    const estimate = estimateAttempt(work, 'a', [took(2, { steps: 12 }), took(8, { height: 1536 })], priors);
    expect(estimate.seconds).toBeCloseTo(4, 9);
    expect(estimate.basis).toMatch(/^scaled by pixels, frames and steps from 2/);
  });

  it('scales by frames as well, and takes attempts with the same changes before others', () => {
    const film = { ...work, frames: 16 };
    expect(estimateAttempt(film, 'a', [took(2)], priors).seconds).toBeCloseTo(32, 9);
    const tiled = { ...film, plan: { steps: ['tiled_vae' as const] } };
    const samples = [took(30, { frames: 16 }), took(50, { frames: 16, plan: { steps: ['other_seed', 'tiled_vae'] } })];
    expect(estimateAttempt(tiled, 'a', samples, priors)).toMatchObject({
      seconds: 50,
      basis: 'median of 1 attempt of this size on a',
    });
    expect(estimateAttempt(film, 'a', samples, priors)).toMatchObject({ seconds: 30 });
    expect(
      estimateAttempt({ ...film, plan: { steps: ['smaller_context' as const] } }, 'a', samples, priors).basis,
    ).toMatch(/^scaled/);
  });

  it('counts what samples nothing as one step', () => {
    expect(estimateAttempt({ ...work, steps: 0 }, 'a', [], priors).seconds).toBeCloseTo(6 + (512 * 768) / 1e6 + 1.5, 9);
  });

  it('does not take another shape with the same number of pixels for the same size', () => {
    expect(estimateAttempt(work, 'a', [took(4, { width: 768, height: 512 })], priors).basis).toMatch(/^scaled/);
  });

  it('forgets old attempts', () => {
    const samples = [...Array.from({ length: 30 }, () => took(2)), took(100)];
    expect(estimateAttempt(work, 'a', samples, priors)).toMatchObject({ seconds: 2, high: 2 });
  });

  describe('of a card that became slower', () => {
    const usual = [1.5, 1.6, 1.7, 1.6, 1.6, 1.5, 1.7].map((seconds) => took(seconds));

    it('holds the newest measurement at once, and claims no probability while it stands alone', () => {
      const estimate = estimateAttempt(work, 'a', [took(8.9), ...usual], priors);
      expect(estimate).toMatchObject({ seconds: 1.6, low: 1.5, confidence: null });
      expect(estimate.high).toBeGreaterThan(8.9);
      expect(estimate.basis).toBe(
        'median of 7 attempts of this size on a; the newest took 8.9 s, outside of all before it',
      );
    });

    it('speaks of the new level alone from the second measurement of it on', () => {
      expect(estimateAttempt(work, 'a', [took(9), took(8.9), ...usual], priors)).toEqual({
        seconds: 8.95,
        low: 8.9,
        high: 9,
        confidence: 1 / 3,
        basis: 'median of 2 attempts of this size on a, since it took another time',
      });
    });

    it('comes back in the same way', () => {
      const slow = [9, 8.9, 9.1].map((seconds) => took(seconds));
      expect(estimateAttempt(work, 'a', [took(1.6), took(1.5), ...slow, ...usual], priors)).toMatchObject({
        seconds: 1.55,
        high: 1.6,
      });
    });

    it('narrows again as measurements agree after a single one that did not', () => {
      const after = (count: number) => [...Array.from({ length: count }, () => took(1.6)), took(8.9), ...usual];
      expect(estimateAttempt(work, 'a', after(1), priors)).toMatchObject({ seconds: 1.6, high: 8.9 });
      expect(estimateAttempt(work, 'a', after(19), priors)).toMatchObject({ seconds: 1.6, high: 1.6, confidence: 0.9 });
    });

    it('does not take moments for another level: a busy machine makes them', () => {
      const quick = [0.3, 0.1, 0.1, 0.1].map((seconds) => took(seconds));
      expect(estimateAttempt(work, 'a', quick, priors)).toMatchObject({ low: 0.1, high: 0.3, confidence: 3 / 5 });
    });

    it('takes measurements that only vary for one level', () => {
      const varying = [4, 5, 4.4, 4.9, 4.1, 4.6].map((seconds) => took(seconds));
      expect(estimateAttempt(work, 'a', varying, priors)).toMatchObject({ low: 4, high: 5, confidence: 5 / 7 });
    });
  });

  it('always lies within its interval', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0.01, max: 1e4, noNaN: true }), { maxLength: 40 }), (seconds) => {
        const estimate = estimateAttempt(
          work,
          'a',
          seconds.map((value) => took(value)),
          priors,
        );
        return estimate.low <= estimate.seconds && estimate.seconds <= estimate.high;
      }),
    );
  });
});

describe('median', () => {
  it('is the middle, or the mean of the two middle ones', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(() => median([])).toThrow('nothing');
  });
});

describe('remaining', () => {
  const estimate = { seconds: 10, low: 8, high: 14, confidence: 0.8, basis: 'median' };
  const at = (elapsed: number, percent: number, more: object = {}) =>
    remaining(estimate, { elapsed, percent, ...more });

  it('is what the estimate leaves at first, and the own pace after a tenth', () => {
    expect(at(4, 5)).toEqual({ seconds: 6, low: 4, high: 10, basis: 'median' });
    expect(at(4, 50)).toMatchObject({ seconds: 4, basis: 'own pace at 50 %' });
  });

  it('is never nothing for what still runs within its interval, and only falls', () => {
    const told = [0, 4, 8, 9, 10, 11, 13, 13.9].map((elapsed) => at(elapsed, 3).seconds);
    expect(told).toEqual([...told].sort((a, b) => b - a));
    expect(told[4]).toBeCloseTo((14 - 10) * (10 / 14) * 0.5, 9);
    expect(told.at(-1)).toBeGreaterThan(0);
  });

  it('is not known any more when it takes longer than the estimate allows for', () => {
    expect(at(20, 0)).toEqual({
      seconds: 0,
      low: 0,
      high: 0,
      basis: 'median',
      unknown: 'it takes longer than the 14 s that it should need at most',
    });
  });

  it('falls between two steps and never below what lies behind the present one', () => {
    const reached = { percent: 50, at: 10, next: 60 };
    expect(at(10, 50, { reached }).seconds).toBeCloseTo(10, 9);
    expect(at(11, 50, { reached }).seconds).toBeCloseTo(9, 9);
    expect(at(15, 50, { reached }).seconds).toBeCloseTo(8, 9);
  });

  it('does not say how long a step takes that lasts far longer than those before it', () => {
    const reached = { percent: 50, at: 10, next: 60 };
    expect(at(30, 50, { reached })).toMatchObject({
      seconds: 8,
      low: 8,
      unknown: 'the present step takes longer than those before it',
    });
  });

  it('takes its pace from the steps alone where they are known, not from the loading before them', () => {
    const more = { reached: { percent: 50, at: 30, next: 51 }, paceFrom: { percent: 10, at: 26 } };
    expect(at(30, 50, more).seconds).toBeCloseTo(5, 9);
  });

  it('always lies within its interval and only falls while nothing is heard', () => {
    const share = fc.double({ min: 0, max: 100, noNaN: true });
    const seconds = fc.double({ min: 0, max: 1e4, noNaN: true });
    fc.assert(
      fc.property(seconds, seconds, share, share, (reachedAt, later, percent, next) => {
        const reached = { percent, at: reachedAt, next: Math.max(percent, next) };
        const [now, then] = [reachedAt, reachedAt + later].map((elapsed) => at(elapsed, percent, { reached }));
        expect(now!.low).toBeLessThanOrEqual(now!.seconds);
        expect(now!.seconds).toBeLessThanOrEqual(now!.high);
        expect(then!.seconds).toBeLessThanOrEqual(now!.seconds + 1e-9);
      }),
    );
  });
});

describe('forecast', () => {
  const card = (name: string, changes: Partial<Card> = {}): Card => ({
    name,
    position: 0,
    prefers: ['image'],
    only: false,
    idle: true,
    up: true,
    foreignPrompts: 0,
    checkpoints: ['m'],
    nodes: new Set<string>(),
    ...changes,
  });
  const task = (taskId: string): Waiting => ({
    taskId,
    jobId: 'j',
    work: 'image',
    modelName: 'm',
    classes: [],
    excludedGpus: [],
  });
  const forecast = (
    cards: Card[],
    busy: ReadonlyMap<string, Busy>,
    tasks: Waiting[],
    estimate: (task: Waiting, gpu: string) => AttemptEstimate,
  ): Map<string, Span> => {
    const line = new Forecast(cards, busy, estimate);
    return new Map(
      tasks.flatMap((one) => [line.place(one)].flatMap((span) => (span ? [[one.taskId, span] as const] : []))),
    );
  };
  const takes = (seconds: Record<string, number>) => (_task: Waiting, gpu: string) => ({
    seconds: seconds[gpu] ?? 0,
    low: seconds[gpu] ?? 0,
    high: seconds[gpu] ?? 0,
    confidence: 0.9,
    basis: 'median',
  });

  it('puts each task where it ends first, after what runs there', () => {
    const spans = forecast(
      [card('slow'), card('fast')],
      new Map([['fast', { seconds: 3, low: 2, high: 5 }]]),
      [task('1'), task('2'), task('3')],
      takes({ slow: 10, fast: 4 }),
    );
    expect([...spans].map(([id, span]) => [id, span.gpu, span.startIn, span.finishIn])).toEqual([
      ['1', 'fast', 3, 7],
      ['2', 'slow', 0, 10],
      ['3', 'fast', 7, 11],
    ]);
    expect(spans.get('1')).toMatchObject({ low: 6, high: 9, confidence: null });
    expect(spans.get('2')).toMatchObject({ confidence: 0.9 });
  });

  it('goes on from a copy without changing what it was copied from', () => {
    const line = new Forecast([card('a')], new Map(), takes({ a: 4 }));
    line.place(task('1'));
    const copy = line.copy();
    expect(copy.place(task('2'))).toMatchObject({ startIn: 4, finishIn: 8 });
    expect(line.place(task('3'))).toMatchObject({ startIn: 4, finishIn: 8 });
  });

  it('knows no end behind what somebody else queued, only what its own work needs at least', () => {
    expect(
      forecast([card('a', { foreignPrompts: 700 })], new Map(), [task('1')], takes({ a: 4 })).get('1'),
    ).toMatchObject({
      low: 4,
      confidence: null,
      unknown: 'how long 700 prompts that somebody else queued take on a',
    });
  });

  it('takes a card whose end is known before one whose end is not; behind an unknown end all is unknown', () => {
    const cards = [card('theirs', { foreignPrompts: 1 }), card('ours')];
    expect(forecast(cards, new Map(), [task('1')], takes({ theirs: 1, ours: 9 })).get('1')).toMatchObject({
      gpu: 'ours',
      finishIn: 9,
    });
    const overdue = new Map([['ours', { seconds: 0, low: 0, high: 0, unknown: 'what runs on ours is overdue' }]]);
    const spans = forecast([card('ours')], overdue, [task('1'), task('2')], takes({ ours: 4 }));
    expect([...spans.values()].map(({ unknown, low }) => [unknown, low])).toEqual([
      ['what runs on ours is overdue', 4],
      ['what runs on ours is overdue', 8],
    ]);
  });

  it('knows nothing of a task that no answering card can take', () => {
    expect(forecast([card('a', { up: false })], new Map(), [task('1')], takes({ a: 1 })).size).toBe(0);
  });
});
