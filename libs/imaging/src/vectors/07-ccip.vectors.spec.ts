import { ccipDifference, mergeEmbeddings, similarityToReferences } from '../identity/ccip';
import { cosine, euclideanNorm, type Embedding } from '../identity/embedding';
import { ccipInput } from '../model-input/ccip';
import { modelContracts } from '../models/contracts';
import { OnnxModel } from '../models/onnx-model';
import { expectFloats, largestDifference, type FloatDigest } from './digests';
import { generatedPicture, streamBytes, type GeneratedInput } from './generated-pictures';
import { describeVectors, each, numbersIn, readFloats, vectorPath, type BinaryReference } from './vector-files';

const embedding = (vector: Float32Array): Embedding => ({ contractId: 'ccip', vector });
const relative = 1e-5;

describeVectors<{
  tolerance: { tensor: number; embeddingCosine: number; difference: number };
  table: { cos: number; difference: number }[];
  vectors?: {
    seeds: number[];
    cos_first_two: number;
    difference: number;
    difference_first_times_3: number;
    merge: { norm: number; first4: number[]; diffToEach: number[] };
  };
  model: string;
  images: { input: GeneratedInput; tensor: FloatDigest; embedding: BinaryReference }[];
  differenceMatrix?: number[][];
  nearest?: { recipe: string; cases: { candidate: number; cosines: number[]; meanOf3Nearest: number }[] };
}>('ccip', ({ table = [], vectors, images = [], differenceMatrix, nearest, model, tolerance }) => {
  const stream = (seed: number, length = 768): Float32Array =>
    Float32Array.from(streamBytes(length, seed), (byte) => byte - 128);

  describe('ccip difference', () => {
    each(table)('of cosine $cos', ({ cos, difference }) => {
      expect(Math.abs(ccipDifference(cos) - difference)).toBeLessThanOrEqual(1e-12);
    });

    if (vectors)
      it('of two streams, whatever their length', () => {
        const [a, b] = vectors.seeds.map((seed) => stream(seed)) as [Float32Array, Float32Array];
        expect(Math.abs(cosine(a, b) - vectors.cos_first_two)).toBeLessThanOrEqual(1e-9);
        expect(Math.abs(ccipDifference(cosine(a, b)) - vectors.difference)).toBeLessThanOrEqual(1e-9);
        expect(
          Math.abs(
            ccipDifference(
              cosine(
                a.map((value) => value * 3),
                b,
              ),
            ) - vectors.difference_first_times_3,
          ),
        ).toBeLessThanOrEqual(1e-9);
      });
  });

  describe('ccip references', () => {
    if (vectors)
      it('merge to the direction and length of the original', () => {
        const merged = mergeEmbeddings(vectors.seeds.map((seed) => embedding(stream(seed))));
        if (merged.state !== 'computed') throw new Error(merged.reason);
        const { vector } = merged.value;
        // The original calculates in 32 bits.
        expect(Math.abs(euclideanNorm(vector) / vectors.merge.norm - 1)).toBeLessThanOrEqual(tolerance.embeddingCosine);
        expect(largestDifference(vector.subarray(0, 4), vectors.merge.first4)).toBeLessThanOrEqual(
          relative * vectors.merge.norm,
        );
        const differences = vectors.seeds.map((seed) => ccipDifference(cosine(vector, stream(seed))));
        expect(largestDifference(differences, vectors.merge.diffToEach)).toBeLessThanOrEqual(tolerance.difference);
      });

    each(nearest?.cases ?? [])('three nearest, candidate $candidate', ({ candidate, cosines, meanOf3Nearest }) => {
      const number = '([\\d.]+)';
      const [
        length,
        lastReference,
        firstReference,
        referenceShare,
        commonSeed,
        ownShare,
        firstCandidate,
        candidateShare,
      ] = numbersIn(
        nearest!.recipe,
        new RegExp(
          `LCG\\((\\d+),s\\)-128; refs k=0\\.\\.(\\d+): v\\((\\d+)\\+k\\)\\+${number} v\\((\\d+)\\); candidates ` +
            `k=0\\.\\.\\d+: ${number} v\\((\\d+)\\+k\\)\\+${number} v`,
        ),
      ) as [number, number, number, number, number, number, number, number];
      const common = stream(commonSeed, length);
      const blend = (seed: number, own: number, share: number): Embedding =>
        embedding(Float32Array.from(stream(seed, length), (value, index) => own * value + share * common[index]!));
      const references = Array.from({ length: lastReference + 1 }, (_, k) =>
        blend(firstReference + k, 1, referenceShare),
      );
      const subject = blend(firstCandidate + candidate, ownShare, candidateShare);
      expect(
        largestDifference(
          references.map(({ vector }) => cosine(subject.vector, vector)),
          cosines,
        ),
      ).toBeLessThanOrEqual(1e-9);
      const score = similarityToReferences(subject, references);
      if (score.state !== 'computed') throw new Error(score.reason);
      expect(Math.abs(score.value - meanOf3Nearest)).toBeLessThanOrEqual(1e-9);
    });
  });

  if (images.length === 0) return;
  describe('ccip network', () => {
    let network: OnnxModel;
    beforeAll(async () => {
      network = await OnnxModel.open(vectorPath(model), modelContracts.ccip);
    });
    afterAll(() => network.close());

    const embed = async (input: GeneratedInput): Promise<Float32Array> => {
      const { output } = await network.run({
        input: { data: ccipInput(generatedPicture(input)), dims: [1, 3, 384, 384] },
      });
      if (output === undefined) throw new Error('no output');
      return output.data;
    };

    each(images.map((vector) => [`${vector.input.kind} ${vector.input.w} x ${vector.input.h}`, vector] as const))(
      '%s',
      async (_, vector) => {
        expectFloats(ccipInput(generatedPicture(vector.input)), vector.tensor, tolerance.tensor);
        const actual = await embed(vector.input);
        const expected = readFloats(vector.embedding);
        expect(1 - cosine(actual, expected)).toBeLessThanOrEqual(tolerance.embeddingCosine);
        expect(largestDifference(actual, expected) / euclideanNorm(expected)).toBeLessThanOrEqual(relative);
      },
    );

    if (differenceMatrix)
      it('difference of every pair', async () => {
        const embeddings: Float32Array[] = [];
        for (const { input } of images) embeddings.push(await embed(input));
        const matrix = embeddings.map((left) => embeddings.map((right) => ccipDifference(cosine(left, right))));
        expect(largestDifference(matrix.flat(), differenceMatrix.flat())).toBeLessThanOrEqual(tolerance.difference);
      });
  });
});
