import sharp from 'sharp';
import { MAX_SHEET_ITEMS, captionLines, makeContactSheet } from './contact-sheet';

const flat = (width: number, height: number, background: string): Promise<Buffer> =>
  sharp({ create: { width, height, channels: 3, background } })
    .png()
    .toBuffer();

const pixelsOf = async (sheet: Buffer) => {
  const { data, info } = await sharp(sheet).raw().toBuffer({ resolveWithObject: true });
  const at = (x: number, y: number): number[] => [
    ...data.subarray((y * info.width + x) * info.channels, (y * info.width + x) * info.channels + 3),
  ];
  return { at, info, data };
};

/** Pixels well above the ground between two rows: only letters are that bright there. */
const inkBetween = ({ data, info }: Awaited<ReturnType<typeof pixelsOf>>, top: number, bottom: number): number => {
  let count = 0;
  for (let at = top * info.width * info.channels; at < bottom * info.width * info.channels; at += info.channels)
    if (data[at]! > 120) count += 1;
  return count;
};

describe('a contact sheet', () => {
  it('sets the pictures in reading order', async () => {
    const colours = ['#ff0000', '#00ff00', '#0000ff'];
    const items = await Promise.all(
      colours.map(async (colour) => ({ picture: await flat(50, 50, colour), captionLines: [] })),
    );
    const { at, info } = await pixelsOf(await makeContactSheet(items, { columns: 2, cellSide: 100 }));
    expect(info.width).toBe(20 + 2 * 120);
    expect(at(70, 70)).toEqual([255, 0, 0]);
    expect(at(190, 70)).toEqual([0, 255, 0]);
    expect(at(70, 70 + 100 + 12 + 20)).toEqual([0, 0, 255]);
  });

  it('letters the caption with ink below the picture', async () => {
    const picture = await flat(100, 100, '#000000');
    const bare = await pixelsOf(await makeContactSheet([{ picture, captionLines: [] }], { cellSide: 200 }));
    const lettered = await pixelsOf(
      await makeContactSheet(
        [
          {
            picture,
            captionLines: captionLines({ prompt: 'Ёлка, 桜, <b>&amp;', seed: 7n, card: 'gpu-0', seconds: 12.34 }),
          },
        ],
        { cellSide: 200 },
      ),
    );
    expect(lettered.info.height).toBeGreaterThan(bare.info.height + 40);
    expect(inkBetween(bare, 225, bare.info.height)).toBe(0);
    expect(inkBetween(lettered, 225, lettered.info.height)).toBeGreaterThan(100);
  });

  it('letters a caption in its own script, each letter in a form of its own', async () => {
    const picture = await flat(50, 50, '#000000');
    const captionOf = async (prompt: string): Promise<Buffer> => {
      const { data, info } = await pixelsOf(await makeContactSheet([{ picture, captionLines: [prompt] }]));
      return data.subarray((20 + 320) * info.width * info.channels);
    };
    const noLetter = '\u{10ffff}';
    const captions = await Promise.all(['桜', '夜', 'Å', 'A', 'ї', 'i', noLetter].map(captionOf));
    for (const [index, one] of captions.entries())
      for (const other of captions.slice(index + 1)) expect(one.equals(other)).toBe(false);
  });

  it('gives a long prompt two lines and no more', async () => {
    const picture = await flat(10, 10, '#000000');
    const heightOf = async (prompt: string): Promise<number> =>
      (await pixelsOf(await makeContactSheet([{ picture, captionLines: [prompt] }]))).info.height;
    expect(await heightOf('word '.repeat(500))).toBe(await heightOf('word '.repeat(20)));
    expect(await heightOf('word '.repeat(20))).toBeGreaterThan(await heightOf('word'));
  });

  it('shows a refused picture as a gap with its reason', async () => {
    const good = await flat(50, 50, '#00ff00');
    const sheet = await pixelsOf(
      await makeContactSheet(
        [
          { picture: Buffer.from('no picture at all'), captionLines: [] },
          { picture: good, captionLines: [] },
        ],
        { columns: 2, cellSide: 200 },
      ),
    );
    expect(sheet.at(340, 120)).toEqual([0, 255, 0]);
    const left = {
      ...sheet,
      data: sheet.data.map((value, index) =>
        Math.floor(index / sheet.info.channels) % sheet.info.width < 220 ? value : 0,
      ),
    };
    expect(inkBetween(left as typeof sheet, 20, 220)).toBeGreaterThan(40);
  });

  it('writes the facts of a picture in a fixed order', () => {
    expect(captionLines({ prompt: 'cat', seed: 18446744073709551615n, card: 'RX 9070 XT', seconds: 3.456 })).toEqual([
      'cat',
      'seed 18446744073709551615',
      'RX 9070 XT · 3.46 s',
    ]);
  });

  it('refuses no pictures, too many, and impossible sides', async () => {
    const item = { picture: Buffer.from('x'), captionLines: [] };
    await expect(makeContactSheet([])).rejects.toThrow(RangeError);
    await expect(makeContactSheet(Array.from({ length: MAX_SHEET_ITEMS + 1 }, () => item))).rejects.toThrow(RangeError);
    await expect(makeContactSheet([item], { cellSide: 0.5 })).rejects.toThrow(RangeError);
  });

  it('passes the file system error on for a path that is not there', async () => {
    await expect(makeContactSheet([{ picture: '/nowhere/none.png', captionLines: [] }])).rejects.toMatchObject({
      code: 'ENOENT',
    });
  });
});
