import { alignFace, type FaceLandmarks } from '../identity/alignment';
import { cosine, euclideanNorm, toEmbedding } from '../identity/embedding';
import { arcfaceInput } from '../model-input/arcface';
import { modelContracts } from '../models/contracts';
import { OnnxModel } from '../models/onnx-model';
import { expectFloats, largestDifference, type FloatDigest } from './digests';
import { generatedPicture, rgb, type GeneratedInput } from './generated-pictures';
import { describeVectors, each, readBytes, readFloats, vectorPath, type BinaryReference } from './vector-files';

describeVectors<{
  tolerance: {
    tensor: number;
    embeddingCosineGivenCrop: number;
    embeddingRelative: number;
    endToEndCosine: number;
    similarity: number;
  };
  models: Record<'plain' | 'baked', { file: string }>;
  cases: {
    id: string;
    input: GeneratedInput;
    landmarks: FaceLandmarks;
    aligned: BinaryReference;
    tensor: FloatDigest;
    embedding: BinaryReference;
    norm: number;
  }[];
  similarity?: { order: string[]; matrix: number[][] };
}>('arcface', ({ cases = [], models, similarity, tolerance }) => {
  const networks = new Map<'plain' | 'baked', OnnxModel>();
  beforeAll(async () => {
    for (const kind of ['plain', 'baked'] as const)
      networks.set(kind, await OnnxModel.open(vectorPath(models[kind].file), modelContracts.arcface));
  });
  afterAll(() => Promise.all([...networks.values()].map((network) => network.close())));

  const embed = async (kind: 'plain' | 'baked', aligned: ReturnType<typeof rgb>): Promise<Float32Array> => {
    const network = networks.get(kind);
    if (network === undefined) throw new Error(kind);
    const outputs = await network.run({
      [network.inputName()]: { data: arcfaceInput(aligned, kind), dims: [1, 3, 112, 112] },
    });
    return Object.values(outputs)[0]!.data;
  };

  each(cases.map((vector) => [vector.id, vector] as const))('%s', async (_, vector) => {
    const crop = rgb(112, 112, readBytes(vector.aligned));
    expectFloats(arcfaceInput(crop), vector.tensor, tolerance.tensor);
    const expected = readFloats(vector.embedding);
    for (const kind of ['plain', 'baked'] as const) {
      const given = await embed(kind, crop);
      expect(1 - cosine(given, expected)).toBeLessThanOrEqual(tolerance.embeddingCosineGivenCrop);
      expect(largestDifference(given, expected) / euclideanNorm(expected)).toBeLessThanOrEqual(
        tolerance.embeddingRelative,
      );
    }
    const aligned = alignFace(generatedPicture(vector.input), vector.landmarks);
    if (aligned.state !== 'computed') throw new Error(aligned.reason);
    expect(1 - cosine(await embed('plain', aligned.value), expected)).toBeLessThanOrEqual(tolerance.endToEndCosine);
    expect(Math.abs(euclideanNorm(expected) / vector.norm - 1)).toBeLessThanOrEqual(tolerance.embeddingRelative);
  });

  if (similarity)
    it('similarity of every pair', () => {
      const embeddings = similarity.order.map((id) => readFloats(cases.find((vector) => vector.id === id)!.embedding));
      const matrix = embeddings.map((left) => embeddings.map((right) => cosine(left, right)));
      expect(largestDifference(matrix.flat(), similarity.matrix.flat())).toBeLessThanOrEqual(1e-9);
    });

  it.each([new Float32Array(512), new Float32Array(512).fill(NaN), new Float32Array(512).fill(Infinity)])(
    'a vector without direction is no embedding',
    (vector) => {
      // The vector file says inference_error; the library's word is the one on the wire.
      expect(toEmbedding('c', vector)).toEqual({ state: 'not_computed', reason: 'inference_failed' });
    },
  );
});
