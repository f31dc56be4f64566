import { readFileSync } from 'node:fs';
import { decodePicture } from '../decode';
import { wdInput } from '../model-input/wd-tagger';
import { OnnxModel } from '../models/onnx-model';
import { selectEvaluableTags, tagAdherence } from '../tags/adherence';
import { parseTagVocabulary, readTags } from '../tags/vocabulary';
import { expectFloats, largestDifference, type FloatDigest } from './digests';
import { generatedPicture, type GeneratedInput } from './generated-pictures';
import { describeVectors, each, vectorPath } from './vector-files';

interface Reading {
  readonly general: string[];
  readonly character: string[];
}

/** The files list names alphabetically, we in the order of the vocabulary. */
const sorted = ({
  general,
  character,
}: {
  readonly general: readonly string[];
  readonly character: readonly string[];
}): Reading => ({
  general: [...general].sort(),
  character: [...character].sort(),
});

describeVectors<{
  model: string;
  csv: string;
  cases: (Reading & {
    input?: GeneratedInput;
    file?: string;
    tensor: FloatDigest;
    probabilities: number[];
    rating: Record<string, number>;
  })[];
  thresholds?: {
    cases: (Reading & {
      id: string;
      probabilities: number[];
      general_threshold: number;
      character_threshold: number;
    })[];
  };
  adherence?: {
    tau: number;
    probabilities: Record<string, number>;
    cases: {
      id: string;
      expected: string[];
      forbidden: string[];
      normalised: string[];
      inVocabulary: string[];
      coverage: number;
      result:
        | { state: 'computed'; adherence: number; softMean: number; violations: string[] }
        | { state: 'not_computed'; reason: string };
    }[];
  };
}>('wd_tagger', ({ cases = [], thresholds, adherence, model, csv }) => {
  const vocabulary = parseTagVocabulary(readFileSync(vectorPath(csv), 'utf8'));
  let network: OnnxModel;
  beforeAll(async () => {
    network = await OnnxModel.open(vectorPath(model), {
      inputs: [{ name: 'input', shape: [null, 448, 448, 3] }],
      outputs: [{ name: 'output', shape: [null, null] }],
    });
  });
  afterAll(() => network.close());

  each(
    cases.map(
      (vector) => [vector.file ?? `${vector.input!.kind} ${vector.input!.w} x ${vector.input!.h}`, vector] as const,
    ),
  )('%s', async (_, vector) => {
    const picture = vector.input ? generatedPicture(vector.input) : await decodePicture(vectorPath(vector.file!));
    const values = wdInput(picture);
    // Compositing on white may differ by one level from Pillow's rounding.
    expectFloats(values, vector.tensor, vector.file ? 1 : 0);
    const { output } = await network.run({ input: { data: values, dims: [1, 448, 448, 3] } });
    expect(largestDifference(output!.data, vector.probabilities)).toBeLessThanOrEqual(1e-6);
    const reading = readTags(Float32Array.from(vector.probabilities), vocabulary);
    expect(reading.rating).toEqual(vector.rating);
    expect(sorted(reading)).toEqual(sorted(vector));
  });

  each((thresholds?.cases ?? []).map((vector) => [vector.id, vector] as const))('threshold %s', (_, vector) => {
    const limits = { general: vector.general_threshold, character: vector.character_threshold };
    expect(sorted(readTags(Float32Array.from(vector.probabilities), vocabulary, limits))).toEqual(sorted(vector));
  });

  each((adherence?.cases ?? []).map((vector) => [vector.id, vector] as const))('adherence %s', (_, vector) => {
    const selected = selectEvaluableTags(vector, vocabulary);
    expect(selected).toEqual({
      normalised: vector.normalised,
      evaluable: vector.inVocabulary,
      coverage: vector.coverage,
    });
    const probabilities = vocabulary.tags.map(({ name }) => adherence!.probabilities[name]!);
    const result = tagAdherence(probabilities, vocabulary, vector, {
      general: adherence!.tau,
      character: adherence!.tau,
    });
    if (vector.result.state !== 'computed') return expect(result).toEqual(vector.result);
    if (result.state !== 'computed') throw new Error(result.reason);
    expect(
      largestDifference(
        [result.value.adherence, result.value.softMean],
        [vector.result.adherence, vector.result.softMean],
      ),
    ).toBeLessThanOrEqual(1e-9);
    expect(result.value.violations).toEqual(vector.result.violations);
  });
});
