import type { PixelSize, Rgb } from '../picture';
import { requireRaster, requireTarget } from './requirements';

/** 32-bit samples in 0..255, row by row, red green blue interleaved; the bicubic filter may leave that range. */
export interface FloatRgb extends PixelSize {
  readonly data: Float32Array;
}

/**
 * torchvision `Resize(antialias=False)` on a float tensor, bilinear.
 * Formula source: torch `upsample_bilinear2d`, align_corners false, positions in float32. Tolerance 1e-3 of 255.
 */
export const torchBilinearNoAA = (source: Rgb, target: PixelSize): FloatRgb => resize(source, target, bilinearAxis);

/** As `torchBilinearNoAA`, bicubic with a = -0.75; indices are clamped at the border, values are not. */
export const torchBicubicNoAA = (source: Rgb, target: PixelSize): FloatRgb => resize(source, target, bicubicAxis);

/** torchvision's target for one requested short side: the long side is cut off, not rounded. */
export function shortSideTarget({ width, height }: PixelSize, shortSide: number): PixelSize {
  return width <= height
    ? { width: shortSide, height: Math.trunc((shortSide * height) / width) }
    : { width: Math.trunc((shortSide * width) / height), height: shortSide };
}

/** `taps` source indices and weights for every output index. */
interface Axis {
  readonly taps: number;
  readonly indices: Int32Array;
  readonly weights: Float32Array;
}

const positionOf = (index: number, sourceSide: number, targetSide: number): number =>
  Math.fround(Math.fround(Math.fround(sourceSide / targetSide) * Math.fround(index + 0.5)) - 0.5);

function bilinearAxis(sourceSide: number, targetSide: number): Axis {
  const indices = new Int32Array(targetSide * 2);
  const weights = new Float32Array(targetSide * 2);
  for (let index = 0; index < targetSide; index += 1) {
    const position = Math.max(0, positionOf(index, sourceSide, targetSide));
    const first = Math.min(Math.trunc(position), sourceSide - 1);
    const fraction = Math.min(1, position - first);
    indices.set([first, Math.min(first + 1, sourceSide - 1)], index * 2);
    weights.set([1 - fraction, fraction], index * 2);
  }
  return { taps: 2, indices, weights };
}

const a = -0.75;
const near = (x: number): number => ((a + 2) * x - (a + 3)) * x * x + 1;
const far = (x: number): number => ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;

function bicubicAxis(sourceSide: number, targetSide: number): Axis {
  const indices = new Int32Array(targetSide * 4);
  const weights = new Float32Array(targetSide * 4);
  for (let index = 0; index < targetSide; index += 1) {
    const position = positionOf(index, sourceSide, targetSide);
    const first = Math.floor(position);
    const t = position - first;
    for (let tap = 0; tap < 4; tap += 1)
      indices[index * 4 + tap] = Math.min(Math.max(first - 1 + tap, 0), sourceSide - 1);
    weights.set([far(t + 1), near(t), near(1 - t), far(2 - t)], index * 4);
  }
  return { taps: 4, indices, weights };
}

function resize(source: Rgb, target: PixelSize, axisOf: (sourceSide: number, targetSide: number) => Axis): FloatRgb {
  requireRaster(source);
  requireTarget(target);
  const { width, height } = target;
  // torch returns the input unchanged, and so do the weights: no special case.
  const across = axisOf(source.width, width);
  const down = axisOf(source.height, height);
  const wide = new Float32Array(width * source.height * 3);
  for (let y = 0; y < source.height; y += 1)
    for (let x = 0; x < width; x += 1)
      for (let channel = 0; channel < 3; channel += 1) {
        let sum = 0;
        for (let tap = x * across.taps; tap < (x + 1) * across.taps; tap += 1)
          sum += across.weights[tap]! * source.data[(y * source.width + across.indices[tap]!) * 3 + channel]!;
        wide[(y * width + x) * 3 + channel] = sum;
      }
  const rowLength = width * 3;
  const data = new Float32Array(rowLength * height);
  for (let y = 0; y < height; y += 1)
    for (let x = 0; x < rowLength; x += 1) {
      let sum = 0;
      for (let tap = y * down.taps; tap < (y + 1) * down.taps; tap += 1)
        sum += down.weights[tap]! * wide[down.indices[tap]! * rowLength + x]!;
      data[y * rowLength + x] = sum;
    }
  return { width, height, data };
}
