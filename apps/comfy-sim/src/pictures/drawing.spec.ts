import sharp from 'sharp';
import { colourOf } from './colour';
import { drawSvg } from './drawing';
import { Picture } from './picture';
import { readText, withText } from './png';
import { emptyRecipe, type DrawingRecipe } from './recipe';
import { traitsOf } from './traits';

const aRecipe = (more: Partial<DrawingRecipe> = {}): DrawingRecipe => ({
  ...emptyRecipe(0),
  positive: '1girl',
  seed: '7',
  steps: 20,
  cfg: 6,
  model: 'anime_sd15.safetensors',
  sampled: true,
  ...more,
});

async function difference(a: Picture, b: Picture): Promise<number> {
  const [left, right] = [await a.pixels(), await b.pixels()];
  return left.reduce((sum, value, index) => sum + Math.abs(value - (right[index] ?? 0)), 0) / left.length;
}

describe('drawn pictures', () => {
  it.each([
    [512, 768],
    [640, 360],
    [64, 64],
    [1, 1],
  ])('are exactly %d×%d', async (width, height) => {
    const {
      width: w,
      height: h,
      channels,
    } = await sharp(await Picture.drawn(aRecipe(), width, height).png(4)).metadata();
    expect([w, h, channels]).toEqual([width, height, 3]);
  });

  it('are the same bytes for the same recipe', async () => {
    const [a, b] = await Promise.all([1, 2].map(() => Picture.drawn(aRecipe(), 256, 384).png(4)));
    expect(a?.equals(b ?? Buffer.alloc(0))).toBe(true);
  });

  it('visibly differ for every other seed', async () => {
    const pictures = ['1', '2', '3', '4'].map((seed) => Picture.drawn(aRecipe({ seed }), 128, 192));
    for (const [index, picture] of pictures.entries()) {
      for (const other of pictures.slice(index + 1)) expect(await difference(picture, other)).toBeGreaterThan(8);
    }
  });

  it('keep their character when a sampler goes over them again', async () => {
    const [first, again] = [Picture.drawn(aRecipe(), 128, 192), Picture.drawn(aRecipe({ refined: 1 }), 128, 192)];
    const change = await difference(first, again);
    expect(change).toBeGreaterThan(0);
    expect(change).toBeLessThan(12);
  });

  it('need no font', () => {
    expect(drawSvg(aRecipe(), 512, 768)).not.toMatch(/<text|font/);
  });

  it('are never black', async () => {
    const pixels = await Picture.drawn(aRecipe({ positive: 'night, black hair, space' }), 64, 96).pixels();
    expect(pixels.reduce((sum, value) => sum + value, 0) / pixels.length).toBeGreaterThan(15);
  });
});

describe('words in prompts', () => {
  it('settle the colours they name', () => {
    expect(colourOf('hair', 'girl with long light blue hair')).toBe(colourOf('hair', 'light blue hair'));
    expect(traitsOf(aRecipe({ positive: 'blue hair, red eyes' })).hair.hue).toBe(215);
    expect(traitsOf(aRecipe({ positive: 'blue hair, red eyes' })).eyes.hue).toBe(356);
  });

  it('settle scene, cut and mood', () => {
    expect(traitsOf(aRecipe({ positive: 'twintails, smile, snowy forest' }))).toMatchObject({
      cut: 'twintails',
      mouth: 'smile',
      scene: 'forest',
    });
  });

  it('change nothing but their own trait when the dice are the same', () => {
    const random = traitsOf(aRecipe({ positive: '1girl', seed: '9' }));
    expect(traitsOf(aRecipe({ positive: '1girl', seed: '9' }))).toEqual(random);
  });
});

describe('texts in PNGs', () => {
  it('come back as they were put in', async () => {
    const png = withText(
      await Picture.solid(255, 8, 8).png(4),
      new Map([
        ['prompt', '{"1": {}}'],
        ['workflow', '{}'],
      ]),
    );
    expect([...readText(png)]).toEqual([
      ['prompt', '{"1": {}}'],
      ['workflow', '{}'],
    ]);
    expect((await sharp(png).metadata()).format).toBe('png');
  });
});
