import { randomBytes } from 'node:crypto';
import { maxSeed, type Priority } from '@tower/contracts';
import type { Gpu } from '../gpus/gpu.entity';
import type { KnownChoices } from '../workflows/bind';
import { filesIn } from '../workflows/model-inputs';
import { distinctKeys } from '../workflows/model-names';

/** Served first to last. */
export const rankOf: Record<Priority, number> = { urgent: 0, high: 1, normal: 2, low: 3 };

/**
 * Everything that any card announced, files in one spelling; those that most cards have come first. Undefined lists
 * while no card was ever seen.
 */
export function knownChoices(gpus: readonly Gpu[]): KnownChoices {
  const inventories = gpus.flatMap((gpu) => (gpu.inventory ? [gpu.inventory] : []));
  if (inventories.length === 0) return {};
  const byHowMany = (lists: readonly (readonly string[])[]): string[] => {
    const counts = new Map<string, number>();
    for (const name of lists.flat()) counts.set(name, (counts.get(name) ?? 0) + 1);
    return [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).map(([name]) => name);
  };
  const filesOf = (folder: string): string[] =>
    byHowMany(inventories.map((inventory) => distinctKeys(filesIn(inventory, folder) ?? [])));
  const folders = new Set(inventories.flatMap((inventory) => Object.keys(inventory.models ?? {})));
  return {
    checkpoints: filesOf('checkpoints'),
    models: Object.fromEntries([...folders].map((folder) => [folder, filesOf(folder)])),
    cards: inventories,
    families: Object.assign(
      {},
      ...inventories.map((inventory) => inventory.families ?? {}),
    ) as KnownChoices['families'],
    samplers: byHowMany(inventories.map((inventory) => inventory.samplers)),
    schedulers: byHowMany(inventories.map((inventory) => inventory.schedulers)),
  };
}

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
