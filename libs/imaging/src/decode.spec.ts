import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { decodePicture, decoding, probePicture } from './decode';
import { PictureRefusal, pictureRefusalReasons } from './picture';

const inputs = join(__dirname, '../test-data/quality/inputs');
const input = (name: string): Buffer => readFileSync(join(inputs, name));
const refusal = (reason: string): object => ({ name: 'PictureRefusal', reason });

const chunk = (type: string, body: Buffer): Buffer => {
  const bytes = Buffer.alloc(body.length + 12);
  bytes.writeUInt32BE(body.length, 0);
  bytes.write(type, 4, 'latin1');
  body.copy(bytes, 8);
  bytes.writeUInt32BE(crc32(bytes.subarray(4, 8 + body.length)), 8 + body.length);
  return bytes;
};

/** A valid file of a few kilobytes that asks for width * height * 3 bytes of memory. */
const pngBomb = (width: number, height: number): Buffer => {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.alloc(1_000_000))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
};

describe('decoding', () => {
  it('says whether all of a picture is opaque', async () => {
    const of = async (alpha: number): Promise<boolean> =>
      (
        await decodePicture(
          await sharp(Buffer.from([9, 9, 9, 255, 9, 9, 9, alpha]), { raw: { width: 2, height: 1, channels: 4 } })
            .png()
            .toBuffer(),
        )
      ).isOpaque;
    expect([await of(255), await of(254), (await decodePicture(input('jpeg420.jpg'))).isOpaque]).toEqual([
      true,
      false,
      true,
    ]);
  });

  it('shows nothing of the colour hidden under full transparency', async () => {
    const data = Buffer.from([255, 0, 0, 0, 0, 0, 0, 255, 0, 0, 0, 51, 10, 20, 30, 255]);
    const png = await sharp(data, { raw: { width: 4, height: 1, channels: 4 } })
      .png()
      .toBuffer();
    expect([...(await decodePicture(png)).data]).toEqual([255, 255, 255, 0, 0, 0, 204, 204, 204, 10, 20, 30]);
  });

  it('gives RGB for grey, and the same from a path as from bytes', async () => {
    const fromPath = await decodePicture(join(inputs, 'grey.png'));
    expect(fromPath).toMatchObject({ width: 37, height: 23, channels: 3, format: 'png' });
    expect(fromPath.data.length).toBe(37 * 23 * 3);
    expect(Buffer.compare(fromPath.data, (await decodePicture(input('grey.png'))).data)).toBe(0);
  });

  it('keeps the high byte of 16 bits, with transparency too', async () => {
    const wide = Uint16Array.from([0x8040, 0x10ff, 0xfe00, 0xffff, 0x0000, 0x0000, 0x0000, 0x0000]);
    const png = await sharp(wide, { raw: { width: 2, height: 1, channels: 4 } })
      .toColourspace('rgb16')
      .png()
      .toBuffer();
    expect((await sharp(png).metadata()).depth).toBe('ushort');
    expect([...(await decodePicture(png)).data]).toEqual([0x80, 0x10, 0xfe, 255, 255, 255]);
  });

  it('hands out pixels whose slice is a copy', async () => {
    const { data } = await decodePicture(input('grey.png'));
    const before = data[0];
    data.slice()[0] = 255 - (before ?? 0);
    expect(data[0]).toBe(before);
  });

  it('reads lossless WebP and a still GIF exactly', async () => {
    const data = Buffer.from([1, 2, 3, 250, 0, 9]);
    const raw = sharp(data, { raw: { width: 2, height: 1, channels: 3 } });
    expect([...(await decodePicture(await raw.clone().webp({ lossless: true }).toBuffer())).data]).toEqual([...data]);
    expect([...(await decodePicture(await raw.clone().gif().toBuffer())).data]).toEqual([...data]);
  });

  it.each([
    ['empty.png', 'empty'],
    ['not_an_image.png', 'not_a_picture'],
    ['truncated.png', 'truncated'],
    ['truncated.jpg', 'truncated'],
    ['cmyk.jpg', 'cmyk'],
  ])('refuses %s as %s', async (name, reason) => {
    await expect(decodePicture(join(inputs, name))).rejects.toMatchObject(refusal(reason));
    await expect(decodePicture(input(name))).rejects.toMatchObject(refusal(reason));
  });

  it('refuses text, SVG with and without declaration, and formats outside the list', async () => {
    await expect(decodePicture(Buffer.from('hello, I am text'))).rejects.toMatchObject(refusal('not_a_picture'));
    await expect(decodePicture(Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'))).rejects.toMatchObject(
      refusal('svg'),
    );
    await expect(
      decodePicture(Buffer.from('<?xml version="1.0"?>\n<!-- x -->\n<svg width="9">')),
    ).rejects.toMatchObject(refusal('svg'));
    await expect(decodePicture(await sharp(input('grey.png')).tiff().toBuffer())).rejects.toMatchObject(
      refusal('unsupported_format'),
    );
    await expect(decodePicture(await sharp(input('grey.png')).avif().toBuffer())).rejects.toMatchObject(
      refusal('unsupported_format'),
    );
  });

  it('refuses a bomb by its header, before any pixel', async () => {
    const bomb = pngBomb(30_000, 30_000);
    expect(bomb.length).toBeLessThan(10_000);
    const before = process.memoryUsage().rss;
    await expect(decodePicture(bomb)).rejects.toMatchObject(refusal('too_many_pixels'));
    await expect(probePicture(bomb)).rejects.toMatchObject(refusal('too_many_pixels'));
    expect(process.memoryUsage().rss - before).toBeLessThan(300_000_000);
    await expect(decodePicture(pngBomb(2 ** 31 - 1, 2 ** 31 - 1))).rejects.toBeInstanceOf(PictureRefusal);
  });

  it('counts bytes before it looks at them, for paths and for bytes', async () => {
    const { length } = input('rgb16.png');
    await expect(decodePicture(input('rgb16.png'), { maxBytes: length - 1 })).rejects.toMatchObject(
      refusal('too_many_bytes'),
    );
    await expect(decodePicture(join(inputs, 'rgb16.png'), { maxBytes: length - 1 })).rejects.toMatchObject(
      refusal('too_many_bytes'),
    );
    expect(await decodePicture(join(inputs, 'rgb16.png'), { maxBytes: length })).toMatchObject({ width: 37 });
  });

  it('allows exactly the pixel limit', async () => {
    expect(await decodePicture(input('grey.png'), { maxPixels: 37 * 23 })).toMatchObject({ width: 37 });
    await expect(decodePicture(input('grey.png'), { maxPixels: 37 * 23 - 1 })).rejects.toMatchObject(
      refusal('too_many_pixels'),
    );
  });

  it('names a decoder that ran out of time, and passes on what it does not know by name', async () => {
    const failing = (message: string): Promise<unknown> =>
      decoding(input('grey.png'), () => Promise.reject(new Error(message)));
    await expect(failing('timeout: 12% complete')).rejects.toMatchObject(refusal('too_slow'));
    await expect(failing('Input image exceeds pixel limit')).rejects.toMatchObject(refusal('too_many_pixels'));
    await expect(failing('something else')).rejects.toMatchObject({
      ...refusal('corrupt'),
      cause: expect.objectContaining({ message: 'something else' }),
    });
  });

  it('refuses animations instead of judging the first frame', async () => {
    const frames = Buffer.from(Array.from({ length: 8 * 16 * 3 }, (_, index) => index % 256));
    const raw = { width: 8, height: 16, channels: 3, pageHeight: 8 } as const;
    const webp = await sharp(frames, { raw }).webp({ loop: 0 }).toBuffer();
    expect(await probePicture(webp)).toMatchObject({ format: 'webp', width: 8, height: 8, pages: 2 });
    await expect(decodePicture(webp)).rejects.toMatchObject(refusal('animated'));
    await expect(decodePicture(await sharp(frames, { raw }).gif().toBuffer())).rejects.toMatchObject(
      refusal('animated'),
    );
  });

  it('passes the file system error on: a missing file says nothing about a picture', async () => {
    await expect(decodePicture(join(inputs, 'none.png'))).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(decodePicture(inputs)).rejects.toMatchObject({ code: 'EISDIR' });
  });
});

describe('probing', () => {
  it('reads upright size, alpha and format from the header', async () => {
    expect(await probePicture(input('exif6.jpg'))).toMatchObject({
      format: 'jpeg',
      width: 23,
      height: 37,
      hasAlpha: false,
      pages: 1,
    });
    expect(await probePicture(input('palette_trns.png'))).toMatchObject({
      format: 'png',
      width: 37,
      height: 23,
      hasAlpha: true,
    });
  });

  it('tells grey with 16 bits from other depths', async () => {
    const raw = { raw: { width: 2, height: 2, channels: 1 } } as const;
    const deep = await sharp(new Uint16Array([0, 900, 9_000, 65_535]), raw)
      .toColourspace('grey16')
      .png()
      .toBuffer();
    const plain = await sharp(Buffer.from([0, 9, 90, 255]), raw)
      .toColourspace('b-w')
      .png()
      .toBuffer();
    expect(await probePicture(deep)).toMatchObject({ isDeepGrey: true });
    for (const file of [plain, input('rgb16.png'), input('jpeg420.jpg')])
      expect(await probePicture(file)).toMatchObject({ isDeepGrey: false });
  });
});

describe('hostile files', () => {
  const originals = [
    'rgba_hidden.png',
    'palette_trns.png',
    'exif6.png',
    'rgb16.png',
    'exif6.jpg',
    'jpeg420.jpg',
    'icc.jpg',
  ];
  let seed = 20_26;
  const next = (): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return seed >>> 8;
  };

  /** Flipped bytes, a cut, a doubled slice, or a slice of zeros. */
  const mutate = (original: Buffer): Buffer => {
    const bytes = Buffer.from(original);
    const at = next() % bytes.length;
    const length = 1 + (next() % 40);
    switch (next() % 4) {
      case 0:
        for (let count = 0; count < 1 + (next() % 12); count += 1) bytes[next() % bytes.length] = next() % 256;
        return bytes;
      case 1:
        return bytes.subarray(0, at);
      case 2:
        return Buffer.concat([bytes.subarray(0, at + length), bytes.subarray(at)]);
      default:
        return bytes.fill(0, at, Math.min(at + length, bytes.length));
    }
  };

  it('end in a picture or in a typed refusal, 1,000 times, within bounded memory', async () => {
    const webp = await sharp(input('rgba_hidden.png')).webp().toBuffer();
    const gif = await sharp(input('rgba_hidden.png')).gif().toBuffer();
    const files = [...originals.map(input), webp, gif];
    const outcomes = new Map<string, number>();
    const before = process.memoryUsage().rss;
    let most = 0;
    for (let round = 0; round < 1_000; round += 1) {
      const bytes = mutate(files[round % files.length]!);
      const outcome = await decodePicture(bytes, { maxPixels: 1_000_000 }).then(
        (picture) => {
          expect(picture.data.length).toBe(picture.width * picture.height * 3);
          return 'decoded';
        },
        (error: unknown) => {
          if (!(error instanceof PictureRefusal)) throw error;
          expect(pictureRefusalReasons).toContain(error.reason);
          return error.reason;
        },
      );
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      most = Math.max(most, process.memoryUsage().rss);
    }
    // Each file is small; what grew would be what was kept.
    expect(most - before).toBeLessThan(400_000_000);
    // A generator that only ever produced one outcome would prove nothing.
    expect(outcomes.get('decoded')).toBeGreaterThan(20);
    expect(outcomes.get('truncated')).toBeGreaterThan(20);
    expect(outcomes.get('corrupt')).toBeGreaterThan(20);
  });
});
