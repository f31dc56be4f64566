import { skimageDefaultWindow, structuralSimilarity, wangWindow } from './ssim';

const grey = (width: number, height: number, value: (index: number) => number) => ({
  width,
  height,
  channels: 1,
  data: Uint8Array.from({ length: width * height }, (_, index) => value(index)),
});

describe('structural similarity', () => {
  it('needs one whole window', () => {
    expect(
      structuralSimilarity(
        grey(10, 11, () => 9),
        grey(10, 11, () => 9),
        wangWindow,
      ),
    ).toEqual({ state: 'not_computed', reason: 'image_too_small' });
    expect(
      structuralSimilarity(
        grey(6, 7, () => 9),
        grey(6, 7, () => 9),
        skimageDefaultWindow,
      ),
    ).toEqual({ state: 'not_computed', reason: 'image_too_small' });
    expect(
      structuralSimilarity(
        grey(11, 11, () => 9),
        grey(11, 11, () => 9),
        wangWindow,
      ),
    ).toEqual({ state: 'computed', value: 1 });
  });

  it('compares only pictures of one size', () => {
    expect(
      structuralSimilarity(
        grey(20, 30, () => 9),
        grey(30, 20, () => 9),
      ),
    ).toEqual({ state: 'not_computed', reason: 'size_mismatch' });
  });

  it('of two flat pictures is the luminance term alone', () => {
    const score = structuralSimilarity(
      grey(16, 16, () => 100),
      grey(16, 16, () => 50),
    );
    const c1 = 2.55 ** 2;
    expect(score).toMatchObject({ state: 'computed' });
    if (score.state === 'computed') expect(score.value).toBeCloseTo((2 * 100 * 50 + c1) / (100 ** 2 + 50 ** 2 + c1), 9);
  });

  it('is negative for a picture and its negative', () => {
    const score = structuralSimilarity(
      grey(32, 32, (i) => (i % 7) * 30),
      grey(32, 32, (i) => 255 - (i % 7) * 30),
    );
    if (score.state !== 'computed') throw new Error(score.reason);
    expect(score.value).toBeLessThan(0);
  });
});
