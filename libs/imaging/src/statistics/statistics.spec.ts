import fc from 'fast-check';
import { bootstrapAucs } from './bootstrap';
import { calibrateThreshold } from './calibration';
import { median, percentile } from './percentile';
import { areaUnderRoc, equalErrorRate, rocPoints } from './roc';
import { wilsonInterval } from './wilson';

// Few distinct values on purpose: ties are where ranks go wrong.
const scores = fc.record({
  positives: fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 12 }),
  negatives: fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 12 }),
});

describe('statistics', () => {
  it('count wins and half ties of every pair', () => {
    fc.assert(
      fc.property(scores, ({ positives, negatives }) => {
        let wins = 0;
        for (const p of positives) for (const n of negatives) wins += p > n ? 1 : p === n ? 0.5 : 0;
        expect(areaUnderRoc({ positives, negatives })).toBeCloseTo(wins / (positives.length * negatives.length), 12);
      }),
    );
  });

  it('trade false accepts for false rejects along the curve, from one extreme to the other', () => {
    fc.assert(
      fc.property(scores, (data) => {
        const points = rocPoints(data);
        expect(points[0]).toMatchObject({ falseAccept: 1, falseReject: 0 });
        expect(points.at(-1)).toMatchObject({ falseAccept: 0, falseReject: 1 });
        points.slice(1).forEach((point, index) => {
          expect(point.falseAccept).toBeLessThanOrEqual(points[index]!.falseAccept);
          expect(point.falseReject).toBeGreaterThanOrEqual(points[index]!.falseReject);
        });
        const { rate } = equalErrorRate(data);
        expect(rate).toBeGreaterThanOrEqual(0);
        expect(rate).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('put the observed share inside its interval', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), fc.nat(), (trials, pick) => {
        const successes = pick % (trials + 1);
        const { low, high } = wilsonInterval(successes, trials);
        expect(low).toBeGreaterThanOrEqual(0);
        expect(high).toBeLessThanOrEqual(1);
        expect(low).toBeLessThanOrEqual(successes / trials);
        expect(high).toBeGreaterThanOrEqual(successes / trials);
      }),
    );
  });

  it('repeat a bootstrap exactly for the same seed', () => {
    const data = { positives: [3, 1, 4, 1, 5], negatives: [2, 0, 2] };
    expect(bootstrapAucs(data, { seed: 7, replicates: 20 })).toEqual(bootstrapAucs(data, { seed: 7, replicates: 20 }));
    expect(bootstrapAucs(data, { seed: 7, replicates: 20 })).not.toEqual(
      bootstrapAucs(data, { seed: 8, replicates: 20 }),
    );
  });

  it('interpolate between order statistics', () => {
    expect(percentile([4, 1, 3, 2], 95)).toBeCloseTo(3.85, 12);
    expect(median([1, 2])).toBe(1.5);
    expect(percentile([7], 5)).toBe(7);
  });

  it.each([
    () => percentile([], 50),
    () => percentile([1], 101),
    () => wilsonInterval(1, 0),
    () => wilsonInterval(3, 2),
    () => areaUnderRoc({ positives: [], negatives: [1] }),
    () => areaUnderRoc({ positives: [NaN], negatives: [1] }),
  ])('refuse what has no answer', (call) => {
    expect(call).toThrow(RangeError);
  });

  it('report the errors of the threshold that was raised to the card limit, not of the one that was found', () => {
    const ramp = (from: number): number[] => Array.from({ length: 30 }, (_, index) => from + index / 100);
    const result = calibrateThreshold(
      { positives: ramp(0.5), negatives: ramp(0) },
      { defaultThreshold: 0.7, cardLimit: 0.645 },
    );
    expect(result).toMatchObject({
      label: 'calibrated',
      raisedToCardLimit: true,
      threshold: 0.645,
      falseAccept: 0,
      falseReject: 0.5,
    });
  });
});
