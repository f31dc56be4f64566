import type { Gpu } from '../gpus/gpu.entity';
import type { CardStock } from './standing';

/** A card as workflows see it: what its server last said. A card that was never seen has nothing. */
export function toCardStock({ name, state, detail, config, inventory }: Gpu): CardStock {
  return {
    name,
    up: state !== 'down' && state !== 'unknown' && state !== 'unhealthy',
    trouble: state === 'unhealthy' ? `${name}: ${detail}` : undefined,
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
