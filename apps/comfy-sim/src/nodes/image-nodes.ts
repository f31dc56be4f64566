import { upscaleBytes } from '../card/activations';
import { upscaleTiles } from '../card/card';
import { helperWeights } from '../card/model-weights';
import { outOfMemory } from '../card/out-of-memory';
import { Picture, type Kernel } from '../pictures/picture';
import { toInt } from '../python/conversions';
import { PyError } from '../python/errors';
import { PyFloat } from '../python/values';
import { onCard } from './gpu-work';
import type { NodeBehaviour, NodeCall } from './node-behaviour';
import { ImageValue, UpscaleModelValue } from './node-value';
import { tilesAlong } from './vae-nodes';

const kernels: Record<string, Kernel> = {
  'nearest-exact': 'nearest',
  bilinear: 'linear',
  area: 'linear',
  bicubic: 'cubic',
  lanczos: 'lanczos3',
};
export const kernelNamed = (method: string): Kernel => kernels[method] ?? 'lanczos3';
const kernelOf = (call: NodeCall): Kernel => kernelNamed(call.text('upscale_method'));

const mapPictures = (images: ImageValue, change: (picture: Picture) => Picture): { outputs: [ImageValue] } => ({
  outputs: [new ImageValue(images.pictures.map(change))],
});

export const emptyImage: NodeBehaviour = {
  functionName: 'EmptyImage.generate',
  run(call) {
    const picture = Picture.solid(call.int('color'), call.int('width'), call.int('height'));
    return { outputs: [new ImageValue(Array.from({ length: call.int('batch_size') }, () => picture))] };
  },
};

export const imageScale: NodeBehaviour = {
  functionName: 'ImageScale.upscale',
  run(call) {
    const images = call.value('image', ImageValue);
    const [width, height] = [call.int('width'), call.int('height')];
    if (width === 0 && height === 0) return { outputs: [images] };
    const position = call.text('crop') === 'center' ? 'centre' : undefined;
    return mapPictures(images, (picture) =>
      picture.scaled(
        width === 0 ? Math.max(1, Math.round((picture.width * height) / picture.height)) : width,
        height === 0 ? Math.max(1, Math.round((picture.height * width) / picture.width)) : height,
        kernelOf(call),
        position,
      ),
    );
  },
};

/** round() of Python, which NaN does not survive. */
const roundToInt = (value: number): number => Number(toInt(new PyFloat(Math.round(value))));

export const imageScaleBy: NodeBehaviour = {
  functionName: 'ImageScaleBy.upscale',
  run(call) {
    const factor = call.float('scale_by');
    return mapPictures(call.value('image', ImageValue), (picture) =>
      picture.scaled(roundToInt(picture.width * factor), roundToInt(picture.height * factor), kernelOf(call)),
    );
  },
};

export const imageInvert: NodeBehaviour = {
  functionName: 'ImageInvert.invert',
  run: (call) => mapPictures(call.value('image', ImageValue), (picture) => picture.inverted()),
};

/** The second batch takes the size of the first. */
export const imageBatch: NodeBehaviour = {
  functionName: 'ImageBatch.batch',
  run(call) {
    const first = call.value('image1', ImageValue);
    const second = call.value('image2', ImageValue);
    const [width, height] = [first.pictures[0]?.width ?? 1, first.pictures[0]?.height ?? 1];
    const fitted = second.pictures.map((picture) =>
      picture.width === width && picture.height === height
        ? picture
        : picture.scaled(width, height, 'linear', 'centre'),
    );
    return { outputs: [new ImageValue([...first.pictures, ...fitted])] };
  },
};

/** Overlap of the tiles of ImageUpscaleWithModel, in pixels. */
const upscaleOverlap = 32;

/** Tries smaller tiles, with a bar of their own, when there is no room; gives up at the smallest. */
export const imageUpscaleWithModel: NodeBehaviour = {
  async run(call) {
    const { scale, file } = call.value('upscale_model', UpscaleModelValue);
    const { pictures } = call.value('image', ImageValue);
    for (const tile of upscaleTiles) {
      try {
        await upscaleInTiles(call, { pictures, tile, scale, file });
        break;
      } catch (error) {
        const smallest = tile === upscaleTiles.at(-1);
        if (smallest || !(error instanceof PyError) || error.type !== outOfMemory) throw error;
      }
    }
    return {
      outputs: [
        new ImageValue(
          pictures.map((picture) => picture.scaled(picture.width * scale, picture.height * scale, 'lanczos3')),
        ),
      ],
    };
  },
};

interface UpscaleJob {
  readonly pictures: readonly Picture[];
  readonly tile: number;
  readonly scale: number;
  readonly file: string;
}

async function upscaleInTiles(call: NodeCall, { pictures, tile, scale, file }: UpscaleJob): Promise<void> {
  const [width, height] = [pictures[0]?.width ?? 1, pictures[0]?.height ?? 1];
  const ticks = tilesAlong(width, tile, upscaleOverlap) * tilesAlong(height, tile, upscaleOverlap) * pictures.length;
  await onCard(call, [helperWeights(file)], upscaleBytes(tile, scale, width * height * pictures.length), async () => {
    for (let done = 1; done <= ticks; done += 1) {
      await call.runtime.work(call.runtime.card.upscaleSecondsPerTile(tile));
      await call.runtime.tick(done, ticks);
    }
  });
}
