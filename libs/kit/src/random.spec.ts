import { seededRandom } from './random';

const first = (count: number, seed: number): number[] => {
  const random = seededRandom(seed);
  return Array.from({ length: count }, random);
};

describe('random numbers by a seed', () => {
  it('are those of Mulberry32, so that a seed that was told still repeats what it did', () => {
    expect(first(3, 42).map((value) => value * 2 ** 32)).toEqual([2581720956, 1925393290, 3661312704]);
  });

  it('lie in [0, 1), about as many in each tenth', () => {
    const tenths = Array<number>(10).fill(0);
    for (const value of first(10_000, 7)) tenths[Math.floor(value * 10)]! += 1;
    expect(tenths.reduce((sum, count) => sum + count)).toBe(10_000);
    for (const count of tenths) expect(Math.abs(count - 1_000)).toBeLessThan(150);
  });
});
