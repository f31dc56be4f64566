import {
  cutOff,
  nearestSteps,
  sizeOfLongerSide,
  sizeOfOneSide,
  sizeOnSteps,
  sizeWithin,
  type SizeLimits,
} from './proportions';

const side = { min: 64, max: 1280, multiple_of: 16, remainder: 0 };
const wan: SizeLimits = { width: side, height: side };
const even: SizeLimits = {
  width: { ...side, max: 4096, multiple_of: 2 },
  height: { ...side, max: 4096, multiple_of: 2 },
};
const any: SizeLimits = {
  width: { ...side, max: 8192, multiple_of: 1 },
  height: { ...side, max: 8192, multiple_of: 1 },
};
const sized = (width: number, height: number) => ({ width, height });

describe('a size of the same proportions', () => {
  // Worked out by hand: the pixels of Wan's draft (240 × 416) and of its standard (480 × 832), sides in steps of 16.
  it.each([
    ['3:2', 1200, 800, 240 * 416, 384, 256],
    ['2:3', 800, 1200, 240 * 416, 256, 384],
    ['1:1', 1024, 1024, 240 * 416, 304, 304],
    ['4:3', 1600, 1200, 480 * 832, 704, 528],
    ['the preset itself', 480, 832, 480 * 832, 480, 832],
  ])('within so many pixels: %s', (_what, width, height, pixels, wide, tall) => {
    expect(sizeWithin(sized(width, height), pixels, wan)).toEqual(sized(wide, tall));
  });

  it('within so many pixels is on the steps, within the limits and near the truth, whatever the picture', () => {
    for (let of = 10; of <= 40; of += 1) {
      const picture = sized(of * 37, 740);
      const size = sizeWithin(picture, 480 * 832, wan);
      if (!size) throw new Error(`no size for ${JSON.stringify(picture)}`);
      expect([size.width % 16, size.height % 16]).toEqual([0, 0]);
      expect(size.width * size.height).toBeLessThanOrEqual(480 * 832);
      expect(size.width * size.height).toBeGreaterThanOrEqual(0.75 * 480 * 832);
      expect(cutOff(picture, size).share).toBeLessThan(0.03);
    }
  });

  it('is none where the proportions are too extreme', () => {
    expect(sizeWithin(sized(8000, 100), 480 * 832, wan)).toBeUndefined();
    expect(sizeOfLongerSide(sized(8000, 100), 1536, any)).toBeUndefined();
    expect(sizeOfOneSide(sized(8000, 100), { width: 640 }, any)).toBeUndefined();
  });

  it('has the longer side that is wanted', () => {
    expect(sizeOfLongerSide(sized(300, 200), 1536, any)).toEqual(sized(1536, 1024));
    expect(sizeOfLongerSide(sized(200, 300), 1536, any)).toEqual(sized(1024, 1536));
  });

  it('has the one side that is stated', () => {
    // 427 would be true.
    expect(sizeOfOneSide(sized(854, 480), { height: 240 }, even)).toEqual(sized(426, 240));
    expect(sizeOfOneSide(sized(854, 480), { width: 426 }, even)).toEqual(sized(426, 240));
    expect(sizeOfOneSide(sized(1200, 800), { width: 480 }, wan)).toEqual(sized(480, 320));
  });
});

describe('the size itself', () => {
  it.each([
    [854, 480, 854, 480],
    [426, 240, 426, 240],
    [1366, 768, 1366, 768],
    [481, 271, 480, 270],
  ])('of %d × %d in even steps is %d × %d', (width, height, wide, tall) => {
    expect(sizeOnSteps(sized(width, height), even)).toEqual(sized(wide, tall));
  });

  it('is none outside the limits', () => {
    expect(sizeOnSteps(sized(5000, 480), even)).toBeUndefined();
    expect(sizeOnSteps(sized(48, 48), even)).toBeUndefined();
  });
});

it('names the possible values beside an impossible one', () => {
  expect(nearestSteps(side, 1000)).toEqual([992, 1008]);
  expect(nearestSteps(side, 1290)).toEqual([1280]);
  expect(nearestSteps({ min: 5, max: 161, multiple_of: 4, remainder: 1 }, 50)).toEqual([49, 53]);
});

it('tells what is cut off of a picture whose middle is kept', () => {
  // 1200 × 800 for 240 × 416: of the height all, of the width 800 × 240 / 416 = 461.5.
  expect(cutOff(sized(1200, 800), sized(240, 416))).toEqual({
    side: 'width',
    share: expect.closeTo(1 - 461.538 / 1200, 4) as number,
  });
  expect(cutOff(sized(800, 1200), sized(512, 512))).toEqual({
    side: 'height',
    share: expect.closeTo(1 / 3, 9) as number,
  });
  expect(cutOff(sized(300, 200), sized(600, 400)).share).toBe(0);
});
