import type { Rgb } from '../picture';
import { pilBicubic } from '../resample/pillow';
import { pasteOn } from './crop';

export const WD_SIDE = 448;
export const WD_PREPROCESSING = 'wd/1: white square, pillow bicubic 448, BGR 0..255';

/**
 * [1, 448, 448, 3], blue green red, 0..255: the only network here that takes neither planes nor fractions.
 * Formula source: imgutils 0.19 `tagging.wd14`, which garbles grey pictures; ours are RGB by then. Tolerance 0.
 */
export function wdInput(picture: Rgb): Float32Array {
  const side = Math.max(picture.width, picture.height);
  const square =
    picture.width === picture.height
      ? picture
      : pasteOn(
          { width: side, height: side, level: 255 },
          picture,
          Math.floor((side - picture.width) / 2),
          Math.floor((side - picture.height) / 2),
        );
  const { data } = side === WD_SIDE ? square : pilBicubic(square, { width: WD_SIDE, height: WD_SIDE });
  const values = new Float32Array(data.length);
  for (let at = 0; at < data.length; at += 3) {
    values[at] = data[at + 2]!;
    values[at + 1] = data[at + 1]!;
    values[at + 2] = data[at]!;
  }
  return values;
}
