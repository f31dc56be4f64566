import type { PixelSize, Raster } from '../picture';
import { roundHalfEven } from '../rounding';
import { requireRaster, requireTarget } from './requirements';

/** Maps source to target coordinates: x' = m[0] x + m[1] y + m[2], y' = m[3] x + m[4] y + m[5]. */
export type AffineMatrix = readonly [number, number, number, number, number, number];

/**
 * OpenCV's `warpAffine` with INTER_LINEAR and a border of zeros on 8-bit data, bit for bit as 4.10 to 4.14: positions
 * in 1/32 pixel, no antialiasing. A float form differs by up to 6 levels. Formula source: OpenCV 4.14
 * `modules/imgproc/src/imgwarp.cpp`. Tolerance 0 for a given matrix.
 * @throws RangeError for a matrix that cannot be inverted.
 */
export function warpAffineBilinear<C extends number>(
  source: Raster<C>,
  matrix: AffineMatrix,
  target: PixelSize,
): Raster<C> {
  requireRaster(source);
  requireTarget(target);
  const [m0, m1, m2, m3, m4, m5] = invert(matrix);
  const { channels, data: from } = source;
  const { width, height } = target;
  const data = new Uint8Array(width * height * channels);
  const columnX = new Float64Array(width);
  const columnY = new Float64Array(width);
  for (let x = 0; x < width; x += 1) {
    columnX[x] = roundHalfEven(m0 * x * scale);
    columnY[x] = roundHalfEven(m3 * x * scale);
  }
  let to = 0;
  for (let y = 0; y < height; y += 1) {
    const rowX = roundHalfEven((m1 * y + m2) * scale) + roundDelta;
    const rowY = roundHalfEven((m4 * y + m5) * scale) + roundDelta;
    for (let x = 0; x < width; x += 1) {
      // Floor instead of a shift: positions far outside exceed 32 bits.
      const fixedX = Math.floor((rowX + columnX[x]!) / 32);
      const fixedY = Math.floor((rowY + columnY[x]!) / 32);
      const left = Math.floor(fixedX / 32);
      const top = Math.floor(fixedY / 32);
      const fx = fixedX - left * 32;
      const fy = fixedY - top * 32;
      for (let channel = 0; channel < channels; channel += 1) {
        const sum =
          (32 - fx) * (32 - fy) * sampleOrZero(source, from, left, top, channel) +
          fx * (32 - fy) * sampleOrZero(source, from, left + 1, top, channel) +
          (32 - fx) * fy * sampleOrZero(source, from, left, top + 1, channel) +
          fx * fy * sampleOrZero(source, from, left + 1, top + 1, channel);
        // The original's weights are these times 32, and it shifts by 15 after adding 2^14.
        data[to] = (sum * 32 + (1 << 14)) >> 15;
        to += 1;
      }
    }
  }
  return { width, height, channels, data };
}

const scale = 1024;
const roundDelta = 16;

function sampleOrZero(
  { width, height, channels }: Raster,
  data: Uint8Array,
  x: number,
  y: number,
  channel: number,
): number {
  return x < 0 || y < 0 || x >= width || y >= height ? 0 : data[(y * width + x) * channels + channel]!;
}

/** In the order of operations of the original, so that the rounding is the same. */
function invert([a, b, tx, c, d, ty]: AffineMatrix): AffineMatrix {
  const determinant = a * d - b * c;
  const inverse = 1 / determinant;
  if (determinant === 0 || ![inverse, tx, ty].every(Number.isFinite))
    throw new RangeError('the affine matrix has no inverse');
  const a11 = d * inverse;
  const a22 = a * inverse;
  const a12 = -b * inverse;
  const a21 = -c * inverse;
  return [a11, a12, -a11 * tx - a12 * ty, a21, a22, -a21 * tx - a22 * ty];
}
