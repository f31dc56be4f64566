import { decodePicture } from '../decode';
import { sha256 } from '../digest';
import { loopSeam, type LoopMeasure } from '../loop/loop-seam';
import { OnnxModel } from '../models/onnx-model';
import { collapseHolds, findHolds } from '../motion/holds';
import { lpipsFromFeatures, lpipsDiffContract, lpipsFeatureContract, lpipsPicture } from '../perception/lpips';
import type { Rgb } from '../picture';
import { largestDifference } from './digests';
import { byteStream, clampToByte, rgb } from './generated-pictures';
import { describeVectors, each, numbersIn, vectorPath } from './vector-files';

interface Numbers {
  readonly adjacent: number[];
  readonly seam: number;
  readonly p95: number;
  readonly medianNonZero: number;
  readonly R1: number | null;
  readonly accInteriorP95: number;
  readonly accSeam: number;
  readonly R2: number | null;
  readonly colourDriftEnds: number;
  readonly colourDriftAdjacentP95: number;
}
type Verdict =
  | {
      state: 'computed';
      R1pass: boolean;
      R1warn: boolean;
      seamBelowLimit: boolean | null;
      R2warn: boolean;
      colourDriftPass: boolean;
      duplicateEndWarning: boolean;
    }
  | { state: 'not_applicable'; reason: string };

describeVectors<{
  clip: Readonly<Record<string, string>> & {
    readonly background: string;
    readonly disc: string;
    readonly noise?: string;
  };
  cases: {
    id: string;
    cx256: number[];
    frameSha256: string[];
    runLengths: number[];
    mae: Numbers;
    verdictMae: Verdict;
    maeCollapsed?: { seam: number; p95: number; R1: number; R2: number };
    lpips256?: Numbers;
    verdictLpips?: Verdict;
  }[];
  tooFew?: { n: number; expect: object };
}>('loop', ({ cases = [], clip, tooFew }) => {
  function drawFrame(id: string, background: Rgb, index: number, cx: number, count: number): Rgb {
    const { width, height } = background;
    const data = background.data.slice();
    const [cy, inner, outer] = numbersIn(
      clip.disc,
      /256\(y-(\d+)\)\)\^2 < \(256\*(\d+)\)\^2 .* from \d+ to (\d+) px/,
    ) as [number, number, number];
    for (let y = 0; y < height; y += 1)
      for (let x = 0; x < width; x += 1) {
        const distance = (256 * x - cx) ** 2 + (256 * (y - cy)) ** 2;
        if (distance < (256 * inner) ** 2) data.set([250, 220, 200], (y * width + x) * 3);
        else if (distance < (256 * outer) ** 2) data.set([20, 10, 20], (y * width + x) * 3);
      }
    if (id.startsWith('colour_drift')) {
      const [levels] = numbersIn(clip[id] ?? id, /(?:floor\(|colour_drift_)(\d+)/) as [number];
      return rgb(
        width,
        height,
        data.map((value) => clampToByte(value + Math.floor((levels * index) / count))),
      );
    }
    if (!id.startsWith('noise')) return rgb(width, height, data);
    const [middle, shift, seed] = numbersIn(clip.noise ?? '', /\)-(\d+)\)>>(\d+) .* seed (\d+)\+i/) as [
      number,
      number,
      number,
    ];
    const byte = byteStream(seed + index);
    return rgb(
      width,
      height,
      data.map((value) => clampToByte(value + ((byte() + byte() + byte() + byte() - middle) >> shift))),
    );
  }

  let background: Rgb;
  const opened: OnnxModel[] = [];
  let lpips: LoopMeasure;
  beforeAll(async () => {
    background = await decodePicture(vectorPath(clip.background));
    opened.push(await OnnxModel.open(vectorPath('models/lpips_rand_feature.onnx'), lpipsFeatureContract));
    opened.push(await OnnxModel.open(vectorPath('models/lpips_rand_diff.onnx'), lpipsDiffContract));
    lpips = { kind: 'lpips', distance: lpipsFromFeatures(opened[0]!, opened[1]!) };
  });
  afterAll(() => Promise.all(opened.map((model) => model.close())));

  const expectLoop = async (
    frames: Rgb[],
    runs: readonly number[],
    measure: LoopMeasure,
    numbers: Numbers,
    verdict: Verdict,
  ): Promise<void> => {
    const result = await loopSeam(frames, runs, measure);
    if (verdict.state !== 'computed') return expect(result).toEqual(verdict);
    if (result.state !== 'computed') throw new Error(result.reason);
    const { value } = result;
    const limit = measure.kind === 'mae' ? 1e-9 : 1e-6;
    expect(
      largestDifference(
        [...value.adjacent, value.seam, value.p95, value.medianNonZero],
        [...numbers.adjacent, numbers.seam, numbers.p95, numbers.medianNonZero],
      ),
    ).toBeLessThanOrEqual(limit);
    expect(Math.abs(value.r1! - numbers.R1!)).toBeLessThanOrEqual(measure.kind === 'mae' ? 1e-9 : 1e-5);
    expect(
      largestDifference(
        [
          value.accelerationInteriorP95,
          value.accelerationSeam,
          value.r2!,
          value.colourDriftEnds,
          value.colourDriftAdjacentP95,
        ],
        [numbers.accInteriorP95, numbers.accSeam, numbers.R2!, numbers.colourDriftEnds, numbers.colourDriftAdjacentP95],
      ),
    ).toBeLessThanOrEqual(1e-9);
    const { verdict: judged } = value;
    expect({
      state: 'computed',
      R1pass: judged.r1Pass,
      R1warn: judged.r1Warn,
      seamBelowLimit: judged.seamBelowLimit ?? null,
      R2warn: judged.r2Warn,
      colourDriftPass: judged.colourDriftPass,
      duplicateEndWarning: judged.duplicateEndWarning,
    }).toEqual(verdict);
  };

  each(cases.map((vector) => [vector.id, vector] as const))('%s', async (_, vector) => {
    const frames = vector.cx256.map((cx, index) => drawFrame(vector.id, background, index, cx, vector.cx256.length));
    expect(frames.map(({ data }) => sha256(data))).toEqual(vector.frameSha256);
    const { runLengths } = findHolds(frames);
    expect(runLengths).toEqual(vector.runLengths);
    await expectLoop(frames, runLengths, { kind: 'mae' }, vector.mae, vector.verdictMae);
    if (vector.lpips256 && vector.verdictLpips)
      await expectLoop(frames.map(lpipsPicture), runLengths, lpips, vector.lpips256, vector.verdictLpips);
    if (vector.maeCollapsed) {
      const collapsed = await loopSeam(
        collapseHolds(frames, runLengths),
        runLengths.map(() => 1),
        { kind: 'mae' },
      );
      if (collapsed.state !== 'computed') throw new Error(collapsed.reason);
      const { seam, p95, r1, r2 } = collapsed.value;
      const { maeCollapsed: expected } = vector;
      expect(
        largestDifference([seam, p95, r1!, r2!], [expected.seam, expected.p95, expected.R1, expected.R2]),
      ).toBeLessThanOrEqual(1e-9);
    }
  });

  if (tooFew)
    it('needs eight frames', async () => {
      const frames = Array.from({ length: tooFew.n }, (_, index) =>
        drawFrame('short', background, index, 40_960 + 2_000 * index, tooFew.n),
      );
      expect(await loopSeam(frames, findHolds(frames).runLengths, { kind: 'mae' })).toEqual(tooFew.expect);
    });
});
