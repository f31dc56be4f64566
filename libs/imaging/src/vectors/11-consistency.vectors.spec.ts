import { clsToken, frameConsistency } from '../continuity/consistency';
import { cosine, toUnitVector } from '../identity/embedding';
import { dinoCrop, dinoInput } from '../model-input/dino';
import { modelContracts } from '../models/contracts';
import { OnnxModel } from '../models/onnx-model';
import { expectBytes, expectFloats, largestDifference, type ByteDigest, type FloatDigest } from './digests';
import { generatedPicture, streamBytes, type GeneratedInput } from './generated-pictures';
import { describeVectors, each, numbersIn, readFloats, vectorPath, type BinaryReference } from './vector-files';

const computedOf = (embeddings: ArrayLike<number>[]) => {
  const result = frameConsistency(embeddings);
  if (result.state !== 'computed') throw new Error(result.reason);
  return result.value;
};

/** `u_k=l2(LCG(384,10+k)-128), k=1..4; f0=u1; f1=l2(.9u1+.4u2); ...` */
function embeddingsOf(text: string): Float64Array[] {
  const [length, firstSeed] = numbersIn(text, /LCG\((\d+),(\d+)\+k\)-128/) as [number, number];
  const stream = (k: number): Float64Array =>
    toUnitVector(Float64Array.from(streamBytes(length, firstSeed + k), (byte) => byte - 128));
  return [...text.matchAll(/f\d+=([^;]*)/g)].map(([, sum = '']) => {
    const total = new Float64Array(length);
    for (const [, sign, factor, k] of sum.matchAll(/([+-]?)([\d.]*)u(\d+)/g)) {
      const weight = (sign === '-' ? -1 : 1) * (factor === '' ? 1 : Number(factor));
      stream(Number(k)).forEach((value, index) => (total[index] = total[index]! + weight * value));
    }
    return total;
  });
}

describeVectors<{
  tolerance: { givenEmbeddings: number; tensor: number; clsCosine: number };
  recipe?: { text: string; perFrame: number[]; score: number; min: number };
  model: string;
  images: { input: GeneratedInput; crop: ByteDigest; tensor: FloatDigest; cls: BinaryReference }[];
  clip?: { perFrame: number[]; score: number; min: number; adjacentOnlyMean: number };
}>('frame_consistency', ({ recipe, images = [], clip, model, tolerance }) => {
  describe('frame consistency', () => {
    if (recipe)
      it('recipe with a negative cosine', () => {
        const result = computedOf(embeddingsOf(recipe.text));
        expect(
          largestDifference(
            [...result.perFrame, result.score, result.min],
            [...recipe.perFrame, recipe.score, recipe.min],
          ),
        ).toBeLessThanOrEqual(tolerance.givenEmbeddings);
      });

    if (clip)
      it('clip of the pictures', () => {
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

  if (images.length === 0) return;
  describe('dino network', () => {
    let network: OnnxModel;
    beforeAll(async () => {
      network = await OnnxModel.open(vectorPath(model), modelContracts.dino);
    });
    afterAll(() => network.close());

    each(images.map((vector) => [`${vector.input.kind} ${vector.input.w} x ${vector.input.h}`, vector] as const))(
      '%s',
      async (_, vector) => {
        const picture = generatedPicture(vector.input);
        expectBytes(dinoCrop(picture).data, vector.crop);
        expectFloats(dinoInput(picture), vector.tensor, tolerance.tensor);
        const { last_hidden_state: hidden } = await network.run({
          pixel_values: { data: dinoInput(picture), dims: [1, 3, 224, 224] },
        });
        if (hidden === undefined) throw new Error('no last_hidden_state');
        expect(1 - cosine(clsToken(hidden.data, hidden.dims), readFloats(vector.cls))).toBeLessThanOrEqual(
          tolerance.clsCosine,
        );
      },
    );
  });
});
