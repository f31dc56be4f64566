import { classifierInput } from '../model-input/classifier';
import { expectFloats, type FloatDigest } from './digests';
import { generatedPicture, type GeneratedInput } from './generated-pictures';
import { describeVectors, each } from './vector-files';

describeVectors<{
  tolerance: { tensor: number };
  cases: { input: GeneratedInput; size: readonly [number, number]; tensor: FloatDigest }[];
}>('classifier_preprocess', ({ cases = [], tolerance }) => {
  each(
    cases.map(
      (vector) => [`${vector.input.kind} ${vector.input.w} x ${vector.input.h} to ${vector.size[0]}`, vector] as const,
    ),
  )('%s', (_, { input, size, tensor }) => {
    expectFloats(classifierInput(generatedPicture(input), { side: size[0] }), tensor, tolerance.tensor);
  });
});
