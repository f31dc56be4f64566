import { crop } from '../model-input/crop';
import { OnnxModel } from '../models/onnx-model';
import {
  lpipsDiffContract,
  lpipsFeatureContract,
  lpipsFromFeatures,
  lpipsFromPair,
  lpipsPairContract,
  lpipsPicture,
  type PerceptualDistance,
} from '../perception/lpips';
import { temporalLpips } from '../perception/temporal-lpips';
import type { Rgb } from '../picture';
import { pilBilinear } from '../resample/pillow';
import { largestDifference } from './digests';
import { clampToByte, generatedPicture, lineArt, rgb, rolledRight, streamBytes, type GeneratedInput } from './generated-pictures';
import { readVectors, vectorPath } from './vector-files';

type Second = 'same' | 'shift2px_right_wrap' | 'noise_add' | 'other_seed';

const { cases, imgutils400, temporal, sameShiftBySize, tolerance } = readVectors<{
  tolerance: { absolute: number };
  cases: { id: string; input: GeneratedInput; second: Second; lpips: number; reverse: number }[];
  imgutils400: { a: GeneratedInput; b: GeneratedInput; lpips400: number }[];
  temporal: {
    id: string;
    clip: { base: GeneratedInput; n: number; w: number; h: number };
    resizedTo: [number, number];
    pairs: number[];
    mean: number;
    p95: number;
    max: number;
  }[];
  sameShiftBySize: { values: { id: number; value: number }[] };
}>('09_lpips');

const seconds: Record<Second, (picture: Rgb, input: GeneratedInput) => Rgb> = {
  same: (picture) => picture,
  shift2px_right_wrap: (picture) => rolledRight(picture, 2),
  noise_add: ({ width, height, data }) => {
    const noise = streamBytes(data.length, 132);
    return rgb(
      width,
      height,
      data.map((value, index) => clampToByte(value + (noise[index]! >> 4) - 8)),
    );
  },
  other_seed: (_, input) => generatedPicture({ ...input, seed: 133 }),
};

describe('lpips', () => {
  const opened: OnnxModel[] = [];
  let pair: PerceptualDistance;
  let features: PerceptualDistance;
  const open = async (file: string, contract: Parameters<typeof OnnxModel.open>[1]): Promise<OnnxModel> => {
    const model = await OnnxModel.open(vectorPath(file), contract);
    opened.push(model);
    return model;
  };
  beforeAll(async () => {
    pair = lpipsFromPair(await open('models/lpips_rand.onnx', lpipsPairContract));
    features = lpipsFromFeatures(
      await open('models/lpips_rand_feature.onnx', lpipsFeatureContract),
      await open('models/lpips_rand_diff.onnx', lpipsDiffContract),
    );
  });
  afterAll(() => Promise.all(opened.map((model) => model.close())));

  it.each(cases.map((vector) => [vector.id, vector] as const))('%s', async (_, vector) => {
    const first = generatedPicture(vector.input);
    const second = seconds[vector.second](first, vector.input);
    const limit = vector.second === 'same' ? 0 : tolerance.absolute;
    for (const distance of [pair, features]) {
      expect(Math.abs((await distance(first, second)) - vector.lpips)).toBeLessThanOrEqual(limit);
      expect(Math.abs((await distance(second, first)) - vector.reverse)).toBeLessThanOrEqual(limit);
    }
  });

  it.each(imgutils400)('imgutils at 400 px', async ({ a, b, lpips400 }) => {
    const at400 = (input: GeneratedInput): Rgb => pilBilinear(generatedPicture(input), { width: 400, height: 400 });
    expect(Math.abs((await features(at400(a), at400(b))) - lpips400)).toBeLessThanOrEqual(tolerance.absolute);
  });

  it.each(temporal.map((vector) => [vector.id, vector] as const))('temporal %s', async (_, vector) => {
    const { base, n, w, h } = vector.clip;
    const frames = Array.from({ length: n }, (_unused, index) =>
      lpipsPicture(crop(generatedPicture(base), { left: 3 * index, top: 0, width: w, height: h })),
    );
    expect([frames[0]!.width, frames[0]!.height]).toEqual(vector.resizedTo);
    for (const distance of [pair, features]) {
      const result = await temporalLpips(frames, distance);
      if (result.state !== 'computed') throw new Error(result.reason);
      const { pairs, mean, p95, max } = result.value;
      expect(largestDifference([...pairs, mean, p95, max], [...vector.pairs, vector.mean, vector.p95, vector.max])).toBeLessThanOrEqual(
        tolerance.absolute,
      );
    }
  });

  it.each(sameShiftBySize.values)('the same shift at $id px', async ({ id, value }) => {
    // The seed is not in the file; this one gives its numbers at all four sizes.
    const art = lineArt(512, 512, 161);
    const size = { width: id, height: id };
    const measuredValue = await pair(pilBilinear(art, size), pilBilinear(rolledRight(art, 8), size));
    expect(Math.abs(measuredValue - value)).toBeLessThanOrEqual(tolerance.absolute);
  });
});
