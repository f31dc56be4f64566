import { filesIn } from '../workflows/models/model-files';
import { distinctKeys } from '../workflows/models/model-names';
import type { KnownChoices } from '../workflows/values/resolve-values';
import type { Gpu } from './card.entity';

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
