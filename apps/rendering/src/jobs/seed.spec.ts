import { maxSeed } from '@tower/contracts';
import { chooseSeed, nextSeed } from './seed';

describe('seeds', () => {
  it('leaves room for the whole batch', () => {
    const drawn = [maxSeed, maxSeed - 62, maxSeed - 63, 0];
    expect(chooseSeed(64, () => drawn.shift() ?? 0)).toBe(maxSeed - 63);
    expect(chooseSeed(1, () => maxSeed)).toBe(maxSeed);
  });

  it('chooses even and odd seeds alike, from the whole range', () => {
    const seeds = Array.from({ length: 4_000 }, () => chooseSeed(1));
    // Expected 2000 of 4000 with a standard deviation of 31.6.
    const near = (count: number): boolean => Math.abs(count - 2_000) < 6 * 31.6;
    for (const bit of [1, 2, 4, 2 ** 51, 2 ** 52])
      expect(near(seeds.filter((seed) => Math.floor(seed / bit) % 2 === 1).length)).toBe(true);
    expect(seeds.every((seed) => Number.isSafeInteger(seed) && seed >= 0)).toBe(true);
  });

  it('wraps around at the top and stays exact', () => {
    expect(nextSeed(5)).toBe(1_000_008);
    expect(nextSeed(maxSeed)).toBe(1_000_002);
    expect(Number.isSafeInteger(nextSeed(maxSeed - 3))).toBe(true);
  });
});
