import { normalisations, toPlanes } from '../model-input/planes';
import type { FloatTensor, OnnxModel } from '../models/onnx-model';
import type { PixelSize, Rgb } from '../picture';
import { pilBilinear } from '../resample/pillow';

/** How different two pictures of one size look, 0 for equal ones. */
export type PerceptualDistance = (left: Rgb, right: Rgb) => Promise<number>;

export const LPIPS_SHORT_SIDE = 256;
export const LPIPS_PREPROCESSING = 'lpips_alex_v0.1@256: pillow bilinear, short side 256, even sides';

/**
 * Short side 256, aspect kept, long side rounded to an even number. The distance depends on the size: 64 px gives half.
 */
export function lpipsSize({ width, height }: PixelSize): PixelSize {
  const long = (side: number, short: number): number => 2 * Math.floor((side * LPIPS_SHORT_SIDE) / short / 2 + 0.5);
  return width <= height
    ? { width: LPIPS_SHORT_SIDE, height: long(height, width) }
    : { width: long(width, height), height: LPIPS_SHORT_SIDE };
}

export const lpipsPicture = (picture: Rgb): Rgb => pilBilinear(picture, lpipsSize(picture));

/** One graph: `img0`, `img1` [N, 3, H, W] in -1..1 to `dist` [N]. */
export const lpipsPairContract = {
  inputs: [
    { name: 'img0', shape: [null, 3, null, null] },
    { name: 'img1', shape: [null, 3, null, null] },
  ],
  outputs: [{ name: 'dist', shape: [null] }],
} as const;

/**
 * Two graphs, as deepghs/imgutils-models: features of one picture in 0..1, then the distance of two sets of features.
 */
export const lpipsFeatureContract = {
  inputs: [{ name: 'input', shape: [null, 3, null, null] }],
  outputs: [0, 1, 2, 3, 4].map((layer) => ({ name: `feat_${layer}`, shape: [null, null, null, null] })),
} as const;
export const lpipsDiffContract = {
  inputs: ['x', 'y'].flatMap((side) =>
    [0, 1, 2, 3, 4].map((layer) => ({ name: `feat_${side}_${layer}`, shape: [null, null, null, null] })),
  ),
  outputs: [{ name: 'output', shape: [null] }],
} as const;

/**
 * LPIPS of two pictures at the size they have; resize with `lpipsPicture` first.
 * Formula source: lpips 0.1.4, AlexNet, version 0.1. Tolerance 1e-6, equal pictures exactly 0.
 * The range of the input is the one thing no shape check finds: this graph takes -1..1, the feature graph 0..1.
 */
export function lpipsFromPair(model: OnnxModel): PerceptualDistance {
  return async (left, right) => {
    const { dist } = await model.run({ img0: tensorOf(left, 'arcface'), img1: tensorOf(right, 'arcface') });
    return onlyValue(dist);
  };
}

/** As `lpipsFromPair`; the features of the last pictures are kept, so that a clip costs one pass per frame. */
export function lpipsFromFeatures(features: OnnxModel, difference: OnnxModel): PerceptualDistance {
  const remembered = new Map<Rgb, Promise<Record<string, FloatTensor>>>();
  const featuresOf = (picture: Rgb): Promise<Record<string, FloatTensor>> => {
    const known = remembered.get(picture);
    if (known !== undefined) return known;
    const fresh = features.run({ input: tensorOf(picture, 'unit') });
    remembered.set(picture, fresh);
    // Two are enough for neighbours; each holds tens of megabytes.
    for (const oldest of remembered.keys()) {
      if (remembered.size <= 2) break;
      remembered.delete(oldest);
    }
    return fresh;
  };
  return async (left, right) => {
    const inputs: Record<string, FloatTensor> = {};
    for (const [side, picture] of [
      ['x', left],
      ['y', right],
    ] as const)
      for (const [name, tensor] of Object.entries(await featuresOf(picture)))
        inputs[name.replace('feat_', `feat_${side}_`)] = tensor;
    const { output } = await difference.run(inputs);
    return onlyValue(output);
  };
}

const tensorOf = (picture: Rgb, range: 'arcface' | 'unit'): FloatTensor => ({
  data: toPlanes(picture, normalisations[range]),
  dims: [1, 3, picture.height, picture.width],
});

function onlyValue(tensor: FloatTensor | undefined): number {
  const value = tensor?.data[0];
  if (value === undefined) throw new Error('the distance network gave no value');
  return value;
}
