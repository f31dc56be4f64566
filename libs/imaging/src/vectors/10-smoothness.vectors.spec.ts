import { OnnxModel } from '../models/onnx-model';
import { temporalFlickering } from '../motion/flicker';
import { collapseHolds, findHolds } from '../motion/holds';
import {
  interpolatorContract,
  motionSmoothness,
  onnxInterpolator,
  smoothnessPairs,
  type Interpolator,
} from '../motion/smoothness';
import type { Rgb } from '../picture';
import { largestDifference } from './digests';
import { lineArt, rgb, rolledRight, streamBytes } from './generated-pictures';
import { describeVectors, each, numbersIn, vectorPath } from './vector-files';

interface Result {
  readonly score: number | null;
  readonly pairScores: number[];
  readonly minPair: number;
}

const clips: Record<'lcg' | 'roll', (n: number, w: number, h: number, seed: number) => Rgb[]> = {
  lcg: (n, w, h, seed) => {
    const bytes = streamBytes(n * w * h * 3, seed);
    return Array.from({ length: n }, (_, index) =>
      rgb(w, h, bytes.subarray(index * w * h * 3, (index + 1) * w * h * 3)),
    );
  },
  roll: (n, w, h, seed) => {
    const art = lineArt(w, h, seed);
    return Array.from({ length: n }, (_, index) => rolledRight(art, index));
  },
};

describeVectors<{
  tolerance: { score: number; flickerExact: number };
  pairsByFrameCount: Record<string, number>;
  cases: {
    id: string;
    clip: { kind: 'lcg' | 'roll'; n: number; w: number; h: number; seed: number };
    flickerExact: number;
    blend: Result;
    oracle_shift: Result;
  }[];
  holds?: {
    clip: string;
    cases: {
      id: string;
      sourceIndex: number[];
      adjacentMAE: number[];
      runLengths: number[];
      motionAmountP95: number;
      static: boolean;
      smoothnessAllFrames: number;
      smoothnessCollapsed: number | null;
    }[];
  };
}>('motion_smoothness', ({ cases = [], holds, pairsByFrameCount = {}, tolerance }) => {
  const opened: OnnxModel[] = [];
  const interpolators = new Map<'blend' | 'oracle_shift', Interpolator>();
  beforeAll(async () => {
    for (const name of ['blend', 'oracle_shift'] as const) {
      const model = await OnnxModel.open(vectorPath(`models/${name}.onnx`), interpolatorContract);
      opened.push(model);
      interpolators.set(name, onnxInterpolator(model, 16));
    }
  });
  afterAll(() => Promise.all(opened.map((model) => model.close())));

  each(Object.entries(pairsByFrameCount))('%s frames', (frames, pairs) => {
    expect(smoothnessPairs(Number(frames))).toBe(pairs);
  });

  each(cases.map((vector) => [vector.id, vector] as const))('%s', async (_, vector) => {
    const { kind, n, w, h, seed } = vector.clip;
    const frames = clips[kind](n, w, h, seed);
    for (const name of ['blend', 'oracle_shift'] as const) {
      const result = await motionSmoothness(frames, interpolators.get(name)!);
      const expected = vector[name];
      if (result.state !== 'computed') expect([result.reason, n < 3]).toEqual(['too_few_frames', true]);
      else
        expect(
          largestDifference(
            [result.value.score, ...result.value.perPair, result.value.minPair],
            [expected.score!, ...expected.pairScores, expected.minPair],
          ),
        ).toBeLessThanOrEqual(tolerance.score);
    }
    const flicker = temporalFlickering(frames);
    if (flicker.state !== 'computed') throw new Error(flicker.reason);
    expect(Math.abs(flicker.value - vector.flickerExact)).toBeLessThanOrEqual(tolerance.flickerExact);
  });

  each((holds?.cases ?? []).map((vector) => [vector.id, vector] as const))('holds %s', async (_, vector) => {
    const [width, height, seed] = numbersIn(holds!.clip, /roll clip (\d+)x(\d+) seed (\d+)/) as [
      number,
      number,
      number,
    ];
    const source = clips.roll(Math.max(...vector.sourceIndex) + 1, width, height, seed);
    const frames = vector.sourceIndex.map((index) => source[index]!);
    const pattern = findHolds(frames);
    expect(pattern.runLengths).toEqual(vector.runLengths);
    expect(pattern.isStatic).toBe(vector.static);
    expect(
      largestDifference([...pattern.adjacent, pattern.motionAmount], [...vector.adjacentMAE, vector.motionAmountP95]),
    ).toBeLessThanOrEqual(tolerance.score);
    const all = await motionSmoothness(frames, interpolators.get('blend')!);
    if (all.state !== 'computed') throw new Error(all.reason);
    expect(Math.abs(all.value.score - vector.smoothnessAllFrames)).toBeLessThanOrEqual(tolerance.score);
    const collapsed = await motionSmoothness(collapseHolds(frames, pattern.runLengths), interpolators.get('blend')!);
    if (collapsed.state !== 'computed') expect(vector.smoothnessCollapsed).toBeNull();
    else expect(Math.abs(collapsed.value.score - vector.smoothnessCollapsed!)).toBeLessThanOrEqual(tolerance.score);
  });
});
