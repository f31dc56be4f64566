import { cvBilinear } from '../resample/opencv';
import { pilBicubic, pilBilinear, pilLanczos } from '../resample/pillow';
import { vbenchClipInput, vbenchDinoInput } from '../model-input/dino';
import { shortSideTarget, torchBicubicNoAA, torchBilinearNoAA } from '../resample/torch';
import { expectBytes, expectFloats, type ByteDigest, type FloatDigest } from './digests';
import { generatedPicture, type GeneratedInput } from './generated-pictures';
import { describeVectors, each, numbersIn } from './vector-files';

type Size = readonly [number, number];
const sized = ([width, height]: Size) => ({ width, height });
const pillow = { bilinear: pilBilinear, bicubic: pilBicubic, lanczos: pilLanczos };

describeVectors<{
  cases: (ByteDigest & { id: string; input: GeneratedInput; target: Size; filter: keyof typeof pillow })[];
  small: { id: string; input: number[]; size: Size; target: Size; filter: keyof typeof pillow; output: number[] }[];
}>('resample.pillow', ({ cases = [], small = [] }) => {
  each(cases.map((vector) => [vector.id, vector] as const))('%s', (_, vector) => {
    expectBytes(pillow[vector.filter](generatedPicture(vector.input), sized(vector.target)).data, vector);
  });

  each(small.map((vector) => [vector.id, vector] as const))('%s', (_, { input, size, target, filter, output }) => {
    const channels = input.length / (size[0] * size[1]);
    const source = { ...sized(size), channels, data: Uint8Array.from(input) };
    expect([...pillow[filter](source, sized(target)).data]).toEqual(output);
  });
});

describeVectors<{ cases: (ByteDigest & { id: string; input: GeneratedInput; target: Size })[] }>(
  'resample.opencv',
  ({ cases = [] }) => {
    each(cases.map((vector) => [vector.id, vector] as const))('%s', (_, vector) => {
      expectBytes(cvBilinear(generatedPicture(vector.input), sized(vector.target)).data, vector);
    });
  },
);

describeVectors<{
  tolerance: { resized: number; tensor: number };
  cases: {
    id: string;
    input: GeneratedInput;
    op: string;
    outSize?: Size;
    resized?: FloatDigest;
    tensorCHW?: FloatDigest;
  }[];
}>('resample.torch', ({ tolerance, cases = [] }) => {
  each(cases.flatMap((vector) => (vector.resized ? [[vector.id, vector, vector.resized] as const] : [])))(
    '%s',
    (_, { input, op, outSize }, resized) => {
      const source = generatedPicture(input);
      const result = (op.startsWith('dino') ? torchBilinearNoAA : torchBicubicNoAA)(
        source,
        shortSideTarget(source, numbersIn(op, /_(\d+)$/)[0]!),
      );
      expect([result.width, result.height]).toEqual(outSize);
      expectFloats(result.data, resized, tolerance.resized);
    },
  );

  each(cases.flatMap((vector) => (vector.tensorCHW ? [[vector.id, vector, vector.tensorCHW] as const] : [])))(
    '%s',
    (_, { input, op }, tensor) => {
      const { planes, width, height } = (op === 'vbench_dino_transform' ? vbenchDinoInput : vbenchClipInput)(
        generatedPicture(input),
      );
      expect([3, height, width]).toEqual(tensor.shape);
      expectFloats(planes, tensor, tolerance.tensor);
    },
  );
});
