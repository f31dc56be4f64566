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
    trouble: standsBecause(gpu),
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

/** Why a card takes no work: what is wrong with it, and whose hand took it out of use; undefined when it takes some. */
function standsBecause(gpu: Gpu): string | undefined {
  const reasons = [troubleOf(gpu), drainedText(gpu)].filter((reason) => reason !== undefined);
  return reasons.length === 0 ? undefined : reasons.join('; ');
}

/** What a card says of itself. One that rests after failures is tried again when its rest is over, unless drained. */
export const detailOf = ({
  state,
  detail,
  drained,
  health,
}: Pick<Gpu, 'state' | 'detail' | 'drained' | 'health'>): string =>
  state === 'unhealthy' && drained && health.trouble?.kind === 'quarantined'
    ? `${detail}, but not while it is drained`
    : detail;

const drainedText = ({ name, drained }: Pick<Gpu, 'name' | 'drained'>): string | undefined =>
  drained ? `${name} is drained by ${standstillText(drained)}` : undefined;

/** What is wrong with a card that takes no work, in the words of its own detail; undefined when nothing is. */
function troubleOf(gpu: Gpu): string | undefined {
  const { name, state } = gpu;
  const detail = detailOf(gpu);
  if (state === 'unknown') return `${name} has not been asked yet`;
  if (isUsable(state)) return undefined;
  return detail.startsWith(`${name} `) || detail.startsWith(`${name}:`) ? detail : `${name}: ${detail}`;
}
