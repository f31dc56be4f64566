import * as fc from 'fast-check';
import { ConformalInterval } from './conformal';
import { DriftDetector } from './drift';
import { Estimator } from './estimator';
import type { TimedAttempt, TimedWork, TimePrior } from './timed-work';

const prior: TimePrior = { load: 10, passPerMegapixel: 0.5, fixed: 2, basis: 'prior: nobody measured it' };
const aWork = (changes: Partial<TimedWork> = {}): TimedWork => ({
  gpu: 'a',
  kind: 'still',
  models: 'm',
  megapixels: 1,
  passes: 20,
  missing: '',
  ...changes,
});

/** A world with known times: seconds of a pass `pace · megapixels^1.2`, of loading and of the rest. */
const truth = (work: TimedWork, { pace = 0.1, load = 8, noise = 1 } = {}): TimedAttempt => {
  const pass = pace * work.megapixels ** 1.2 * noise;
  const loads = work.missing === '' ? 0 : load * noise;
  return { ...work, pass, load: loads, fixed: 1, seconds: pass * work.passes + loads + 1 };
};
/** Reproducible noise of so much either way. */
const wobble = (index: number, much: number): number => 1 + much * Math.sin(index * 12.9898);

describe('an estimate', () => {
  it('of what nobody measured is the prior, says so and claims no probability', () => {
    const { seconds, confidence, basis, low, high } = new Estimator(() => prior).estimate(aWork());
    expect(seconds).toBeCloseTo(12, 0);
    expect([confidence, basis]).toEqual([null, 'prior: nobody measured it']);
    expect([low < seconds / 1.5, high > seconds * 1.5]).toEqual([true, true]);
  });

  it('learns loading, passes and the rest apart from each other', () => {
    const estimator = new Estimator(() => prior);
    for (let n = 0; n < 12; n++)
      estimator.learn(truth(aWork({ megapixels: 1 + (n % 3), passes: 10, missing: n % 4 === 0 ? 'm' : '' })));
    const ofSize = (megapixels: number, cold: boolean) =>
      estimator.estimate(aWork({ megapixels, passes: 30, missing: cold ? 'm' : '' })).seconds;
    expect(ofSize(2, false)).toBeCloseTo(truth(aWork({ megapixels: 2, passes: 30 })).seconds, 0);
    expect(ofSize(5, false) / truth(aWork({ megapixels: 5, passes: 30 })).seconds).toBeCloseTo(1, 1);
    expect(ofSize(2, true) - ofSize(2, false)).toBeGreaterThan(6);
    expect(ofSize(2, true) - ofSize(2, false)).toBeLessThan(9);
    expect(estimator.estimate(aWork({ megapixels: 2 })).basis).toBe(
      'learnt from 12 attempts on a, 4 of them of this size',
    );
    expect(estimator.estimate(aWork({ megapixels: 9 })).basis).toBe('learnt from 12 attempts of other sizes on a');
  });

  it('of work that is new on a card follows how fast the card does other work', () => {
    const estimator = new Estimator(() => prior);
    for (let n = 0; n < 6; n++) {
      estimator.learn(truth(aWork({ kind: 'other', missing: n === 0 ? 'm' : '' })));
      estimator.learn(truth(aWork({ kind: 'other', gpu: 'b', missing: n === 0 ? 'm' : '' }), { pace: 0.05, load: 4 }));
      estimator.learn(truth(aWork({ megapixels: 1 + n, missing: n === 0 ? 'm' : '' })));
    }
    const expected = truth(aWork({ gpu: 'b', megapixels: 4, missing: 'm' }), { pace: 0.05, load: 4 }).seconds;
    expect(estimator.estimate(aWork({ gpu: 'b', megapixels: 4, missing: 'm' })).seconds / expected).toBeCloseTo(1, 0);
  });

  it('follows a card that became slower for everything after two attempts, and forgets one outlier', () => {
    const estimator = new Estimator(() => prior);
    for (let n = 0; n < 20; n++)
      estimator.learn(truth(aWork({ kind: n % 2 === 0 ? 'still' : 'film' }), { noise: wobble(n, 0.03) }));
    estimator.learn(truth(aWork(), { noise: 2 }));
    const usual = truth(aWork()).seconds;
    expect(estimator.estimate(aWork()).seconds / usual).toBeCloseTo(1, 1);
    estimator.learn(truth(aWork({ kind: 'film' })));
    for (let n = 0; n < 2; n++) estimator.learn(truth(aWork(), { noise: 1.43 }));
    const slower = truth(aWork({ kind: 'film' }), { noise: 1.43 }).seconds;
    expect(estimator.estimate(aWork({ kind: 'film' })).seconds / slower).toBeCloseTo(1, 0);
    expect(estimator.estimate(aWork({ kind: 'film' })).seconds).toBeGreaterThan(usual * 1.25);
  });

  it('copes with attempts whose parts nobody heard', () => {
    const estimator = new Estimator(() => prior);
    estimator.learn({ ...truth(aWork()), pass: null, load: null, fixed: null });
    expect(estimator.attemptsOf(aWork())).toBe(1);
    for (let n = 0; n < 8; n++) estimator.learn({ ...truth(aWork()), pass: null, load: null, fixed: null });
    expect(estimator.estimate(aWork()).seconds / truth(aWork()).seconds).toBeCloseTo(1, 0);
  });

  const someAttempts = fc.array(
    fc.record({
      gpu: fc.constantFrom('a', 'b'),
      kind: fc.constantFrom('still', 'film'),
      megapixels: fc.double({ min: 0.1, max: 50, noNaN: true }),
      passes: fc.integer({ min: 1, max: 100 }),
      missing: fc.constantFrom('', 'm', 'n'),
      noise: fc.double({ min: 0.8, max: 1.3, noNaN: true }),
    }),
    { maxLength: 40 },
  );
  const learnt = (attempts: readonly (Partial<TimedWork> & { noise: number })[]): Estimator => {
    const estimator = new Estimator(() => prior);
    for (const { noise, ...work } of attempts) estimator.learn(truth(aWork(work), { noise }));
    return estimator;
  };

  it('is positive, lies in its interval, is later where it is safer, and longer for more work', () => {
    fc.assert(
      fc.property(someAttempts, fc.integer({ min: 1, max: 40 }), (attempts, passes) => {
        const estimator = learnt(attempts);
        for (const cold of [false, true]) {
          const one = estimator.estimate(aWork({ passes, missing: cold ? 'm' : '' }));
          expect(one.seconds).toBeGreaterThan(0);
          expect(one.low).toBeLessThanOrEqual(one.seconds);
          expect(one.high).toBeGreaterThanOrEqual(one.seconds);
          expect(one.p80).toBeGreaterThanOrEqual(one.seconds);
          expect(Number.isFinite(one.high)).toBe(true);
          expect(estimator.estimate(aWork({ passes: passes + 5, missing: cold ? 'm' : '' })).seconds).toBeGreaterThan(
            one.seconds,
          );
        }
        expect(estimator.estimate(aWork({ missing: 'm' })).seconds).toBeGreaterThan(
          estimator.estimate(aWork()).seconds,
        );
      }),
      { numRuns: 60 },
    );
  });

  it('is the same for the same attempts in the same order', () => {
    fc.assert(
      fc.property(someAttempts, (attempts) => {
        expect(learnt(attempts).estimate(aWork({ missing: 'm' }))).toEqual(
          learnt(attempts).estimate(aWork({ missing: 'm' })),
        );
      }),
      { numRuns: 20 },
    );
  });
});

describe('an interval', () => {
  it('holds nine times in ten for errors of any shape, and again after they grew', () => {
    const interval = new ConformalInterval();
    let held = 0;
    const rounds = 4_000;
    for (let n = 0; n < rounds; n++) {
      const uniform = Math.abs(Math.sin(n * 12.9898) * 43758.5453) % 1;
      const score = (uniform < 0.1 ? 4 : 1) * (uniform - 0.4) * (n > rounds / 2 ? 3 : 1);
      if (Math.abs(score) <= interval.width) held++;
      interval.learn(score);
    }
    expect(held / rounds).toBeGreaterThan(0.88);
    expect(held / rounds).toBeLessThan(0.92);
    expect(interval.isMeasured).toBe(true);
  });

  it('is the normal one while too few were seen', () => {
    expect(new ConformalInterval()).toMatchObject({ width: 1.645, eighty: 0.842, isMeasured: false });
  });
});

describe('drift', () => {
  it('is believed when two in a row say so on one side, not when they contradict each other', () => {
    const drift = new DriftDetector();
    expect([0.4, -0.4, 0.4, 0.01, 0.4].map((residual) => drift.learn(residual))).toEqual(Array(5).fill(false));
    expect(drift.offset).toBe(0);
    expect(drift.learn(0.3)).toBe(true);
    expect(drift.offset).toBeCloseTo(0.35);
  });
});
