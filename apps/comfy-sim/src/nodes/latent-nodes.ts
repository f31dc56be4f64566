import type { Generation } from '../generation';
import { emptyRecipe } from '../pictures/recipe';
import type { NodeBehaviour } from './node-behaviour';
import { LatentValue, stillLayout } from './latent-value';

/** A latent cell of a still is eight pixels wide. */
const cell = stillLayout.cell;
export const toCells = (pixels: number, side = cell): number => Math.max(1, Math.floor(pixels / side)) * side;

const notesOf = (generation: Generation): string =>
  generation.latentsTellTheirScale ? `, 'downscale_ratio_spacial': ${cell}` : '';

const emptyStill =
  (generation: Generation, channels: number): NodeBehaviour['run'] =>
  (call) => {
    const recipes = Array.from({ length: call.int('batch_size') }, (_, index) => emptyRecipe(index));
    const layout = { ...stillLayout, channels };
    return {
      outputs: [
        new LatentValue(toCells(call.int('width')), toCells(call.int('height')), recipes, layout, notesOf(generation)),
      ],
    };
  };

export const emptyLatentImage = (generation: Generation): NodeBehaviour => ({
  functionName: 'EmptyLatentImage.generate',
  run: emptyStill(generation, stillLayout.channels),
});

/** More channels of nothing: a sampler of another family takes it all the same. */
export const emptySd3LatentImage = (generation: Generation): NodeBehaviour => ({ run: emptyStill(generation, 16) });

export const latentUpscale: NodeBehaviour = {
  functionName: 'LatentUpscale.upscale',
  run(call) {
    const latent = call.value('samples', LatentValue);
    const [width, height] = [call.int('width'), call.int('height')];
    if (width === 0 && height === 0) return { outputs: [latent] };
    const w = width === 0 ? (latent.width * height) / latent.height : width;
    const h = height === 0 ? (latent.height * width) / latent.width : height;
    return {
      outputs: [
        latent.with({
          width: toCells(Math.max(64, w), latent.layout.cell),
          height: toCells(Math.max(64, h), latent.layout.cell),
        }),
      ],
    };
  },
};

export const latentUpscaleBy: NodeBehaviour = {
  functionName: 'LatentUpscaleBy.upscale',
  run(call) {
    const latent = call.value('samples', LatentValue);
    const side = latent.layout.cell;
    const scaled = (pixels: number): number => Math.max(1, Math.round((pixels / side) * call.float('scale_by'))) * side;
    return { outputs: [latent.with({ width: scaled(latent.width), height: scaled(latent.height) })] };
  },
};

export const repeatLatentBatch: NodeBehaviour = {
  functionName: 'RepeatLatentBatch.repeat',
  run(call) {
    const latent = call.value('samples', LatentValue);
    const copies = Array.from({ length: call.int('amount') }, (_, copy) =>
      latent.recipes.map((recipe, index) => ({
        ...recipe,
        index: latent.layout.isVideo ? recipe.index : copy * latent.batch + index,
      })),
    );
    const clips = latent.layout.isVideo ? latent.layout.clips * copies.length : 1;
    return { outputs: [new LatentValue(latent.width, latent.height, copies.flat(), { ...latent.layout, clips })] };
  },
};

export const latentFromBatch: NodeBehaviour = {
  functionName: 'LatentFromBatch.frombatch',
  run(call) {
    const latent = call.value('samples', LatentValue);
    const first = Math.min(latent.batch - 1, call.int('batch_index'));
    return {
      outputs: [
        latent.with({
          recipes: latent.recipes.slice(first, first + Math.min(latent.batch - first, call.int('length'))),
        }),
      ],
    };
  },
};
