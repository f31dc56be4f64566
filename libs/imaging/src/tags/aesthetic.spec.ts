import * as fc from 'fast-check';
import { aestheticLabels, aestheticScore } from './aesthetic';

const distribution = (weights: readonly number[]): Record<string, number> => {
  const sum = weights.reduce((a, b) => a + b, 0);
  return Object.fromEntries(aestheticLabels.map((label, index) => [label, (weights[index] ?? 0) / sum]));
};

describe('aestheticScore', () => {
  it('is the place of a class that is certain', () => {
    for (const [place, label] of aestheticLabels.entries())
      expect(aestheticScore(distribution(aestheticLabels.map((other) => (other === label ? 1 : 0))))).toEqual({
        state: 'computed',
        value: place,
      });
  });

  it('is the mean place of a mixture, whatever the order of the labels', () => {
    const mixed = distribution([0, 1, 0, 0, 2, 0, 1]);
    expect(aestheticScore(mixed)).toMatchObject({ value: (1 + 2 * 4 + 6) / 4 });
    expect(aestheticScore(Object.fromEntries(Object.entries(mixed).reverse()))).toEqual(aestheticScore(mixed));
  });

  it('lies between 0 and 6 for every distribution', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.001, max: 1, noNaN: true }), { minLength: 7, maxLength: 7 }),
        (weights) => {
          const score = aestheticScore(distribution(weights));
          return score.state === 'computed' && score.value >= 0 && score.value <= 6;
        },
      ),
    );
  });

  it('refuses labels of another model and numbers that are no distribution', () => {
    expect(aestheticScore({ anime: 0.5, real: 0.5 })).toEqual({
      state: 'not_computed',
      reason: 'model_contract_mismatch',
    });
    expect(aestheticScore({ ...distribution([1, 1, 1, 1, 1, 1, 1]), worst: NaN })).toEqual({
      state: 'not_computed',
      reason: 'inference_failed',
    });
    expect(aestheticScore({ ...distribution([1, 1, 1, 1, 1, 1, 1]), worst: 0.9 })).toEqual({
      state: 'not_computed',
      reason: 'inference_failed',
    });
  });
});
