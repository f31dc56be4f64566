import * as fc from 'fast-check';
import { remaining } from './remaining';

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
