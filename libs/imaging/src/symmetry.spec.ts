import fc from 'fast-check';
import { ccipDifference, mergeEmbeddings } from './identity/ccip';
import { cosine } from './identity/embedding';
import { frameConsistency } from './continuity/consistency';
import { loopSeam } from './loop/loop-seam';
import { meanAbsoluteDifference, meanSecondDifference } from './motion/difference';
import { temporalFlickering } from './motion/flicker';
import { findHolds } from './motion/holds';
import { motionSmoothness } from './motion/smoothness';
import { OnnxModel } from './models/onnx-model';
import { lpipsFromPair, lpipsPairContract } from './perception/lpips';
import type { Rgb } from './picture';
import { decodePicture } from './decode';
import { PictureRefusal } from './picture';
import { skimageDefaultWindow, structuralSimilarity } from './ssim/ssim';
import { areaUnderRoc } from './statistics/roc';
import { wilsonInterval } from './statistics/wilson';
import { flatPicture, noisePicture } from './vectors/generated-pictures';
import { vectorPath } from './vectors/vector-files';

/** Laws that hold for every input, whatever the golden values say about some. */
const seed = fc.integer({ min: 1, max: 1_000_000 });
const side = fc.integer({ min: 12, max: 40 });

const flipped = ({ width, height, data }: Rgb): Rgb => {
  const turned = new Uint8Array(data.length);
  for (let y = 0; y < height; y += 1)
    for (let x = 0; x < width; x += 1) {
      const from = (y * width + x) * 3;
      turned.set(data.subarray(from, from + 3), (y * width + width - 1 - x) * 3);
    }
  return { width, height, channels: 3, data: turned };
};

const valueOf = (score: { readonly state: string; readonly value?: number }): number => {
  if (score.value === undefined) throw new Error(score.state);
  return score.value;
};

describe('of two pictures', () => {
  it('SSIM and mean difference do not mind the order or a mirror, and know the same picture', () => {
    fc.assert(
      fc.property(seed, seed, side, side, (one, two, width, height) => {
        const [a, b] = [noisePicture(width, height, one), noisePicture(width, height, two)];
        for (const window of [undefined, skimageDefaultWindow]) {
          const similarity = (left: Rgb, right: Rgb): number => valueOf(structuralSimilarity(left, right, window));
          expect(similarity(a, b)).toBeCloseTo(similarity(b, a), 12);
          expect(similarity(flipped(a), flipped(b))).toBeCloseTo(similarity(a, b), 10);
          expect(similarity(a, a)).toBe(1);
          expect(Math.abs(similarity(a, b))).toBeLessThanOrEqual(1);
        }
        expect(meanAbsoluteDifference(a, b)).toBe(meanAbsoluteDifference(b, a));
        expect(meanAbsoluteDifference(flipped(a), flipped(b))).toBe(meanAbsoluteDifference(a, b));
        expect(meanAbsoluteDifference(a, a)).toBe(0);
        expect(meanSecondDifference(a, b, a)).toBe(2 * meanAbsoluteDifference(a, b));
      }),
      { numRuns: 25 },
    );
  });

  it('LPIPS does not mind the order, and is 0 for the same picture', async () => {
    const model = await OnnxModel.open(vectorPath('models/lpips_rand.onnx'), lpipsPairContract);
    const distance = lpipsFromPair(model);
    for (const [one, two] of [
      [1, 2],
      [3, 4],
    ] as const) {
      const [a, b] = [noisePicture(64, 64, one), noisePicture(64, 64, two)];
      expect(await distance(a, b)).toBeCloseTo(await distance(b, a), 6);
      expect(await distance(a, a)).toBe(0);
    }
    await model.close();
  });
});

describe('of vectors', () => {
  const vector = fc
    .array(fc.integer({ min: -100, max: 100 }), { minLength: 8, maxLength: 8 })
    .filter((values) => values.some((value) => value !== 0));

  it('cosine and CCIP difference mind neither order nor length', () => {
    fc.assert(
      fc.property(vector, vector, fc.integer({ min: 1, max: 1000 }), (a, b, factor) => {
        expect(cosine(a, b)).toBeCloseTo(cosine(b, a), 12);
        expect(
          cosine(
            a.map((value) => value * factor),
            b,
          ),
        ).toBeCloseTo(cosine(a, b), 10);
        expect(ccipDifference(cosine(a, a))).toBeCloseTo(0, 12);
        expect(ccipDifference(cosine(a, b)) + ccipDifference(-cosine(a, b))).toBeCloseTo(1, 10);
      }),
    );
  });

  it('a merge of one is that one, and a merge does not mind the order', () => {
    fc.assert(
      fc.property(vector, vector, (a, b) => {
        const embedding = (values: readonly number[]) => ({ contractId: 'c', vector: Float32Array.from(values) });
        const merged = (...values: (readonly number[])[]): Float32Array | undefined => {
          const result = mergeEmbeddings(values.map(embedding));
          return result.state === 'computed' ? result.value.vector : undefined;
        };
        expect(cosine(merged(a)!, a)).toBeCloseTo(1, 6);
        const [one, other] = [merged(a, b), merged(b, a)];
        if (one && other) expect(cosine(one, other)).toBeCloseTo(1, 5);
      }),
    );
  });
});

describe('of clips', () => {
  const clip = (start: number, length: number): Rgb[] =>
    Array.from({ length }, (_, index) => noisePicture(16, 12, start + index));

  it('flicker, holds and smoothness do not mind time running backwards', async () => {
    const halfway = (before: Rgb, after: Rgb): Promise<Rgb> =>
      Promise.resolve({ ...before, data: before.data.map((value, at) => Math.trunc((value + after.data[at]!) / 2)) });
    await fc.assert(
      fc.asyncProperty(seed, async (start) => {
        const frames = clip(start, 9);
        const backwards = [...frames].reverse();
        expect(valueOf(temporalFlickering(backwards))).toBeCloseTo(valueOf(temporalFlickering(frames)), 12);
        expect(findHolds(backwards).motionAmount).toBeCloseTo(findHolds(frames).motionAmount, 12);
        const [there, back] = [await motionSmoothness(frames, halfway), await motionSmoothness(backwards, halfway)];
        if (there.state !== 'computed' || back.state !== 'computed') throw new Error('not computed');
        expect(back.value.score).toBeCloseTo(there.value.score, 12);
        const runs = frames.map(() => 1);
        const [seam, reversed] = [
          await loopSeam(frames, runs, { kind: 'mae' }),
          await loopSeam(backwards, runs, { kind: 'mae' }),
        ];
        if (seam.state !== 'computed' || reversed.state !== 'computed') throw new Error('not computed');
        expect([reversed.value.r1, reversed.value.r2]).toEqual([seam.value.r1, seam.value.r2]);
      }),
      { numRuns: 20 },
    );
  });

  it('of one drawing is static, without flicker and without a loop', async () => {
    const still = Array.from({ length: 10 }, () => flatPicture(9, 9, [1, 2, 3]));
    expect(findHolds(still)).toMatchObject({ isStatic: true, runLengths: [10], motionAmount: 0 });
    expect(temporalFlickering(still)).toEqual({ state: 'computed', value: 1 });
    expect(await loopSeam(still, [10], { kind: 'mae' })).toEqual({ state: 'not_applicable', reason: 'static' });
    expect(frameConsistency(still.map(({ data }) => data))).toMatchObject({ value: { score: expect.closeTo(1, 12) } });
  });
});

describe('of statistics', () => {
  it('turning labels round turns the area round, and Wilson mirrors', () => {
    const scores = fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(scores, scores, (positives, negatives) => {
        expect(
          areaUnderRoc({ positives, negatives }) + areaUnderRoc({ positives: negatives, negatives: positives }),
        ).toBeCloseTo(1, 12);
        const trials = positives.length + negatives.length;
        const [there, back] = [wilsonInterval(positives.length, trials), wilsonInterval(negatives.length, trials)];
        expect(there.low + back.high).toBeCloseTo(1, 12);
      }),
    );
  });
});

describe('of any bytes', () => {
  it('decoding ends in a picture or a typed refusal', async () => {
    const start = fc.constantFrom(
      '',
      '\x89PNG\r\n\x1a\n',
      '\xff\xd8\xff\xe0',
      'GIF89a',
      'RIFF\x20\0\0\0WEBPVP8 ',
      '<svg ',
    );
    await fc.assert(
      fc.asyncProperty(start, fc.uint8Array({ maxLength: 400 }), async (magic, rest) => {
        const bytes = Buffer.concat([Buffer.from(magic, 'latin1'), rest]);
        const outcome = await decodePicture(bytes, { maxPixels: 100_000 }).catch((error: unknown) => error);
        if (outcome instanceof Error) expect(outcome).toBeInstanceOf(PictureRefusal);
      }),
      { numRuns: 300 },
    );
  });
});
