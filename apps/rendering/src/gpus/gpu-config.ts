import type { GpuConfig } from '@tower/contracts';

/** Injection token of the cards in the configuration. */
export const GPUS = Symbol('GPUS');
export type ConfiguredGpus = readonly GpuConfig[];
