import { isUsable } from '@tower/contracts';
import type { CardStock } from '../workflows/compatibility/compatibility';
import type { Gpu } from './card.entity';

/** Why a card takes no work, in the words of its own detail; undefined when it does. */
export function troubleOf({ name, state, detail }: Pick<Gpu, 'name' | 'state' | 'detail'>): string | undefined {
  if (isUsable(state)) return undefined;
  if (state === 'unknown') return `${name} has not been asked yet`;
  return detail.startsWith(`${name} `) || detail.startsWith(`${name}:`) ? detail : `${name}: ${detail}`;
}

/** A card as workflows see it: what its server last said. A card that was never seen has nothing. */
export function toCardStock(gpu: Gpu): CardStock {
  const { name, state, config, inventory } = gpu;
  return {
    name,
    up: isUsable(state),
    trouble: troubleOf(gpu),
    vramMb: config.vram_mb ?? inventory?.vramMb ?? null,
    nodes: inventory?.nodes ?? [],
    checkpoints: inventory?.checkpoints ?? [],
    models: inventory?.models,
    families: inventory?.families,
    samplers: inventory?.samplers ?? [],
    schedulers: inventory?.schedulers ?? [],
    misfits: inventory?.misfits,
  };
}
