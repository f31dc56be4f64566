import fc from 'fast-check';
import { assignCast } from './cast-assignment';

const permutations = (items: readonly number[]): number[][] =>
  items.length === 0
    ? [[]]
    : items.flatMap((item, index) =>
        permutations(items.filter((_, at) => at !== index)).map((rest) => [item, ...rest]),
      );

describe('the cast', () => {
  it('is assigned with the largest total there is', () => {
    const cell = fc.integer({ min: 71, max: 99 }).map((value) => value / 100);
    fc.assert(
      fc.property(
        fc.array(fc.array(cell, { minLength: 4, maxLength: 4 }), { minLength: 4, maxLength: 4 }),
        (matrix) => {
          const total = (columns: readonly number[]): number =>
            columns.reduce((sum, column, row) => sum + matrix[row]![column]!, 0);
          const best = Math.max(...permutations([0, 1, 2, 3]).map(total));
          // Who is too close to another is taken back afterwards, so a row without a name says nothing about the total.
          const assigned = assignCast(matrix);
          const named = assigned.filter((row) => row.character !== null);
          if (named.length === 4) expect(total(assigned.map((row) => row.character ?? 0))).toBeCloseTo(best, 9);
          expect(new Set(named.map((row) => row.character)).size).toBe(named.length);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('of one is compared with nobody', () => {
    expect(assignCast([[0.9], [0.8]])).toEqual([
      { detection: 0, character: 0, cosine: 0.9, margin: null },
      { detection: 1, character: null, why: 'no_character_left' },
    ]);
  });

  it('may be larger than what was detected, and nothing may be detected', () => {
    expect(assignCast([[0.1, 0.2, 0.95]])).toEqual([{ detection: 0, character: 2, cosine: 0.95, margin: 0.75 }]);
    expect(assignCast([])).toEqual([]);
    expect(assignCast([[]])).toEqual([{ detection: 0, character: null, why: 'no_character_left' }]);
  });

  it('prefers a weak match to none, and says that it is a stranger', () => {
    expect(assignCast([[-0.4]])).toEqual([{ detection: 0, character: null, why: 'stranger' }]);
  });

  it('refuses a matrix with holes', () => {
    expect(() => assignCast([[0.9, 0.1], [0.8]])).toThrow(RangeError);
    expect(() => assignCast([[NaN]])).toThrow(RangeError);
  });
});
