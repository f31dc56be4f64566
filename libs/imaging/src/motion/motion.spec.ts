import { loopSeam } from '../loop/loop-seam';
import { temporalLpips } from '../perception/temporal-lpips';
import { flatPicture, noisePicture } from '../vectors/generated-pictures';
import { meanAbsoluteDifference, meanSecondDifference } from './difference';
import { temporalFlickering } from './flicker';
import { collapseHolds, findHolds } from './holds';
import { motionSmoothness } from './smoothness';

const grey = (level: number) => flatPicture(8, 6, [level, level, level]);
const levels = (...values: number[]) => values.map(grey);

describe('motion', () => {
  it('compares only frames of one size', async () => {
    const mixed = [noisePicture(8, 6, 1), noisePicture(6, 8, 1), noisePicture(8, 6, 1)];
    expect(() => meanAbsoluteDifference(mixed[0]!, mixed[1]!)).toThrow(RangeError);
    expect(() => meanSecondDifference(mixed[0]!, mixed[1]!, mixed[2]!)).toThrow(RangeError);
    expect(() => findHolds(mixed)).toThrow(RangeError);
    await expect(motionSmoothness(mixed, (before) => Promise.resolve(before))).rejects.toThrow(RangeError);
  });

  it('counts a difference of half a level as the next drawing, and less as the same', () => {
    const nearly = grey(100);
    // 71 of 144 samples one level up: 0.493.
    nearly.data.fill(101, 0, 71);
    const half = grey(100);
    half.data.fill(101, 0, 72);
    expect(findHolds([grey(100), nearly]).runLengths).toEqual([2]);
    expect(findHolds([grey(100), half]).runLengths).toEqual([1, 1]);
  });

  it('keeps the first frame of each run', () => {
    expect(collapseHolds(['a', 'b', 'c', 'd'], [2, 1, 1])).toEqual(['a', 'c', 'd']);
    expect(() => collapseHolds(['a'], [1, 1])).toThrow(RangeError);
  });

  it('of a single frame is static, and its flicker no question', () => {
    expect(findHolds([grey(1)])).toEqual({ runLengths: [1], isStatic: true, adjacent: [], motionAmount: 0 });
    expect(temporalFlickering([grey(1)])).toEqual({ state: 'not_applicable', reason: 'single_frame' });
    expect(() => findHolds([])).toThrow(RangeError);
  });

  it('sees a jump as a cut and steady motion not', async () => {
    const distance = (left: { data: Uint8Array }, right: { data: Uint8Array }): Promise<number> =>
      Promise.resolve(Math.abs(left.data[0]! - right.data[0]!));
    const steady = Array.from({ length: 50 }, (_, index) => grey(index));
    const jumped = steady.map((frame, index) => (index < 25 ? frame : grey(index + 100)));
    expect(await temporalLpips(steady, distance)).toMatchObject({ value: { mean: 1, cuts: [] } });
    expect(await temporalLpips(jumped, distance)).toMatchObject({ value: { cuts: [24] } });
    expect(await temporalLpips([grey(1)], distance)).toEqual({ state: 'not_applicable', reason: 'single_frame' });
    expect(await temporalLpips(steady, () => Promise.resolve(NaN))).toEqual({
      state: 'not_computed',
      reason: 'inference_failed',
    });
  });

  it('accepts a seam exactly at the limit and nothing above', async () => {
    // Steps of 20 levels, so that 1.25 of them is a whole number.
    const walk = (last: number) => levels(0, 20, 40, 60, 80, 60, 45, last);
    const judge = async (last: number): Promise<unknown> => {
      const result = await loopSeam(walk(last), findHolds(walk(last)).runLengths, { kind: 'mae' });
      return result.state === 'computed'
        ? [result.value.r1, result.value.verdict.r1Pass, result.value.verdict.r1Warn]
        : result;
    };
    expect(await judge(25)).toEqual([1.25, true, true]);
    expect(await judge(26)).toEqual([1.3, false, false]);
    expect(await judge(30)).toMatchObject([expect.any(Number), false, false]);
  });

  it('takes a repeated end for a mistake only where no drawing is held', async () => {
    const once = levels(0, 20, 40, 60, 80, 60, 40, 20, 0);
    const held = levels(0, 20, 40, 60, 60, 80, 60, 40, 20, 0);
    const warned = async (frames: typeof once): Promise<unknown> => {
      const result = await loopSeam(frames, findHolds(frames).runLengths, { kind: 'mae' });
      return result.state === 'computed' && result.value.verdict.duplicateEndWarning;
    };
    expect(await warned(once)).toBe(true);
    expect(await warned(held)).toBe(false);
  });

  it('lets a clip with one blink close when its ends agree, and only then', async () => {
    const blink = (last: number) =>
      levels(...new Array<number>(12).fill(50), 90, ...new Array<number>(17).fill(50), last);
    const closed = blink(50);
    const open = blink(70);
    expect(await loopSeam(closed, findHolds(closed).runLengths, { kind: 'mae' })).toMatchObject({
      value: { seam: 0, verdict: { r1Pass: true } },
    });
    expect(await loopSeam(open, findHolds(open).runLengths, { kind: 'mae' })).toMatchObject({ value: { seam: 20 } });
    const distance = (): Promise<number> => Promise.resolve(Infinity);
    expect(await loopSeam(open, findHolds(open).runLengths, { kind: 'lpips', distance })).toEqual({
      state: 'not_computed',
      reason: 'inference_failed',
    });
  });
});
