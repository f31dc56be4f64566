import type { Box } from '../detection/overlap';
import type { Rgb } from '../picture';
import { requireRaster } from '../resample/requirements';

/** Part of the embedding contract: candidate and reference are only comparable when cropped the same way. */
export const identityCrops = ['head-1.5-square/1', 'person/1', 'full/1'] as const;
export type IdentityCrop = (typeof identityCrops)[number];

/** Room around a head for the hair that makes a character recognisable (quality-metrics 2.2). */
const headFactor = 1.5;

/**
 * The part of a picture that shows one character. The square around a head keeps its shape at the border of the
 * picture: what lies outside is white, as transparency is everywhere else.
 * @param box of the head or the person; not looked at for `full`
 * @throws RangeError for a box that misses the picture
 */
export function cropForIdentity(picture: Rgb, kind: IdentityCrop, box?: Box): Rgb {
  requireRaster(picture);
  if (kind === 'full/1') return picture;
  if (box === undefined) throw new RangeError(`a ${kind} crop needs a box`);
  return kind === 'person/1' ? cutOut(picture, insideOf(picture, box)) : cutOut(picture, squareAround(box));
}

interface Area {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

function squareAround({ left, top, right, bottom }: Box): Area {
  const side = Math.max(1, Math.round(Math.max(right - left, bottom - top) * headFactor));
  return {
    left: Math.round((left + right - side) / 2),
    top: Math.round((top + bottom - side) / 2),
    width: side,
    height: side,
  };
}

function insideOf({ width, height }: Rgb, box: Box): Area {
  const left = Math.max(0, Math.floor(box.left));
  const top = Math.max(0, Math.floor(box.top));
  return {
    left,
    top,
    width: Math.min(width, Math.ceil(box.right)) - left,
    height: Math.min(height, Math.ceil(box.bottom)) - top,
  };
}

function cutOut(picture: Rgb, { left, top, width, height }: Area): Rgb {
  const fromX = Math.max(0, left);
  const toX = Math.min(picture.width, left + width);
  const fromY = Math.max(0, top);
  const toY = Math.min(picture.height, top + height);
  if (!(toX > fromX && toY > fromY)) throw new RangeError(`the box at ${left}, ${top} misses the picture`);
  const data = new Uint8Array(width * height * 3).fill(255);
  for (let y = fromY; y < toY; y += 1)
    data.set(
      picture.data.subarray((y * picture.width + fromX) * 3, (y * picture.width + toX) * 3),
      ((y - top) * width + fromX - left) * 3,
    );
  return { width, height, channels: 3, data };
}
