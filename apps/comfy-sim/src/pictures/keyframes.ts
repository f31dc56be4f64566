import { allowOwnSvg, sharp } from '@tower/imaging';
import type { Picture } from './picture';
import { poseOf, type Pose } from './pose';
import { recipeRandom, type DrawingRecipe, type Motion } from './recipe';
import { foreground } from './scenery';
import { traitsOf } from './traits';
import { watermark } from './watermark';

allowOwnSvg();

/** How a given picture is bent at one moment. All is 0 where the film has to show it as it is. */
interface Bend {
  /** Shares of the width at the top, of the height everywhere, and of both in waves. */
  readonly sway: number;
  readonly bob: number;
  readonly wave: { readonly size: number; readonly phase: number; readonly moved: number };
  readonly zoom: number;
  /** 0 to 1: how much of what flies through the air is seen. */
  readonly air: number;
}

const turn = 2 * Math.PI;
const swingFrames = 32;

export const hasKeyframes = ({ start, end }: Motion): boolean => start !== undefined || end !== undefined;

/**
 * One frame of a film that starts from a given picture, runs towards one, or both: RGB, three bytes a pixel.
 * The given pictures move; between two different ones the film dissolves. `drawn` is shown on the side that has none.
 */
export async function filmFrame(
  recipe: DrawingRecipe,
  motion: Motion,
  width: number,
  height: number,
  drawn: () => Promise<Buffer>,
): Promise<Buffer> {
  const bend = bendAt(recipe, motion);
  const shown = async (picture: Picture | undefined): Promise<Buffer> =>
    picture === undefined ? drawn() : bent(await picture.covering(width, height).pixels(), width, height, bend);
  const share = motion.end === undefined || motion.closed ? 0 : smooth(progress(motion));
  const same = motion.start?.fingerprint === motion.end?.fingerprint;
  const first = share < 1 || same ? await shown(motion.start) : undefined;
  const last = share > 0 && !same ? await shown(motion.end) : undefined;
  const frame =
    first !== undefined && last !== undefined ? mixed(first, last, share) : (first ?? last ?? (await drawn()));
  return overlaid(frame, recipe, width, height, bend.air);
}

/** 0 at the first frame, 1 at the last. */
const progress = ({ index, count }: Motion): number => (count > 1 ? index / (count - 1) : 0);

const smooth = (x: number): number => x * x * (3 - 2 * x);

function bendAt(recipe: DrawingRecipe, motion: Motion): Bend {
  const random = recipeRandom(recipe, 'bend');
  const much = (random() < 0.5 ? -1 : 1) * (0.8 + random() * 0.4);
  const phase = random() * turn;
  const returns = motion.closed || motion.end !== undefined;
  const share = motion.closed ? motion.index / motion.count : progress(motion);
  const swings = Math.max(1, Math.round((motion.count - 1) / swingFrames));
  const angle = turn * (returns ? swings * share : motion.index / swingFrames);
  const way = Math.min(0.09, 0.003 * (motion.count - 1));
  return {
    sway: 0.035 * much * Math.sin(angle),
    bob: 0.012 * Math.abs(much) * (1 - Math.cos(angle)),
    wave: { size: 0.009 * much, phase, moved: 2 * angle },
    zoom: 1 + (returns ? 0.04 * Math.sin(Math.PI * share) ** 2 : way * share),
    air: returns ? Math.sin(Math.PI * share) ** 2 : Math.min(1, motion.index / 6),
  };
}

/** Columns bend by their row and rows by their column only, so each needs one number. */
function bent(source: Buffer, width: number, height: number, { sway, bob, wave, zoom }: Bend): Buffer {
  const ripple = (at: number, waves: number): number =>
    wave.size * (Math.sin(turn * waves * at + wave.phase - wave.moved) - Math.sin(turn * waves * at + wave.phase));
  const right = Float64Array.from(
    { length: height },
    (_, y) => width * (sway * (1 - y / height) ** 1.5 + ripple(y / height, 1.5)),
  );
  const down = Float64Array.from(
    { length: width },
    (_, x) => height * (bob * (1 - Math.abs(x / width - 0.5)) + 0.6 * ripple(x / width, 1)),
  );
  const out = Buffer.allocUnsafe(source.length);
  for (let y = 0, to = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1, to += 3) {
      const fromX = clamp((x - width / 2) / zoom + width / 2 - (right[y] ?? 0), width - 1);
      const fromY = clamp((y - height / 2) / zoom + height / 2 - (down[x] ?? 0), height - 1);
      const left = fromX | 0;
      const top = fromY | 0;
      const h = fromX - left;
      const v = fromY - top;
      const at = (top * width + left) * 3;
      const next = left + 1 < width ? 3 : 0;
      const below = top + 1 < height ? width * 3 : 0;
      for (let channel = 0; channel < 3; channel += 1) {
        const i = at + channel;
        const upper = (source[i] ?? 0) * (1 - h) + (source[i + next] ?? 0) * h;
        const lower = (source[i + below] ?? 0) * (1 - h) + (source[i + below + next] ?? 0) * h;
        out[to + channel] = upper * (1 - v) + lower * v + 0.5;
      }
    }
  }
  return out;
}

const clamp = (value: number, most: number): number => (value < 0 ? 0 : value > most ? most : value);

/** `share` of the second picture, 0 to 1; both of one size. */
export function mixed(first: Buffer, second: Buffer, share: number): Buffer {
  const out = Buffer.allocUnsafe(first.length);
  for (let i = 0; i < out.length; i += 1) out[i] = (first[i] ?? 0) * (1 - share) + (second[i] ?? 0) * share + 0.5;
  return out;
}

/** What flies through the prompt's scene, and the watermark on top. */
async function overlaid(
  frame: Buffer,
  recipe: DrawingRecipe,
  width: number,
  height: number,
  air: number,
): Promise<Buffer> {
  const pose: Pose | undefined = poseOf(recipe);
  const flying = air > 0 ? foreground(traitsOf(recipe).scene, width, height, recipeRandom(recipe, 'scene'), pose) : '';
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ` +
    `${height}"><g opacity="${air.toFixed(3)}">${flying}</g>${watermark(width, height)}</svg>`;
  const over = await sharp(Buffer.from(svg)).resize(width, height, { fit: 'fill' }).ensureAlpha().raw().toBuffer();
  const out = Buffer.from(frame);
  for (let from = 0, to = 0; from < over.length; from += 4, to += 3) {
    const cover = (over[from + 3] ?? 0) / 255;
    if (cover === 0) continue;
    for (let channel = 0; channel < 3; channel += 1)
      out[to + channel] = (out[to + channel] ?? 0) * (1 - cover) + (over[from + channel] ?? 0) * cover + 0.5;
  }
  return out;
}
