import { tiledVaeBytes, vaeBytes, type VaeKind } from '../card/activations';
import { outOfMemory } from '../card/out-of-memory';
import { emptyRecipe } from '../pictures/recipe';
import { Picture } from '../pictures/picture';
import { PyError } from '../python/errors';
import { onCard } from './gpu-work';
import { LatentValue, VaeValue } from './latent-value';
import { toCells } from './latent-nodes';
import type { NodeBehaviour, NodeCall } from './node-behaviour';
import { ImageValue } from './node-value';

/** Seconds of each VAE relative to that of SD1.5, for as many pixels. */
export const vaeFactor: Record<VaeKind, number> = { still: 1, 'wan2.1': 1, 'wan2.2': 0.5, cogvideox: 1.3 };
/** Tiles overlap, and a still goes through three passes of them. */
const tiledFactor = 1.8;
const encodeFactor = 0.6;
/** What a decoder falls back to when the whole picture finds no room. */
const fallbackTile = { side: 512, frames: Infinity };

interface VaeJob {
  readonly kind: 'decode' | 'encode';
  readonly vae: VaeValue;
  readonly pixels: number;
  readonly pictures: number;
}

const secondsOf = (call: NodeCall, { kind, vae, pixels, pictures }: VaeJob): number =>
  call.runtime.card.decodeSeconds(pixels, pictures, vaeFactor[vae.kind] * (kind === 'decode' ? 1 : encodeFactor));

/**
 * One picture at a time, a clip as a whole. A still without room is tried again in tiles, with the same outcome in
 * twice the time; a clip is not, it throws torch.OutOfMemoryError.
 */
async function passVae(call: NodeCall, job: VaeJob): Promise<void> {
  const { kind, vae, pixels, pictures } = job;
  const seconds = secondsOf(call, job);
  try {
    await onCard(call, [vae.weights], vaeBytes(vae.kind, kind, pixels, pictures), () => call.runtime.work(seconds));
  } catch (error) {
    if (!(error instanceof PyError) || error.type !== outOfMemory || vae.kind !== 'still') throw error;
    call.runtime.log(
      `Warning: no room for VAE ${kind === 'decode' ? 'decoding' : 'encoding'} at once, it goes on in tiles.`,
    );
    await onCard(call, [vae.weights], tiledVaeBytes(vae.kind, kind, pixels, pictures, fallbackTile), () =>
      call.runtime.work(seconds * 2),
    );
  }
}

function refuseChannels(latent: LatentValue, vae: VaeValue): void {
  if (latent.layout.channels === vae.layout.channels && latent.layout.isVideo === vae.layout.isVideo) return;
  throw new PyError(
    'RuntimeError',
    `Given groups=1, expected input to have ${vae.layout.channels} channels, but ` +
      `got ${latent.layout.channels} channels instead`,
  );
}

export const vaeDecode: NodeBehaviour = {
  functionName: 'VAEDecode.decode',
  async run(call) {
    const latent = call.value('samples', LatentValue);
    const vae = call.value('vae', VaeValue);
    refuseChannels(latent, vae);
    await passVae(call, { kind: 'decode', vae, pixels: latent.width * latent.height, pictures: latent.batch });
    return { outputs: [decoded(call, latent)] };
  },
};

/** Stills have one bar over three passes with other proportions each; clips have none, and nothing interrupts them. */
export const vaeDecodeTiled: NodeBehaviour = {
  functionName: 'VAEDecodeTiled.decode',
  async run(call) {
    const latent = call.value('samples', LatentValue);
    const vae = call.value('vae', VaeValue);
    refuseChannels(latent, vae);
    const job: VaeJob = { kind: 'decode', vae, pixels: latent.width * latent.height, pictures: latent.batch };
    await passTiles(
      call,
      job,
      latent.layout.isVideo
        ? 0
        : tileTicks(call, latent.width / latent.layout.cell, latent.height / latent.layout.cell, latent.batch),
    );
    return { outputs: [decoded(call, latent)] };
  },
};

export const vaeEncode: NodeBehaviour = {
  functionName: 'VAEEncode.encode',
  async run(call) {
    const vae = call.value('vae', VaeValue);
    const latent = encoded(call, vae);
    await passVae(call, { kind: 'encode', vae, pixels: latent.width * latent.height, pictures: latent.batch });
    return { outputs: [latent] };
  },
};

export const vaeEncodeTiled: NodeBehaviour = {
  functionName: 'VAEEncodeTiled.encode',
  async run(call) {
    const vae = call.value('vae', VaeValue);
    const latent = encoded(call, vae);
    const job: VaeJob = { kind: 'encode', vae, pixels: latent.width * latent.height, pictures: latent.batch };
    await passTiles(
      call,
      job,
      latent.layout.isVideo
        ? 0
        : tileTicks(call, latent.width / latent.layout.cell, latent.height / latent.layout.cell, latent.batch),
    );
    return { outputs: [latent] };
  },
};

async function passTiles(call: NodeCall, job: VaeJob, ticks: number): Promise<void> {
  const tile = { side: call.int('tile_size'), frames: call.int('temporal_size') };
  const seconds = secondsOf(call, job) * tiledFactor;
  await onCard(
    call,
    [job.vae.weights],
    tiledVaeBytes(job.vae.kind, job.kind, job.pixels, job.pictures, tile),
    async () => {
      if (ticks === 0) await call.runtime.work(seconds);
      for (let done = 1; done <= ticks; done += 1) {
        await call.runtime.work(seconds / ticks);
        await call.runtime.tick(done, ticks);
      }
    },
  );
}

function tileTicks(call: NodeCall, w: number, h: number, pictures: number): number {
  const tile = Math.max(1, Math.floor(call.int('tile_size') / 8));
  const overlap = Math.min(Math.floor(tile / 4), Math.floor(call.int('overlap') / 8));
  const passes = [
    [tile / 2, tile * 2],
    [tile * 2, tile / 2],
    [tile, tile],
  ] as const;
  return passes.reduce((sum, [x, y]) => sum + tilesAlong(w, x, overlap) * tilesAlong(h, y, overlap), 0) * pictures;
}

/** utils.get_tiled_scale_steps() along one side. */
export function tilesAlong(size: number, posted: number, overlap: number): number {
  const tile = Math.floor(posted);
  return size > tile ? Math.ceil((size - overlap) / (tile - overlap)) : 1;
}

/** A VAE of films takes a batch for one clip. */
function encoded(call: NodeCall, vae: VaeValue): LatentValue {
  const { pictures } = call.value('pixels', ImageValue);
  const { cell, isVideo } = vae.layout;
  const [first] = pictures;
  const kept = isVideo ? pictures.slice(0, Math.floor((pictures.length - 1) / 4) * 4 + 1) : pictures;
  const recipes = kept.map((picture, index) => picture.recipe ?? emptyRecipe(isVideo ? 0 : index, picture.fingerprint));
  return new LatentValue(
    toCells(first?.width ?? cell, cell),
    toCells(first?.height ?? cell, cell),
    recipes,
    vae.layout,
  );
}

export function decoded(call: NodeCall, latent: Pick<LatentValue, 'recipes' | 'width' | 'height'>): ImageValue {
  const black = call.runtime.blackens();
  return new ImageValue(
    latent.recipes.map((recipe) =>
      black ? Picture.solid(0, latent.width, latent.height) : Picture.drawn(recipe, latent.width, latent.height),
    ),
  );
}
