import fc from 'fast-check';
import type { Raster } from '../picture';
import { flatPicture, noisePicture, rolledRight } from '../vectors/generated-pictures';
import { cvBilinear } from './opencv';
import { pilBicubic, pilBilinear, pilLanczos } from './pillow';
import { shortSideTarget, torchBicubicNoAA, torchBilinearNoAA } from './torch';
import { warpAffineBilinear } from './warp-affine';

const byteResamplers = { pilBilinear, pilBicubic, pilLanczos, cvBilinear };
const side = fc.integer({ min: 1, max: 40 });

describe.each(Object.entries(byteResamplers))('%s', (_, resample) => {
  it('keeps a flat colour flat, at any size', () => {
    fc.assert(
      fc.property(side, side, side, side, fc.integer({ min: 0, max: 255 }), (w, h, width, height, level) => {
        const result = resample(flatPicture(w, h, [level, 255 - level, 7]), { width, height });
        expect(result).toEqual(flatPicture(width, height, [level, 255 - level, 7]));
      }),
      { numRuns: 60 },
    );
  });

  it('returns a copy for the same size', () => {
    const source = noisePicture(9, 7, 1);
    const copy = resample(source, source);
    expect(copy).toEqual(source);
    copy.data[0] = 255 - copy.data[0]!;
    expect(copy.data[0]).not.toBe(source.data[0]);
  });

  it('commutes with a mirror', () => {
    const mirrored = (picture: Raster): number[][] =>
      Array.from({ length: picture.height }, (_row, y) =>
        Array.from(
          { length: picture.width },
          (_column, x) => picture.data[(y * picture.width + picture.width - 1 - x) * picture.channels]!,
        ),
      );
    const source = noisePicture(20, 12, 3);
    const flipped = {
      ...source,
      data: Uint8Array.from(
        source.data,
        (_value, at) => source.data[(Math.floor(at / 60) * 20 + 19 - (Math.floor(at / 3) % 20)) * 3 + (at % 3)]!,
      ),
    };
    const straight = mirrored(resample(source, { width: 10, height: 6 })).flat();
    const other = resample(flipped, { width: 10, height: 6 });
    straight.forEach((value, index) => expect(Math.abs(value - other.data[index * 3]!)).toBeLessThanOrEqual(1));
  });

  it('refuses sizes and data that are none', () => {
    expect(() => resample(flatPicture(2, 2, [0, 0, 0]), { width: 0, height: 2 })).toThrow(RangeError);
    expect(() => resample(flatPicture(2, 2, [0, 0, 0]), { width: 2, height: 1.5 })).toThrow(RangeError);
    expect(() =>
      resample({ width: 2, height: 2, channels: 3, data: new Uint8Array(11) }, { width: 2, height: 2 }),
    ).toThrow(RangeError);
  });
});

describe('cvBilinear at exactly half size', () => {
  it('is the mean of two by two', () => {
    const source = noisePicture(16, 10, 8);
    const { data } = cvBilinear(source, { width: 8, height: 5 });
    data.forEach((value, index) => {
      const pixel = Math.floor(index / 3);
      const at = (Math.floor(pixel / 8) * 2 * 16 + (pixel % 8) * 2) * 3 + (index % 3);
      expect(value).toBe(
        (source.data[at]! + source.data[at + 3]! + source.data[at + 48]! + source.data[at + 51]! + 2) >> 2,
      );
    });
  });
});

describe('torch resampling', () => {
  it.each([torchBilinearNoAA, torchBicubicNoAA])('keeps a flat colour, and a picture of the same size', (resample) => {
    const flat = resample(flatPicture(30, 20, [9, 99, 199]), { width: 11, height: 47 });
    for (let at = 0; at < flat.data.length; at += 3)
      expect([...flat.data.subarray(at, at + 3)].map((value) => Math.round(value * 1000) / 1000)).toEqual([9, 99, 199]);
    const source = noisePicture(13, 8, 2);
    expect([...resample(source, source).data].map(Math.round)).toEqual([...source.data]);
  });

  it('cuts the long side off instead of rounding it', () => {
    expect(shortSideTarget({ width: 607, height: 1080 }, 224)).toEqual({ width: 224, height: 398 });
    expect(shortSideTarget({ width: 1080, height: 607 }, 224)).toEqual({ width: 398, height: 224 });
    expect(shortSideTarget({ width: 641, height: 363 }, 256)).toEqual({ width: 452, height: 256 });
    expect(shortSideTarget({ width: 5, height: 5 }, 224)).toEqual({ width: 224, height: 224 });
  });
});

describe('warping', () => {
  const source = noisePicture(24, 16, 5);

  it('by nothing changes nothing', () => {
    expect(warpAffineBilinear(source, [1, 0, 0, 0, 1, 0], source)).toEqual(source);
  });

  it('by whole pixels is a shift with a border of zeros', () => {
    const { data } = warpAffineBilinear(source, [1, 0, 3, 0, 1, 0], source);
    const rolled = rolledRight(source, 3);
    for (let y = 0; y < 16; y += 1) {
      expect([...data.subarray(y * 72, y * 72 + 9)]).toEqual(new Array(9).fill(0));
      expect([...data.subarray(y * 72 + 9, (y + 1) * 72)]).toEqual([...rolled.data.subarray(y * 72 + 9, (y + 1) * 72)]);
    }
  });

  it('far outside is black, and never an error', () => {
    expect(warpAffineBilinear(source, [1e-7, 0, 0, 0, 1e-7, 0], { width: 4, height: 4 }).data.slice(3)).toEqual(
      new Uint8Array(45),
    );
    expect(warpAffineBilinear(source, [1, 0, 1e9, 0, 1, 1e9], { width: 4, height: 4 }).data).toEqual(
      new Uint8Array(48),
    );
  });

  it.each([[[0, 0, 0, 0, 0, 0]], [[1, 2, 0, 2, 4, 0]], [[1, 0, NaN, 0, 1, 0]]] as const)(
    'by %j is refused',
    (matrix) => {
      expect(() => warpAffineBilinear(source, matrix, { width: 4, height: 4 })).toThrow(RangeError);
    },
  );
});
