import { findPixelFault, isBlack, isUniform, looksLikeNan, measureLevels } from './guards';

const painted = (
  width: number,
  height: number,
  colour: (x: number, y: number) => readonly [number, number, number],
) => {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y += 1) for (let x = 0; x < width; x += 1) data.set(colour(x, y), (y * width + x) * 3);
  return { width, height, channels: 3, data } as const;
};

describe('pixel guards', () => {
  it('measure mean and population deviation per channel and over all samples', () => {
    const levels = measureLevels(painted(2, 1, (x) => (x === 0 ? [0, 10, 20] : [255, 10, 40])));
    expect(levels.red).toEqual({ mean: 127.5, std: 127.5 });
    expect(levels.green).toEqual({ mean: 10, std: 0 });
    expect(levels.blue).toEqual({ mean: 30, std: 10 });
    expect(levels.luma.mean).toBeCloseTo(0.299 * 127.5 + 0.587 * 10 + 0.114 * 30, 10);
    expect(levels.all.mean).toBeCloseTo(335 / 6, 12);
  });

  it('call zeros black, and zeros with a little noise too', () => {
    expect(findPixelFault(measureLevels(painted(64, 64, () => [0, 0, 0])))).toBe('black');
    expect(isBlack(measureLevels(painted(64, 64, (x, y) => [(x * y) % 3, 0, 1])))).toBe(true);
  });

  it('do not call a night scene black: mean at the limit, or a single bright lamp', () => {
    expect(isBlack(measureLevels(painted(64, 64, () => [2, 2, 2])))).toBe(false);
    expect(isBlack(measureLevels(painted(64, 64, (x, y) => (x < 4 && y < 4 ? [255, 255, 200] : [0, 0, 0]))))).toBe(
      false,
    );
  });

  it('call one flat colour uniform, also with encoder noise, and a gradient not', () => {
    expect(findPixelFault(measureLevels(painted(32, 32, (x) => [200, 30 + (x % 2), 90])))).toBe('uniform');
    expect(isUniform(measureLevels(painted(32, 32, (x) => [200, 30 + x, 90])))).toBe(false);
  });

  it('see the hole that NaN leaves in part of a picture', () => {
    const half = measureLevels(painted(64, 64, (x, y) => (x < 40 ? [0, 0, 0] : [120 + (y % 60), 80, x])));
    expect(half.zeroCellRatio).toBe(40 / 64);
    expect(findPixelFault(half)).toBe('nan_look');
  });

  it('leave cinema bars alone', () => {
    const bars = measureLevels(painted(64, 64, (x, y) => (y < 14 || y >= 50 ? [0, 0, 0] : [90 + x, 100, 3 * y])));
    expect(looksLikeNan(bars)).toBe(false);
    expect(findPixelFault(bars)).toBeUndefined();
  });

  it('refuse data of another size than stated', () => {
    expect(() => measureLevels({ width: 2, height: 2, channels: 3, data: new Uint8Array(11) })).toThrow(RangeError);
    expect(() => measureLevels({ width: 0, height: 2, channels: 3, data: new Uint8Array(0) })).toThrow(RangeError);
  });

  it('measure a picture of one pixel', () => {
    expect(findPixelFault(measureLevels(painted(1, 1, () => [9, 9, 9])))).toBe('uniform');
  });
});
