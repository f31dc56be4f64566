import { cvBilinear } from '../resample/opencv';
import { pilBicubic, pilBilinear, pilLanczos } from '../resample/pillow';
import { vbenchClipInput, vbenchDinoInput } from '../model-input/dino';
import { shortSideTarget, torchBicubicNoAA, torchBilinearNoAA } from '../resample/torch';
import { expectBytes, expectFloats, type ByteDigest, type FloatDigest } from './digests';
import { generatedPicture, type GeneratedInput } from './generated-pictures';
import { readVectors } from './vector-files';

type Size = readonly [number, number];
const sized = ([width, height]: Size) => ({ width, height });
const pillow = { bilinear: pilBilinear, bicubic: pilBicubic, lanczos: pilLanczos };

describe('resample pillow', () => {
  const vectors = readVectors<{
    cases: (ByteDigest & { id: string; input: GeneratedInput; target: Size; filter: keyof typeof pillow })[];
    small: { id: string; input: number[]; size: Size; target: Size; filter: keyof typeof pillow; output: number[] }[];
  }>('01_resample_pillow');

  it.each(vectors.cases.map((vector) => [vector.id, vector] as const))('%s', (_, vector) => {
    expectBytes(pillow[vector.filter](generatedPicture(vector.input), sized(vector.target)).data, vector);
  });

  it.each(vectors.small.map((vector) => [vector.id, vector] as const))('%s', (_, { input, size, target, filter, output }) => {
    const channels = input.length / (size[0] * size[1]);
    const source = { ...sized(size), channels, data: Uint8Array.from(input) };
    expect([...pillow[filter](source, sized(target)).data]).toEqual(output);
  });
});

describe('resample opencv', () => {
  const vectors = readVectors<{ cases: (ByteDigest & { id: string; input: GeneratedInput; target: Size })[] }>('01_resample_opencv');
  it.each(vectors.cases.map((vector) => [vector.id, vector] as const))('%s', (_, vector) => {
    expectBytes(cvBilinear(generatedPicture(vector.input), sized(vector.target)).data, vector);
  });
});

describe('resample torch', () => {
  const vectors = readVectors<{
    tolerance: { resized: number; tensor: number };
    cases: { id: string; input: GeneratedInput; op: string; outSize?: Size; resized?: FloatDigest; tensorCHW?: FloatDigest }[];
  }>('01_resample_torch');

  it.each(vectors.cases.flatMap((vector) => (vector.resized ? [[vector.id, vector, vector.resized] as const] : [])))(
    '%s',
    (_, { input, op, outSize }, resized) => {
      const source = generatedPicture(input);
      const result = (op.startsWith('dino') ? torchBilinearNoAA : torchBicubicNoAA)(source, shortSideTarget(source, 224));
      expect([result.width, result.height]).toEqual(outSize);
      expectFloats(result.data, resized, vectors.tolerance.resized);
    },
  );

  it.each(vectors.cases.flatMap((vector) => (vector.tensorCHW ? [[vector.id, vector, vector.tensorCHW] as const] : [])))(
    '%s',
    (_, { input, op }, tensor) => {
      const { planes, width, height } = (op === 'vbench_dino_transform' ? vbenchDinoInput : vbenchClipInput)(generatedPicture(input));
      expect([3, height, width]).toEqual(tensor.shape);
      expectFloats(planes, tensor, vectors.tolerance.tensor);
    },
  );
});
