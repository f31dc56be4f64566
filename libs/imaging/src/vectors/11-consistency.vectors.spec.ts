import { clsToken, frameConsistency } from '../continuity/consistency';
import { cosine, toUnitVector } from '../identity/embedding';
import { dinoCrop, dinoInput } from '../model-input/dino';
import { OnnxModel } from '../models/onnx-model';
import { expectBytes, expectFloats, largestDifference, type ByteDigest, type FloatDigest } from './digests';
import { generatedPicture, streamBytes, type GeneratedInput } from './generated-pictures';
import { readFloats, readVectors, vectorPath, type BinaryReference } from './vector-files';

const { recipe, images, clip, model, tolerance } = readVectors<{
  tolerance: { givenEmbeddings: number; tensor: number; clsCosine: number };
  recipe: { perFrame: number[]; score: number; min: number };
  model: string;
  images: { input: GeneratedInput; crop: ByteDigest; tensor: FloatDigest; cls: BinaryReference }[];
  clip: { perFrame: number[]; score: number; min: number; adjacentOnlyMean: number };
}>('11_consistency');

const computedOf = (embeddings: ArrayLike<number>[]) => {
  const result = frameConsistency(embeddings);
  if (result.state !== 'computed') throw new Error(result.reason);
  return result.value;
};

describe('frame consistency', () => {
  it('recipe with a negative cosine', () => {
    const [u1, u2, u3, u4] = [1, 2, 3, 4].map((k) => toUnitVector(Float64Array.from(streamBytes(384, 10 + k), (byte) => byte - 128))) as [
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
    ];
    const mix = (a: number, left: Float64Array, b: number, right: Float64Array): Float64Array =>
      left.map((value, index) => a * value + b * right[index]!);
    const result = computedOf([u1, mix(0.9, u1, 0.4, u2), mix(0.8, u1, 0.6, u3), mix(-0.5, u1, 1, u4)]);
    expect(
      largestDifference([...result.perFrame, result.score, result.min], [...recipe.perFrame, recipe.score, recipe.min]),
    ).toBeLessThanOrEqual(tolerance.givenEmbeddings);
  });

  it('clip of the five pictures', () => {
    const result = computedOf(images.map(({ cls }) => readFloats(cls)));
    expect(
      largestDifference(
        [...result.perFrame, result.score, result.min, result.adjacentMean],
        [...clip.perFrame, clip.score, clip.min, clip.adjacentOnlyMean],
      ),
    ).toBeLessThanOrEqual(tolerance.givenEmbeddings);
  });

  it('of one frame, or of a frame without direction, is not computed', () => {
    expect(frameConsistency([[1, 0]])).toEqual({ state: 'not_computed', reason: 'too_few_frames' });
    expect(
      frameConsistency([
        [1, 0],
        [0, 0],
      ]),
    ).toEqual({ state: 'not_computed', reason: 'inference_failed' });
    expect(
      frameConsistency([
        [1, 0],
        [NaN, 0],
      ]),
    ).toEqual({ state: 'not_computed', reason: 'inference_failed' });
  });
});

describe('dino network', () => {
  let network: OnnxModel;
  beforeAll(async () => {
    network = await OnnxModel.open(vectorPath(model), {
      inputs: [{ name: 'pixel_values', shape: [1, 3, 224, 224] }],
      outputs: [{ name: 'last_hidden_state', shape: [1, null, 384] }],
    });
  });
  afterAll(() => network.close());

  it.each(images.map((vector) => [`${vector.input.kind} ${vector.input.w} x ${vector.input.h}`, vector] as const))(
    '%s',
    async (_, vector) => {
      const picture = generatedPicture(vector.input);
      expectBytes(dinoCrop(picture).data, vector.crop);
      expectFloats(dinoInput(picture), vector.tensor, tolerance.tensor);
      const { last_hidden_state: hidden } = await network.run({ pixel_values: { data: dinoInput(picture), dims: [1, 3, 224, 224] } });
      if (hidden === undefined) throw new Error('no last_hidden_state');
      expect(1 - cosine(clsToken(hidden.data, hidden.dims), readFloats(vector.cls))).toBeLessThanOrEqual(tolerance.clsCosine);
    },
  );
});
