import type { Raster, Rgb } from '../picture';
import { requireRaster } from '../resample/requirements';

export interface Rectangle {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** @throws RangeError when the rectangle is not wholly inside */
export function crop<C extends number>(source: Raster<C>, { left, top, width, height }: Rectangle): Raster<C> {
  requireRaster(source);
  const inside =
    left >= 0 && top >= 0 && width > 0 && height > 0 && left + width <= source.width && top + height <= source.height;
  if (!inside || ![left, top, width, height].every(Number.isInteger))
    throw new RangeError(`${width} x ${height} at ${left}, ${top} is not inside ${source.width} x ${source.height}`);
  const { channels } = source;
  const data = new Uint8Array(width * height * channels);
  for (let y = 0; y < height; y += 1) {
    const start = ((top + y) * source.width + left) * channels;
    data.set(source.data.subarray(start, start + width * channels), y * width * channels);
  }
  return { width, height, channels, data };
}

/** The source pasted at `left`, `top` on a canvas of one grey level; parts outside the canvas are an error. */
export function pasteOn(
  canvas: { readonly width: number; readonly height: number; readonly level: number },
  source: Rgb,
  left: number,
  top: number,
): Rgb {
  requireRaster(source);
  if (left < 0 || top < 0 || left + source.width > canvas.width || top + source.height > canvas.height)
    throw new RangeError(
      `${source.width} x ${source.height} at ${left}, ${top} does not fit ${canvas.width} x ${canvas.height}`,
    );
  const data = new Uint8Array(canvas.width * canvas.height * 3).fill(canvas.level);
  for (let y = 0; y < source.height; y += 1)
    data.set(
      source.data.subarray(y * source.width * 3, (y + 1) * source.width * 3),
      ((top + y) * canvas.width + left) * 3,
    );
  return { width: canvas.width, height: canvas.height, channels: 3, data };
}
