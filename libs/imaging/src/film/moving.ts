import type { Rgb } from '../picture';
import { readAnimation } from './animation';
import { readFilm, type FilmFacts, type FilmOptions } from './film';
import { movingFormatOf } from './moving-format';

/**
 * Every frame once, in order, whatever the file is: films through ffmpeg, GIF and WebP through libvips.
 * @throws FilmRefusal as `readFilm` and `readAnimation`; the file system's error
 */
export async function readMoving(
  path: string,
  onFrame: (frame: Rgb, index: number) => void | Promise<void>,
  options: FilmOptions = {},
): Promise<FilmFacts> {
  const format = await movingFormatOf(path);
  return format === 'gif' || format === 'webp'
    ? readAnimation(path, onFrame, options)
    : readFilm(path, onFrame, options);
}
