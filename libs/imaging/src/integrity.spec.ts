import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { inspectPngAnimation, checkFileIntegrity, verifyBytes } from './integrity';

const input = (name: string): Buffer => readFileSync(join(__dirname, '../test-data/quality/inputs', name));
const noise = (): sharp.Sharp =>
  sharp(Buffer.from(Array.from({ length: 64 * 48 * 3 }, (_, index) => (index * 7919) % 251)), {
    raw: { width: 64, height: 48, channels: 3 },
  });

describe('file integrity', () => {
  it.each(['rgb16.png', 'palette_trns.png', 'exif6.png', 'icc.png', 'jpeg420.jpg', 'exif8.jpg', 'cmyk.jpg'])(
    '%s is whole',
    (name) => {
      expect(verifyBytes(input(name))).toMatchObject({ intact: true, trailingBytes: 0 });
    },
  );

  it('names what is wrong with the damaged fixtures', async () => {
    expect(verifyBytes(input('truncated.png'))).toMatchObject({ intact: false, format: 'png', fault: 'truncated' });
    expect(verifyBytes(input('truncated.jpg'))).toMatchObject({ intact: false, format: 'jpeg', fault: 'truncated' });
    expect(verifyBytes(input('not_an_image.png'))).toMatchObject({
      intact: false,
      format: 'unknown',
      fault: 'signature',
    });
    expect(await checkFileIntegrity(join(__dirname, '../test-data/quality/inputs/empty.png'))).toMatchObject({
      fault: 'empty',
    });
  });

  it.each(['png', 'jpeg', 'webp', 'gif'] as const)('a %s cut anywhere is not intact', async (format) => {
    const whole = await noise().toFormat(format).toBuffer();
    expect(verifyBytes(whole)).toEqual({ intact: true, format, trailingBytes: 0 });
    for (let length = 0; length < whole.length; length += 13)
      expect(verifyBytes(whole.subarray(0, length)).intact).toBe(false);
    expect(verifyBytes(whole.subarray(0, whole.length - 1)).intact).toBe(false);
  });

  it.each(['png', 'jpeg', 'gif'] as const)('counts what follows the end of a %s', async (format) => {
    const whole = await noise().toFormat(format).toBuffer();
    expect(verifyBytes(Buffer.concat([whole, Buffer.from('and more')]))).toEqual({
      intact: true,
      format,
      trailingBytes: 8,
    });
  });

  it('finds a single flipped bit anywhere after the PNG signature', async () => {
    const whole = await noise().png().toBuffer();
    for (let at = 8; at < whole.length; at += 5) {
      const flipped = Buffer.from(whole);
      flipped[at] = whole[at]! ^ (1 << (at % 8));
      expect(verifyBytes(flipped).intact).toBe(false);
    }
  });

  it('reports the offset of a damaged checksum', async () => {
    const whole = await noise().png().toBuffer();
    whole[16] = whole[16]! ^ 1;
    expect(verifyBytes(whole)).toEqual({ intact: false, format: 'png', fault: 'checksum', offset: 8 });
  });

  it('refuses a PNG that ends without pixels', () => {
    const bytes = input('grey.png');
    const header = bytes.subarray(0, 33);
    const end = bytes.subarray(bytes.length - 12);
    expect(verifyBytes(Buffer.concat([header, end]))).toMatchObject({ intact: false, fault: 'no_image_data' });
  });

  it('counts the frames of an animated PNG', () => {
    const still = input('grey.png');
    const chunk = Buffer.alloc(20);
    chunk.writeUInt32BE(8, 0);
    chunk.write('acTL', 4, 'latin1');
    chunk.writeUInt32BE(5, 8);
    expect(inspectPngAnimation(Buffer.concat([still.subarray(0, 33), chunk, still.subarray(33)]))).toBe(5);
    expect(inspectPngAnimation(still)).toBe(1);
  });

  it('passes the file system error on for a missing path', async () => {
    await expect(checkFileIntegrity(join(__dirname, 'none.png'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
