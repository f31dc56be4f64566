import { randomBytes } from 'node:crypto';
import { maxSeed } from '@tower/contracts';

/**
 * Whole numbers from 0 to 2^53 - 1, uniform. `Math.random` has 52 bits in V8, so that multiples of it were odd seeds
 * only.
 */
const random53 = (): number => Number(randomBytes(8).readBigUInt64BE() >> 11n);

/**
 * A random seed that leaves room for `count` consecutive ones: uniform over 0 to `maxSeed` - count + 1.
 *
 * @param random  whole numbers from 0 to `maxSeed`, uniform; one that leaves no room is thrown away, so that none is
 *   likelier than others
 */
export function chooseSeed(count: number, random: () => number = random53): number {
  for (;;) {
    const seed = random();
    if (seed <= maxSeed - count + 1) return seed;
  }
}

/** A regeneration changes the seed far enough that neighbours in the same batch never meet. */
const seedStride = 1_000_003;

export const nextSeed = (seed: number): number =>
  seed + seedStride <= maxSeed ? seed + seedStride : seed + seedStride - maxSeed - 1;
