import { lpipsPicture } from '../perception/lpips';
import type { Rgb } from '../picture';
import type { FilmFacts, FilmOptions } from './film';
import { FilmRefusal } from './film-refusal';
import { readMoving } from './moving';

/**
 * The frames of a film, GIF or animated WebP at the size at which its metrics are defined (short side 256).
 * @throws FilmRefusal over_budget when they need more than `maxBytes`; as `readMoving`
 */
export async function readFilmForMetrics(
  path: string,
  options: FilmOptions & { readonly maxBytes?: number } = {},
): Promise<{ readonly facts: FilmFacts; readonly frames: Rgb[] }> {
  const { maxBytes = 512 * 1024 * 1024 } = options;
  const frames: Rgb[] = [];
  let bytes = 0;
  const facts = await readMoving(
    path,
    (frame) => {
      const small = lpipsPicture(frame);
      bytes += small.data.length;
      if (bytes > maxBytes)
        throw new FilmRefusal('over_budget', `the frames of ${path} need more than ${maxBytes} bytes`);
      frames.push(small);
    },
    options,
  );
  return { facts, frames };
}
