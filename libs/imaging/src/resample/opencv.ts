import type { PixelSize, Raster } from '../picture';
import { roundHalfEven } from '../rounding';
import { requireRaster, requireTarget } from './requirements';

/**
 * OpenCV's `resize` with INTER_LINEAR on 8-bit data: no antialiasing, 11-bit weights, bit for bit as 4.10 to 4.14. The
 * original switches to a 2 x 2 mean at exactly half size; with weights of one half the general form gives the same
 * numbers. Formula source: OpenCV 4.14 `modules/imgproc/src/resize.cpp`. Tolerance 0.
 */
export function cvBilinear<C extends number>(source: Raster<C>, target: PixelSize): Raster<C> {
  requireRaster(source);
  requireTarget(target);
  if (target.width === source.width && target.height === source.height)
    return { ...source, data: new Uint8Array(source.data) };
  return interpolate(source, target);
}

const one = 2048;

interface Axis {
  readonly first: Int32Array;
  readonly second: Int32Array;
  readonly firstWeight: Int32Array;
  readonly secondWeight: Int32Array;
}

/**
 * At the edge the horizontal axis moves all weight to one pixel; the vertical axis keeps the fraction and repeats the
 * row.
 */
function axis(sourceSide: number, targetSide: number, edge: 'one_pixel' | 'keep_fraction'): Axis {
  const scale = 1 / (targetSide / sourceSide);
  const first = new Int32Array(targetSide);
  const second = new Int32Array(targetSide);
  const firstWeight = new Int32Array(targetSide);
  const secondWeight = new Int32Array(targetSide);
  for (let index = 0; index < targetSide; index += 1) {
    const position = Math.fround((index + 0.5) * scale - 0.5);
    let at = Math.floor(position);
    let fraction = Math.fround(position - at);
    if (edge === 'one_pixel' && (at < 0 || at >= sourceSide - 1)) {
      at = at < 0 ? 0 : sourceSide - 1;
      fraction = 0;
    }
    first[index] = clampIndex(at, sourceSide);
    second[index] = clampIndex(at + 1, sourceSide);
    firstWeight[index] = roundHalfEven(Math.fround(Math.fround(1 - fraction) * one));
    secondWeight[index] = roundHalfEven(Math.fround(fraction * one));
  }
  return { first, second, firstWeight, secondWeight };
}

const clampIndex = (index: number, length: number): number => Math.min(Math.max(index, 0), length - 1);

function interpolate<C extends number>(source: Raster<C>, { width, height }: PixelSize): Raster<C> {
  const { channels } = source;
  const across = axis(source.width, width, 'one_pixel');
  const down = axis(source.height, height, 'keep_fraction');
  const rowLength = width * channels;
  const data = new Uint8Array(rowLength * height);
  // Two stretched source rows are kept; most output rows need the same pair or one new row.
  let upper = { row: -1, sums: new Int32Array(rowLength) };
  let lower = { row: -1, sums: new Int32Array(rowLength) };
  for (let y = 0; y < height; y += 1) {
    const upperRow = down.first[y]!;
    const lowerRow = down.second[y]!;
    if (lower.row === upperRow && upper.row !== upperRow) [upper, lower] = [lower, upper];
    if (upper.row !== upperRow) {
      stretchRow(source, upperRow, across, upper.sums);
      upper.row = upperRow;
    }
    if (lower.row !== lowerRow) {
      stretchRow(source, lowerRow, across, lower.sums);
      lower.row = lowerRow;
    }
    const upperWeight = down.firstWeight[y]!;
    const lowerWeight = down.secondWeight[y]!;
    const start = y * rowLength;
    for (let x = 0; x < rowLength; x += 1)
      data[start + x] =
        (((upperWeight * (upper.sums[x]! >> 4)) >> 16) + ((lowerWeight * (lower.sums[x]! >> 4)) >> 16) + 2) >> 2;
  }
  return { width, height, channels, data };
}

function stretchRow({ data, width, channels }: Raster, row: number, across: Axis, sums: Int32Array): void {
  const start = row * width * channels;
  let to = 0;
  for (let x = 0; x < across.first.length; x += 1) {
    const left = start + across.first[x]! * channels;
    const right = start + across.second[x]! * channels;
    for (let channel = 0; channel < channels; channel += 1) {
      sums[to] = data[left + channel]! * across.firstWeight[x]! + data[right + channel]! * across.secondWeight[x]!;
      to += 1;
    }
  }
}
