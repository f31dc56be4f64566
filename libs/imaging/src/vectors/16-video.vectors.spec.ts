import { decodePicture } from '../decode';
import { sha256 } from '../digest';
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
import { describeVectors, vectorPath } from './vector-files';

describeVectors<{
  source: { n: number; w: number; h: number; sheet: string };
  frameSha256: string[];
  expected: {
    frameCount: number;
    smoothnessBlend: number;
    flickerExact: number;
    adjacentMAE: number[];
    motionAmountP95: number;
    lpips: { resizedTo: [number, number]; pairs: number[]; mean: number; p95: number; max: number };
    loop: Record<
      'seam' | 'p95' | 'medianNonZero' | 'R1' | 'accInteriorP95' | 'accSeam' | 'R2' | 'colourDriftEnds' | 'colourDriftAdjacentP95',
      number
    >;
    runLengths: number[];
  };
}>('video', ({ source, frameSha256, expected }) => {
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
      const smoothness = await motionSmoothness(frames, onnxInterpolator(await open('models/blend.onnx', interpolatorContract), 16));
      const flicker = temporalFlickering(frames);
      if (smoothness.state !== 'computed' || flicker.state !== 'computed') throw new Error('not computed');
      expect(
        largestDifference([smoothness.value.score, flicker.value], [expected.smoothnessBlend, expected.flickerExact]),
      ).toBeLessThanOrEqual(1e-9);
    });

    it('holds and motion amount', () => {
      const { adjacent, motionAmount, runLengths } = findHolds(frames);
      expect(largestDifference([...adjacent, motionAmount], [...expected.adjacentMAE, expected.motionAmountP95])).toBeLessThanOrEqual(1e-9);
      expect(runLengths).toEqual(expected.runLengths);
    });

    it('temporal lpips', async () => {
      const resized = frames.map(lpipsPicture);
      expect([resized[0]!.width, resized[0]!.height]).toEqual(expected.lpips.resizedTo);
      const result = await temporalLpips(resized, lpipsFromPair(await open('models/lpips_rand.onnx', lpipsPairContract)));
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
      const { seam, p95, medianNonZero, r1, accelerationInteriorP95, accelerationSeam, r2, colourDriftEnds, colourDriftAdjacentP95 } =
        result.value;
      const { loop } = expected;
      expect(
        largestDifference(
          [seam, p95, medianNonZero, r1!, accelerationInteriorP95, accelerationSeam, r2!, colourDriftEnds, colourDriftAdjacentP95],
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
});
