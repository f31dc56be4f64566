import type { ModelFamily } from './model-family';

/**
 * Memory a piece of work needs besides weights, in bytes. The factors are those of ComfyUI's own estimates (model_base,
 * sd.py), the terms for whole clips are priors; all of it is a simulation, not a measurement.
 */
const mebibyte = 1024 ** 2;
const bytesPerValue = 2;

/**
 * Latent cells along width and height, and frames that are worked on at once: pictures of a batch, or latent frames of
 * a clip. Control networks and motion modules keep activations of their own, each about half as many again.
 */
export function samplingBytes(family: ModelFamily, cells: number, frames: number, companions: number): number {
  const perCell = 0.01 * bytesPerValue * family.activationFactor * mebibyte;
  return cells * frames * perCell * (1 + 0.5 * companions);
}

export type VaeKind = 'still' | 'wan2.1' | 'wan2.2' | 'cogvideox';

/** Values a VAE holds at its widest layer for each pixel it makes or reads. */
const valuesPerPixel: Record<VaeKind, { readonly decode: number; readonly encode: number }> = {
  still: { decode: 2178, encode: 1767 },
  'wan2.1': { decode: 7000, encode: 6000 },
  'wan2.2': { decode: 3300, encode: 3000 },
  cogvideox: { decode: 9000, encode: 6000 },
};
/** A clip's finished frames wait on the card, and are copied once when the next ones are added. */
const clipBytesPerPixel = 3 * bytesPerValue * 2;

export function vaeBytes(kind: VaeKind, job: 'decode' | 'encode', pixels: number, frames: number): number {
  return (
    pixels * valuesPerPixel[kind][job] * bytesPerValue + (kind === 'still' ? 0 : pixels * frames * clipBytesPerPixel)
  );
}

/** Tiles limit both the picture and, for clips, the number of frames on the card. */
export function tiledVaeBytes(
  kind: VaeKind,
  job: 'decode' | 'encode',
  pixels: number,
  frames: number,
  tile: { side: number; frames: number },
): number {
  return vaeBytes(kind, job, Math.min(pixels, tile.side ** 2), Math.min(frames, tile.frames));
}

/**
 * A tile through an RRDBNet-like upscaler, and the batch that lies on the card meanwhile. Pictures are 32-bit there.
 */
export function upscaleBytes(tileSide: number, scale: number, batchPixels: number): number {
  return tileSide ** 2 * 3 * 4 * Math.max(scale, 1) * 384 + batchPixels * 3 * 4;
}

export const visionBytes = 256 * mebibyte;
export const textBytes = 128 * mebibyte;
