import { flatPicture, noisePicture } from '../vectors/generated-pictures';
import { classifierInput } from './classifier';
import { crop, pasteOn } from './crop';
import { vbenchClipInput } from './dino';
import { normalisations, toPlanes } from './planes';

describe('model input', () => {
  it.each([
    [227, 2],
    [225, 0],
    [229, 2],
  ])('for CLIP crops a width of %i from column %i: halves go to the even side', (width, left) => {
    const picture = noisePicture(width, 224, 6);
    const expected = toPlanes(crop(picture, { left, top: 0, width: 224, height: 224 }), normalisations.clip);
    const { planes } = vbenchClipInput(picture);
    const furthest = planes.reduce((most, value, index) => Math.max(most, Math.abs(value - expected[index]!)), 0);
    expect(furthest).toBeLessThan(1e-4);
  });

  it('is planes of red, green and blue, in that order', () => {
    const planes = toPlanes(flatPicture(2, 2, [255, 0, 51]), normalisations.unit);
    expect([...planes].map((value) => Math.round(value * 1000) / 1000)).toEqual([
      1, 1, 1, 1, 0, 0, 0, 0, 0.2, 0.2, 0.2, 0.2,
    ]);
  });

  it('follows what a classifier says about itself', () => {
    expect(
      classifierInput(flatPicture(30, 20, [255, 255, 255]), {
        side: 16,
        filter: 'bicubic',
        normalisation: normalisations.unit,
      }),
    ).toEqual(new Float32Array(768).fill(1));
  });
});

describe('cutting and pasting', () => {
  const picture = noisePicture(6, 5, 2);

  it('are each other inverse', () => {
    const canvas = pasteOn({ width: 10, height: 9, level: 7 }, picture, 3, 2);
    expect(crop(canvas, { left: 3, top: 2, width: 6, height: 5 })).toEqual(picture);
    expect([...canvas.data.subarray(0, 3)]).toEqual([7, 7, 7]);
  });

  it.each([
    { left: -1, top: 0, width: 2, height: 2 },
    { left: 5, top: 0, width: 2, height: 2 },
    { left: 0, top: 4, width: 2, height: 2 },
    { left: 0.5, top: 0, width: 2, height: 2 },
    { left: 0, top: 0, width: 0, height: 2 },
  ])('refuse %j', (rectangle) => {
    expect(() => crop(picture, rectangle)).toThrow(RangeError);
  });

  it('refuse a canvas that is too small', () => {
    expect(() => pasteOn({ width: 6, height: 5, level: 0 }, picture, 1, 0)).toThrow(RangeError);
  });
});
