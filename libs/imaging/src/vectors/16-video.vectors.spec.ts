import { itNeeds } from '@tower/testing';
import { decodePicture } from '../decode';
import { sha256 } from '../digest';
import { readFilm } from '../film/film';
import { loopSeam } from '../loop/loop-seam';
import { crop } from '../model-input/crop';
import { OnnxModel } from '../models/onnx-model';
import { temporalFlickering } from '../motion/flicker';
import { findHolds } from '../motion/holds';
import { interpolatorContract, motionSmoothness, onnxInterpolator } from '../motion/smoothness';
import { lpipsFromPair, lpipsPairContract, lpipsPicture } from '../perception/lpips';
import { temporalLpips } from '../perception/temporal-lpips';
import type { Rgb } from '../picture';
import { largestDifference } from './digests';
import { findFfmpeg } from '../film/find-ffmpeg';
import { describeVectors, vectorPath } from './vector-files';

describeVectors<{
  source: { n: number; w: number; h: number; fps: number; sheet: string };
  frameSha256: string[];
  files?: {
    file: string;
    pixelFormat?: string;
    matrix?: 'bt601' | 'bt709';
    range?: 'tv' | 'pc';
    frames: number;
    maxDiffToSource: number;
    meanDiffToSource?: number;
  }[];
  expected: {
    frameCount: number;
    smoothnessBlend: number;
    flickerExact: number;
    adjacentMAE: number[];
    motionAmountP95: number;
    lpips: { resizedTo: [number, number]; pairs: number[]; mean: number; p95: number; max: number };
    loop: Record<
      | 'seam'
      | 'p95'
      | 'medianNonZero'
      | 'R1'
      | 'accInteriorP95'
      | 'accSeam'
      | 'R2'
      | 'colourDriftEnds'
      | 'colourDriftAdjacentP95',
      number
    >;
    runLengths: number[];
  };
}>('video', ({ source, frameSha256, expected, files = [] }) => {
  describe('the metrics of a clip, from its lossless frames', () => {
    let frames: Rgb[];
    const opened: OnnxModel[] = [];
    const open = async (file: string, contract: Parameters<typeof OnnxModel.open>[1]): Promise<OnnxModel> => {
      const model = await OnnxModel.open(vectorPath(file), contract);
      opened.push(model);
      return model;
    };
    beforeAll(async () => {
      const sheet = await decodePicture(vectorPath(source.sheet.split(' ')[0]!));
      frames = Array.from({ length: source.n }, (_, index) =>
        crop(sheet, { left: 0, top: index * source.h, width: source.w, height: source.h }),
      );
    });
    afterAll(() => Promise.all(opened.map((model) => model.close())));

    it('frames', () => {
      expect(frames).toHaveLength(expected.frameCount);
      expect(frames.map(({ data }) => sha256(data))).toEqual(frameSha256);
    });

    it('smoothness and flicker', async () => {
      const smoothness = await motionSmoothness(
        frames,
        onnxInterpolator(await open('models/blend.onnx', interpolatorContract), 16),
      );
      const flicker = temporalFlickering(frames);
      if (smoothness.state !== 'computed' || flicker.state !== 'computed') throw new Error('not computed');
      expect(
        largestDifference([smoothness.value.score, flicker.value], [expected.smoothnessBlend, expected.flickerExact]),
      ).toBeLessThanOrEqual(1e-9);
    });

    it('holds and motion amount', () => {
      const { adjacent, motionAmount, runLengths } = findHolds(frames);
      expect(
        largestDifference([...adjacent, motionAmount], [...expected.adjacentMAE, expected.motionAmountP95]),
      ).toBeLessThanOrEqual(1e-9);
      expect(runLengths).toEqual(expected.runLengths);
    });

    it('temporal lpips', async () => {
      const resized = frames.map(lpipsPicture);
      expect([resized[0]!.width, resized[0]!.height]).toEqual(expected.lpips.resizedTo);
      const result = await temporalLpips(
        resized,
        lpipsFromPair(await open('models/lpips_rand.onnx', lpipsPairContract)),
      );
      if (result.state !== 'computed') throw new Error(result.reason);
      const { pairs, mean, p95, max } = result.value;
      expect(
        largestDifference(
          [...pairs, mean, p95, max],
          [...expected.lpips.pairs, expected.lpips.mean, expected.lpips.p95, expected.lpips.max],
        ),
      ).toBeLessThanOrEqual(1e-6);
    });

    it('loop', async () => {
      const result = await loopSeam(frames, expected.runLengths, { kind: 'mae' });
      if (result.state !== 'computed') throw new Error(result.reason);
      const {
        seam,
        p95,
        medianNonZero,
        r1,
        accelerationInteriorP95,
        accelerationSeam,
        r2,
        colourDriftEnds,
        colourDriftAdjacentP95,
      } = result.value;
      const { loop } = expected;
      expect(
        largestDifference(
          [
            seam,
            p95,
            medianNonZero,
            r1!,
            accelerationInteriorP95,
            accelerationSeam,
            r2!,
            colourDriftEnds,
            colourDriftAdjacentP95,
          ],
          [
            loop.seam,
            loop.p95,
            loop.medianNonZero,
            loop.R1,
            loop.accInteriorP95,
            loop.accSeam,
            loop.R2,
            loop.colourDriftEnds,
            loop.colourDriftAdjacentP95,
          ],
        ),
      ).toBeLessThanOrEqual(1e-9);
    });
  });

  describe('files', () => {
    const withFfmpeg = itNeeds(findFfmpeg(), 'ffmpeg');
    files.forEach(({ file, matrix, range, frames: count, maxDiffToSource, meanDiffToSource }) => {
      withFfmpeg(`${file} decodes to its source (needs ffmpeg: FFMPEG_PATH or on the path)`, async () => {
        const sheet = await decodePicture(vectorPath(source.sheet.split(' ')[0]!));
        const frameBytes = source.w * source.h * 3;
        let furthest = 0;
        let sum = 0;
        const facts = await readFilm(vectorPath(file), ({ data }, index) => {
          const original = sheet.data.subarray(index * frameBytes, (index + 1) * frameBytes);
          furthest = Math.max(furthest, largestDifference(data, original));
          for (let at = 0; at < data.length; at += 1) sum += Math.abs(data[at]! - original[at]!);
        });
        expect(facts).toMatchObject({
          frames: count,
          width: source.w,
          height: source.h,
          framesPerSecond: source.fps,
          variableRate: false,
        });
        expect(facts.durationSeconds).toBeCloseTo(count / source.fps, 6);
        expect(facts.colour).toEqual(
          matrix === undefined ? { kind: 'rgb' } : { kind: 'yuv', matrix, range, from: 'file' },
        );
        // Versions of the scaler differ by a level; the file's own figures are of one of them.
        expect(furthest).toBeLessThanOrEqual(maxDiffToSource === 0 ? 0 : 2);
        if (meanDiffToSource !== undefined)
          expect(Math.abs(sum / (frameBytes * count) - meanDiffToSource)).toBeLessThan(0.1);
      });
    });
  });
});
