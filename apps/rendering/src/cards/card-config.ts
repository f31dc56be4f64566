import type { ConfiguredGpu } from '@tower/comfyui';

/** Injection token of the cards in the configuration. */
export const GPUS = Symbol('GPUS');
export type ConfiguredGpus = readonly ConfiguredGpu[];

/** Injection token of the oldest ComfyUI that may be used. */
export const COMFYUI_MIN_VERSION = Symbol('COMFYUI_MIN_VERSION');
