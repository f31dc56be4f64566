import type { Generation } from '../generation';
import { emptyRecipe } from '../pictures/recipe';
import { Picture } from '../pictures/picture';
import type { NodeBehaviour, NodeCall } from './node-behaviour';
import { ImageValue, LatentValue, VaeValue } from './node-value';

/** A latent cell is eight pixels wide. */
const cell = 8;
const toCells = (pixels: number): number => Math.max(1, Math.floor(pixels / cell)) * cell;

export const emptyLatentImage = (generation: Generation): NodeBehaviour => ({
  functionName: 'EmptyLatentImage.generate',
  run(call) {
    const recipes = Array.from({ length: call.int('batch_size') }, (_, index) => emptyRecipe(index));
    const notes = generation.latentsTellTheirScale ? `, 'downscale_ratio_spacial': ${cell}` : '';
    return { outputs: [new LatentValue(toCells(call.int('width')), toCells(call.int('height')), recipes, notes)] };
  },
});

/** More channels of nothing: a sampler of another family takes it all the same. */
export const emptySd3LatentImage = (generation: Generation): NodeBehaviour => ({ run: emptyLatentImage(generation).run });

export const latentUpscale: NodeBehaviour = {
  functionName: 'LatentUpscale.upscale',
  run(call) {
    const latent = call.value('samples', LatentValue);
    const [width, height] = [call.int('width'), call.int('height')];
    if (width === 0 && height === 0) return { outputs: [latent] };
    const w = width === 0 ? (latent.width * height) / latent.height : width;
    const h = height === 0 ? (latent.height * width) / latent.width : height;
    return { outputs: [new LatentValue(toCells(Math.max(64, w)), toCells(Math.max(64, h)), latent.recipes)] };
  },
};

export const latentUpscaleBy: NodeBehaviour = {
  functionName: 'LatentUpscaleBy.upscale',
  run(call) {
    const latent = call.value('samples', LatentValue);
    const scaled = (pixels: number): number => Math.round((pixels / cell) * call.float('scale_by')) * cell;
    return { outputs: [new LatentValue(scaled(latent.width), scaled(latent.height), latent.recipes)] };
  },
};

export const vaeEncode: NodeBehaviour = {
  functionName: 'VAEEncode.encode',
  async run(call) {
    const { pictures } = call.value('pixels', ImageValue);
    const [first] = pictures;
    const [width, height] = [toCells(first?.width ?? cell), toCells(first?.height ?? cell)];
    await call.runtime.work(call.runtime.card.decodeSeconds(width * height, pictures.length) * 0.6);
    const recipes = pictures.map((picture, index) => picture.recipe ?? emptyRecipe(index, picture.fingerprint));
    return { outputs: [new LatentValue(width, height, recipes)] };
  },
};

export const vaeDecode: NodeBehaviour = {
  functionName: 'VAEDecode.decode',
  async run(call) {
    const latent = call.value('samples', LatentValue);
    call.value('vae', VaeValue);
    await call.runtime.work(call.runtime.card.decodeSeconds(latent.width * latent.height, latent.batch));
    return { outputs: [decoded(call, latent)] };
  },
};

/** Three passes over the tiles of each picture, with other proportions each, on one progress bar. */
export const vaeDecodeTiled: NodeBehaviour = {
  functionName: 'VAEDecodeTiled.decode',
  async run(call) {
    const latent = call.value('samples', LatentValue);
    const tile = Math.max(1, Math.floor(call.int('tile_size') / cell));
    const overlap = Math.min(Math.floor(tile / 4), Math.floor(call.int('overlap') / cell));
    const [w, h] = [latent.width / cell, latent.height / cell];
    const passes = [[tile / 2, tile * 2], [tile * 2, tile / 2], [tile, tile]] as const;
    const perPicture = passes.reduce((sum, [x, y]) => sum + tilesAlong(w, x, overlap) * tilesAlong(h, y, overlap), 0);
    const ticks = perPicture * latent.batch;
    const seconds = call.runtime.card.decodeSeconds(latent.width * latent.height, latent.batch) * 1.8;
    for (let done = 1; done <= ticks; done += 1) {
      await call.runtime.work(seconds / ticks);
      await call.runtime.tick(done, ticks);
    }
    return { outputs: [decoded(call, latent)] };
  },
};

/** utils.get_tiled_scale_steps() along one side. */
export function tilesAlong(size: number, posted: number, overlap: number): number {
  const tile = Math.floor(posted);
  return size > tile ? Math.ceil((size - overlap) / (tile - overlap)) : 1;
}

function decoded(call: NodeCall, latent: LatentValue): ImageValue {
  const black = call.runtime.blackens();
  return new ImageValue(latent.recipes.map((recipe) => black
    ? Picture.solid(0, latent.width, latent.height)
    : Picture.drawn(recipe, latent.width, latent.height)));
}
