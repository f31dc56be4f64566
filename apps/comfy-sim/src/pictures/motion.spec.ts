import { createHash } from 'node:crypto';
import { findHolds, loopSeam, meanAbsoluteDifference, type Rgb } from '@tower/imaging';
import { Picture } from './picture';
import { emptyRecipe, type DrawingRecipe, type Motion } from './recipe';

const [width, height] = [192, 256];
const words = ['1girl, blue hair, twintails, forest', '1boy, rain', 'long hair, kimono, sakura', 'space', 'city'];

const aRecipe = (motion: Motion, more: Partial<DrawingRecipe> = {}): DrawingRecipe => ({
  ...emptyRecipe(0),
  positive: words[0] ?? '',
  seed: '7',
  steps: 20,
  cfg: 6,
  model: 'anime_sd15.safetensors',
  sampled: true,
  motion,
  ...more,
});

async function rgb(picture: Picture): Promise<Rgb> {
  return { width: picture.width, height: picture.height, channels: 3, data: await picture.pixels() };
}

const film = (motion: Omit<Motion, 'index'>, more: Partial<DrawingRecipe> = {}): Promise<Rgb[]> =>
  Promise.all(
    Array.from({ length: motion.count }, (_, index) =>
      rgb(Picture.drawn(aRecipe({ ...motion, index }, more), width, height)),
    ),
  );

const digest = ({ data }: Rgb): string => createHash('sha256').update(data).digest('hex');

async function seamOf(frames: readonly Rgb[]): Promise<{ seam: number; adjacent: readonly number[]; r2: number }> {
  const measured = await loopSeam(frames, findHolds(frames).runLengths, { kind: 'mae' });
  if (measured.state !== 'computed') throw new Error('the seam could not be measured');
  return { seam: measured.value.seam, adjacent: measured.value.adjacent, r2: measured.value.r2 ?? 0 };
}

describe('a closed film', () => {
  it.each(words)('closes with an ordinary step: %s', async (positive) => {
    const { seam, adjacent, r2 } = await seamOf(await film({ count: 16, closed: true }, { positive }));
    expect(seam).toBeLessThanOrEqual(Math.max(...adjacent));
    expect(r2).toBeLessThanOrEqual(1.25);
  });

  it('moves between any two frames', async () => {
    expect(findHolds(await film({ count: 16, closed: true })).runLengths).toEqual(Array.from({ length: 16 }, () => 1));
  });
});

describe('an open film', () => {
  it('moves from frame to frame and does not come back to its beginning', async () => {
    const { seam, adjacent } = await seamOf(await film({ count: 33, closed: false }));
    expect(Math.min(...adjacent)).toBeGreaterThan(0.5);
    expect(seam).toBeGreaterThan(2 * Math.max(...adjacent));
  });

  it('shows another character for another seed', async () => {
    const [a, b] = [await film({ count: 5, closed: false }), await film({ count: 5, closed: false }, { seed: '8' })];
    for (const [index, frame] of a.entries())
      expect(meanAbsoluteDifference(frame, b[index] ?? frame)).toBeGreaterThan(8);
  });

  it('is the same for the same recipe', async () => {
    const [a, b] = await Promise.all([film({ count: 3, closed: false }), film({ count: 3, closed: false })]);
    expect(a.map(digest)).toEqual(b.map(digest));
  });
});

describe('a film from a given picture', () => {
  const still = Picture.drawn(
    { ...aRecipe({ index: 0, count: 1, closed: false }), motion: undefined, seed: '21' },
    300,
    400,
  );
  const other = Picture.drawn(
    { ...aRecipe({ index: 0, count: 1, closed: false }), motion: undefined, seed: '22', positive: 'night' },
    300,
    400,
  );
  const distance = async (picture: Picture, frame: Rgb | undefined): Promise<number> =>
    meanAbsoluteDifference(await rgb(picture.covering(width, height)), frame ?? (await rgb(picture)));

  it('begins with it and moves on', async () => {
    const frames = await film({ count: 33, closed: false, start: still });
    expect(await distance(still, frames[0])).toBeLessThan(3);
    const { adjacent } = await seamOf(frames);
    expect(Math.min(...adjacent)).toBeGreaterThan(0.5);
    expect(Math.max(...adjacent)).toBeLessThan(12);
  });

  it('ends with the picture it was to run towards', async () => {
    const frames = await film({ count: 17, closed: false, start: still, end: other });
    expect(await distance(still, frames[0])).toBeLessThan(3);
    expect(await distance(other, frames[16])).toBeLessThan(3);
    expect(await distance(other, frames[0])).toBeGreaterThan(20);
  });

  it('is a loop when it ends with the picture it began with', async () => {
    const frames = await film({ count: 33, closed: false, start: still, end: still });
    const { seam, adjacent } = await seamOf(frames);
    expect(seam).toBeLessThanOrEqual(Math.max(...adjacent));
    expect(Math.max(...frames.map((frame) => meanAbsoluteDifference(frame, frames[0] ?? frame)))).toBeGreaterThan(5);
  });

  it('differs by seed and by prompt, but for its first frame', async () => {
    const of = (more: Partial<DrawingRecipe>): Promise<Rgb[]> => film({ count: 9, closed: false, start: still }, more);
    const [one, two, three] = [await of({}), await of({ seed: '8' }), await of({ positive: 'snow' })];
    for (const frames of [two, three]) {
      expect(digest(frames[0] as Rgb)).toBe(digest(one[0] as Rgb));
      expect(meanAbsoluteDifference(frames[8] as Rgb, one[8] as Rgb)).toBeGreaterThan(1);
    }
  });
});

describe('what lies between two frames', () => {
  const frame = (index: number, more: Partial<DrawingRecipe> = {}): Picture =>
    Picture.drawn(aRecipe({ index, count: 16, closed: true }, more), width, height);
  const gap = async (a: Picture, b: Picture): Promise<number> => meanAbsoluteDifference(await rgb(a), await rgb(b));

  it('is the drawing of that moment', async () => {
    expect(await gap(Picture.between(frame(3), frame(4), 0.5), frame(3.5))).toBe(0);
    expect(await gap(Picture.between(frame(15), frame(0), 0.25), frame(15.25))).toBe(0);
  });

  it('is drawn anew also when both were scaled', async () => {
    const scaled = (picture: Picture): Picture => picture.scaled(96, 128, 'lanczos3');
    expect(await gap(Picture.between(scaled(frame(3)), scaled(frame(4)), 0.5), scaled(frame(3.5)))).toBe(0);
  });

  it('is a blend for pictures that are no neighbours', async () => {
    const [white, black] = [Picture.solid(0xffffff, 8, 8), Picture.solid(0, 8, 8)];
    expect([...new Set(await Picture.between(black, white, 0.25).pixels())]).toEqual([64]);
    const [one, other] = [frame(1), frame(1, { seed: '9' })];
    expect(await gap(Picture.between(one, other, 0.5), one)).toBeCloseTo((await gap(one, other)) / 2, 0);
  });
});
