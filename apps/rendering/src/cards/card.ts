import { isUsable, type GpuConfig, type WorkKind } from '@tower/contracts';
import type { CandidateCard } from '../workflows/compatibility/compatibility';
import type { Gpu, GpuInventory } from './card.entity';

/**
 * A card as it was last seen: what its configuration says, what its server has, and whether it takes work. The one
 * shape in which cards are planned, explained, and tried by recovery.
 */
export interface Card extends CandidateCard {
  /** Position in the configuration; earlier ones win ties. */
  position: number;
  /** Kinds of work that it gets before other cards do. */
  prefers: readonly WorkKind[];
  /** It takes nothing but what it prefers. */
  only: boolean;
  /** Without any prompt, ours or foreign. */
  isIdle: boolean;
  /** Prompts on it that somebody else queued; it takes no other work until they are done. */
  foreignPrompts: number;
  /** Has a restart command. */
  isRestartable: boolean;
}

/** The card of a row. One that was never seen has nothing. */
export function cardOf(gpu: Gpu): Card {
  const { name, position, state, config, inventory, foreignPrompts } = gpu;
  return {
    name,
    position,
    prefers: config.prefers,
    only: config.only,
    isIdle: state === 'idle',
    isUsable: isUsable(state),
    trouble: troubleOf(gpu),
    foreignPrompts,
    memoryMb: memoryMbOf(gpu),
    isRestartable: config.restart_command !== undefined,
    nodes: inventory?.nodes ?? [],
    checkpoints: inventory?.checkpoints ?? [],
    models: inventory?.models,
    families: inventory?.families,
    samplers: inventory?.samplers ?? [],
    schedulers: inventory?.schedulers ?? [],
    misfits: inventory?.misfits,
  };
}

/** Megabytes (MiB) of a card's video memory: as configured, else as its server says; null while neither is known. */
export const memoryMbOf = ({
  config,
  inventory,
}: {
  config: Pick<GpuConfig, 'vram_mb'>;
  inventory: Pick<GpuInventory, 'vramMb'> | null;
}): number | null => config.vram_mb ?? inventory?.vramMb ?? null;

/** Why a card takes no work, in the words of its own detail; undefined when it does. */
function troubleOf({ name, state, detail }: Pick<Gpu, 'name' | 'state' | 'detail'>): string | undefined {
  if (state === 'unknown') return `${name} has not been asked yet`;
  if (isUsable(state)) return undefined;
  return detail.startsWith(`${name} `) || detail.startsWith(`${name}:`) ? detail : `${name}: ${detail}`;
}
