import { isUsable, type GpuConfig, type StandstillView, type WorkKind } from '@tower/contracts';
import type { CandidateCard } from '../workflows/compatibility/compatibility';
import type { Gpu, GpuInventory } from './card.entity';
import type { MemoryClaim } from './claimed-memory';

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
  /** Keys of the model files that it holds, as far as is known. */
  resident: readonly string[];
  /** Has a restart command. */
  isRestartable: boolean;
  /** Memory that other programs claim now; absent: none. */
  claims?: readonly MemoryClaim[] | undefined;
}

/** The card of a row, with the claims that hold on it. One that was never seen has nothing. */
export function cardOf(gpu: Gpu, claims?: readonly MemoryClaim[]): Card {
  const { name, position, state, config, inventory, foreignPrompts, resident } = gpu;
  return {
    name,
    position,
    prefers: config.prefers,
    only: config.only,
    isIdle: state === 'idle',
    isUsable: isUsable(state) && !gpu.drained,
    trouble: troubleOf(gpu) ?? drainedText(gpu),
    foreignPrompts,
    resident,
    memoryMb: memoryMbOf(gpu),
    isRestartable: config.restart_command !== undefined,
    nodes: inventory?.nodes ?? [],
    checkpoints: inventory?.checkpoints ?? [],
    models: inventory?.models,
    families: inventory?.families,
    samplers: inventory?.samplers ?? [],
    schedulers: inventory?.schedulers ?? [],
    misfits: inventory?.misfits,
    claims,
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

/** Whose hand stopped something, since when, and why. */
export const standstillText = ({ by, since, reason }: StandstillView): string =>
  `${by} since ${since}${reason === '' ? '' : `: ${reason}`}`;

const drainedText = ({ name, drained }: Pick<Gpu, 'name' | 'drained'>): string | undefined =>
  drained ? `${name} is drained by ${standstillText(drained)}` : undefined;

/** Why a card takes no work, in the words of its own detail; undefined when it does. */
function troubleOf({ name, state, detail }: Pick<Gpu, 'name' | 'state' | 'detail'>): string | undefined {
  if (state === 'unknown') return `${name} has not been asked yet`;
  if (isUsable(state)) return undefined;
  return detail.startsWith(`${name} `) || detail.startsWith(`${name}:`) ? detail : `${name}: ${detail}`;
}
