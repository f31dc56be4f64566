import { noisePicture } from '../vectors/generated-pictures';
import { cropForIdentity } from './identity-crop';

const picture = noisePicture(60, 40, 3);
const pixel = ({ data, width }: { data: Uint8Array; width: number }, x: number, y: number): number[] => [
  ...data.subarray((y * width + x) * 3, (y * width + x) * 3 + 3),
];

describe('the crop for an identity', () => {
  it('of a head is a square half as large again, around the same centre', () => {
    const head = cropForIdentity(picture, 'head-1.5-square/1', { left: 20, top: 12, right: 40, bottom: 28 });
    expect([head.width, head.height]).toEqual([30, 30]);
    expect(pixel(head, 0, 0)).toEqual(pixel(picture, 15, 5));
    expect(pixel(head, 29, 29)).toEqual(pixel(picture, 44, 34));
  });

  it('stays square at the border, white outside', () => {
    const head = cropForIdentity(picture, 'head-1.5-square/1', { left: 0, top: 0, right: 20, bottom: 20 });
    expect([head.width, head.height]).toEqual([30, 30]);
    expect(pixel(head, 4, 4)).toEqual([255, 255, 255]);
    expect(pixel(head, 5, 5)).toEqual(pixel(picture, 0, 0));
  });

  it('of a person is what lies inside, and of all is all', () => {
    const person = cropForIdentity(picture, 'person/1', { left: 50.4, top: -3, right: 70, bottom: 20.2 });
    expect([person.width, person.height]).toEqual([10, 21]);
    expect(pixel(person, 0, 0)).toEqual(pixel(picture, 50, 0));
    expect(cropForIdentity(picture, 'full/1')).toBe(picture);
  });

  it('needs a box that meets the picture', () => {
    expect(() => cropForIdentity(picture, 'person/1')).toThrow(RangeError);
    expect(() => cropForIdentity(picture, 'person/1', { left: 61, top: 0, right: 70, bottom: 9 })).toThrow(RangeError);
    expect(() => cropForIdentity(picture, 'head-1.5-square/1', { left: 200, top: 0, right: 210, bottom: 9 })).toThrow(
      RangeError,
    );
  });
});
