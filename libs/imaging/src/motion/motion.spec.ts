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
    const distance = (left: { data: Uint8Array }, right: { data: Uint8Array }): Promise<number> => Promise.resolve(Math.abs(left.data[0]! - right.data[0]!));
    const steady = Array.from({ length: 50 }, (_, index) => grey(index));
    const jumped = steady.map((frame, index) => (index < 25 ? frame : grey(index + 100)));
    expect(await temporalLpips(steady, distance)).toMatchObject({ value: { mean: 1, cuts: [] } });
    expect(await temporalLpips(jumped, distance)).toMatchObject({ value: { cuts: [24] } });
    expect(await temporalLpips([grey(1)], distance)).toEqual({ state: 'not_applicable', reason: 'single_frame' });
    expect(await temporalLpips(steady, () => Promise.resolve(NaN))).toEqual({ state: 'not_computed', reason: 'inference_failed' });
  });

  it('lets a clip with one blink close when its ends agree, and only then', async () => {
    const blink = (last: number) => levels(...new Array<number>(12).fill(50), 90, ...new Array<number>(17).fill(50), last);
    const closed = blink(50);
    const open = blink(70);
    expect(await loopSeam(closed, findHolds(closed).runLengths, { kind: 'mae' })).toMatchObject({ value: { seam: 0, verdict: { r1Pass: true } } });
    expect(await loopSeam(open, findHolds(open).runLengths, { kind: 'mae' })).toMatchObject({ value: { seam: 20 } });
    const distance = (): Promise<number> => Promise.resolve(Infinity);
    expect(await loopSeam(open, findHolds(open).runLengths, { kind: 'lpips', distance })).toEqual({ state: 'not_computed', reason: 'inference_failed' });
  });
});
