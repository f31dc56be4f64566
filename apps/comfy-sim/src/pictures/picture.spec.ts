import sharp from 'sharp';
import { Picture } from './picture';

/** Four upright bands of equal width, black, red, white, blue. */
async function bands(width: number, height: number): Promise<Picture> {
  const colours = [
    [0, 0, 0],
    [255, 0, 0],
    [255, 255, 255],
    [0, 0, 255],
  ];
  const pixels = Buffer.from(
    Array.from(
      { length: width * height },
      (_, index) => colours[Math.floor(((index % width) * 4) / width)] ?? [],
    ).flat(),
  );
  return Picture.fromFile(
    await sharp(pixels, { raw: { width, height, channels: 3 } })
      .png()
      .toBuffer(),
    'bands',
  );
}

async function colourAt(picture: Picture, x: number, y: number): Promise<number[]> {
  const at = (y * picture.width + x) * 3;
  return [...(await picture.pixels()).subarray(at, at + 3)];
}

it('shows the colours that a transparent file hides', async () => {
  const file = await sharp({
    create: { width: 4, height: 4, channels: 4, background: { r: 10, g: 20, b: 30, alpha: 0 } },
  })
    .png()
    .toBuffer();
  expect(await colourAt(await Picture.fromFile(file, 'hidden'), 1, 1)).toEqual([10, 20, 30]);
});

describe('a scaled picture', () => {
  it('keeps its proportions and its middle where it is to cover another shape', async () => {
    const square = (await bands(80, 40)).scaled(40, 40, 'nearest', 'centre');
    expect([square.width, square.height]).toEqual([40, 40]);
    expect(await colourAt(square, 2, 20)).toEqual([255, 0, 0]);
    expect(await colourAt(square, 37, 20)).toEqual([255, 255, 255]);
  });

  it('is stretched where nothing is cut off', async () => {
    const square = (await bands(80, 40)).scaled(40, 40, 'nearest');
    expect(await colourAt(square, 2, 20)).toEqual([0, 0, 0]);
    expect(await colourAt(square, 37, 20)).toEqual([0, 0, 255]);
  });

  it('is resampled with the kernel that is asked for', async () => {
    const picture = await bands(8, 8);
    const [nearest, cubic] = await Promise.all(
      (['nearest', 'cubic'] as const).map((kernel) => picture.scaled(32, 32, kernel).pixels()),
    );
    expect(nearest).not.toEqual(cubic);
    expect(new Set(Array.from({ length: 32 }, (_, x) => nearest?.subarray(x * 3, x * 3 + 3).join()))).toHaveProperty(
      'size',
      4,
    );
  });
});
