import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { makeFrameThumbnail, makeThumbnail } from './thumbnail';

const input = (name: string): Buffer => readFileSync(join(__dirname, '../test-data/quality/inputs', name));
const flat = (width: number, height: number): Promise<Buffer> =>
  sharp({ create: { width, height, channels: 3, background: '#a06030' } })
    .png()
    .toBuffer();

describe('a thumbnail', () => {
  it.each([
    [1024, 576, 320, 180],
    [576, 1024, 180, 320],
    [100, 60, 100, 60],
    [2000, 2, 320, 1],
  ])('of %i x %i measures %i x %i', async (width, height, expectedWidth, expectedHeight) => {
    const metadata = await sharp(await makeThumbnail(await flat(width, height))).metadata();
    expect(metadata).toMatchObject({ format: 'webp', width: expectedWidth, height: expectedHeight, hasAlpha: false });
  });

  it('stands upright', async () => {
    expect(await sharp(await makeThumbnail(input('exif6.jpg'))).metadata()).toMatchObject({ width: 23, height: 37 });
  });

  it('puts transparency on white', async () => {
    const clear = await sharp({
      create: { width: 9, height: 9, channels: 4, background: { r: 255, g: 0, b: 0, alpha: 0 } },
    })
      .png()
      .toBuffer();
    const { data } = await sharp(await makeThumbnail(clear))
      .raw()
      .toBuffer({ resolveWithObject: true });
    expect(Math.min(...data)).toBeGreaterThan(250);
  });

  it('shows the first frame of an animation', async () => {
    const raw = { width: 8, height: 16, channels: 3, pageHeight: 8 } as const;
    const animation = await sharp(
      Buffer.from(Array.from({ length: 8 * 16 * 3 }, (_, index) => (index < 192 ? 255 : index % 90))),
      { raw },
    )
      .webp()
      .toBuffer();
    const thumbnail = await makeThumbnail(animation);
    expect(await sharp(thumbnail).metadata()).toMatchObject({ width: 8, height: 8 });
    expect(Math.min(...(await sharp(thumbnail).raw().toBuffer()))).toBeGreaterThan(240);
  });

  it('of a long animation counts the pixels of one frame', async () => {
    const raw = { width: 20, height: 20 * 12, channels: 3, pageHeight: 20 } as const;
    const frames = Buffer.from(Array.from({ length: 20 * 20 * 12 * 3 }, (_, index) => (index * 31) % 256));
    const animation = await sharp(frames, { raw }).webp().toBuffer();
    expect(await sharp(await makeThumbnail(animation, { limits: { maxPixels: 400 } })).metadata()).toMatchObject({
      width: 20,
      height: 20,
    });
    await expect(makeThumbnail(animation, { limits: { maxPixels: 399 } })).rejects.toMatchObject({
      reason: 'too_many_pixels',
    });
  });

  it('keeps the limits of decoding', async () => {
    await expect(makeThumbnail(await flat(100, 100), { limits: { maxPixels: 9_999 } })).rejects.toMatchObject({
      reason: 'too_many_pixels',
    });
    await expect(makeThumbnail(input('truncated.png'))).rejects.toMatchObject({ reason: 'truncated' });
    await expect(makeThumbnail(input('cmyk.jpg'))).rejects.toMatchObject({ reason: 'cmyk' });
    await expect(makeThumbnail(input('grey.png'), { maxSide: 0 })).rejects.toThrow(RangeError);
  });

  it('of a decoded frame is the same as of its file', async () => {
    const { data, info } = await sharp(await flat(1024, 576))
      .raw()
      .toBuffer({ resolveWithObject: true });
    const poster = await makeFrameThumbnail({
      width: info.width,
      height: info.height,
      channels: 3,
      data: new Uint8Array(data),
    });
    expect(await sharp(poster).metadata()).toMatchObject({ format: 'webp', width: 320, height: 180 });
    expect(poster).toEqual(await makeThumbnail(await flat(1024, 576)));
  });
});
