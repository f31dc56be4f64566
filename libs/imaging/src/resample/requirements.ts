import type { PixelSize, Raster } from '../picture';

/** @throws RangeError when the data does not have the stated size. */
export function requireRaster({ width, height, channels, data }: Raster): void {
  if (
    ![width, height, channels].every((side) => Number.isInteger(side) && side > 0) ||
    data.length !== width * height * channels
  )
    throw new RangeError(`${data.length} bytes are not ${width} x ${height} x ${channels}`);
}

/** @throws RangeError unless both sides are positive whole numbers. */
export function requireTarget({ width, height }: PixelSize): void {
  if (![width, height].every((side) => Number.isInteger(side) && side > 0))
    throw new RangeError(`cannot resize to ${width} x ${height}`);
}
