import { maxSeed, type GenerateRequest, type Priority } from '@tower/contracts';
import type { Gpu } from '../gpus/gpu.entity';
import type { KnownChoices } from '../workflows/bind';

/** Served first to last. */
export const rankOf: Record<Priority, number> = { urgent: 0, high: 1, normal: 2, low: 3 };

export interface PromptPart {
  prompt: string;
  negative_tokens: string[];
}

/** Characters first, then what was asked; empty parts leave no comma behind. */
export function assemblePrompt(request: Pick<GenerateRequest, 'prompt' | 'negative_prompt'>, characters: readonly PromptPart[]): { positive: string; negative: string } {
  const join = (parts: string[]): string => parts.map((part) => part.trim()).filter((part) => part !== '').join(', ');
  const negatives = characters.flatMap((character) => character.negative_tokens);
  return {
    positive: join([...characters.map((character) => character.prompt), request.prompt]),
    negative: join([request.negative_prompt, ...new Set(negatives)]),
  };
}

/** Everything that any card announced; files that most cards have come first. Undefined lists while no card was ever seen. */
export function knownChoices(gpus: readonly Gpu[]): KnownChoices {
  const inventories = gpus.flatMap((gpu) => (gpu.inventory ? [gpu.inventory] : []));
  if (inventories.length === 0) return {};
  const byHowMany = (lists: string[][]): string[] => {
    const counts = new Map<string, number>();
    for (const name of lists.flat()) counts.set(name, (counts.get(name) ?? 0) + 1);
    return [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).map(([name]) => name);
  };
  const folders = new Set(inventories.flatMap((inventory) => Object.keys(inventory.models ?? {})));
  return {
    checkpoints: byHowMany(inventories.map((inventory) => inventory.checkpoints)),
    models: Object.fromEntries([...folders].map((folder) => [folder, byHowMany(inventories.map((inventory) => inventory.models?.[folder] ?? []))])),
    samplers: byHowMany(inventories.map((inventory) => inventory.samplers)),
    schedulers: byHowMany(inventories.map((inventory) => inventory.schedulers)),
  };
}

/** A random seed that leaves room for `count` consecutive ones. `random` gives [0, 1). */
export const chooseSeed = (count: number, random: () => number): number => Math.floor(random() * (maxSeed - count + 1));

/** A regeneration changes the seed far enough that neighbours in the same batch never meet. */
const seedStride = 1_000_003;
export const nextSeed = (seed: number): number => (seed + seedStride <= maxSeed ? seed + seedStride : seed + seedStride - maxSeed - 1);
