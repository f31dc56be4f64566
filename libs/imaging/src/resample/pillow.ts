import type { PixelSize, Raster } from '../picture';
import { requireRaster, requireTarget } from './requirements';

/**
 * Pillow's `Image.resize`, antialiased, bit for bit as 9.5 to 12.1.1: 22-bit fixed-point weights, horizontal pass
 * first, result of the first pass rounded to 8 bits. Pillow 12.2 and later change the order of the passes; published
 * thresholds were measured with the old one. Formula source: Pillow 12.1.1 `src/libImaging/Resample.c`. Tolerance 0.
 */
export const pilBilinear = <C extends number>(source: Raster<C>, size: PixelSize): Raster<C> =>
  resize(source, size, triangle);

/** As `pilBilinear` with the cubic filter, a = -0.5. */
export const pilBicubic = <C extends number>(source: Raster<C>, size: PixelSize): Raster<C> =>
  resize(source, size, cubic);

/** As `pilBilinear` with the windowed sinc of three lobes; some classifiers ask for it. */
export const pilLanczos = <C extends number>(source: Raster<C>, size: PixelSize): Raster<C> =>
  resize(source, size, lanczos);

interface Filter {
  /** Half width at scale 1, in source pixels. */
  readonly support: number;
  weigh(distance: number): number;
}

const triangle: Filter = {
  support: 1,
  weigh: (x) => {
    const distance = Math.abs(x);
    return distance < 1 ? 1 - distance : 0;
  },
};

const a = -0.5;
const cubic: Filter = {
  support: 2,
  weigh: (x) => {
    const d = Math.abs(x);
    if (d < 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
    if (d < 2) return (((d - 5) * d + 8) * d - 4) * a;
    return 0;
  },
};

const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI));

const lanczos: Filter = {
  support: 3,
  weigh: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0),
};

const precisionBits = 22;
const half = 1 << (precisionBits - 1);

/** For each output index the first source index, the number of taps, and the taps at `index * stride`. */
interface Taps {
  readonly first: Int32Array;
  readonly count: Int32Array;
  readonly weights: Int32Array;
  readonly stride: number;
}

function tapsFor(sourceSide: number, targetSide: number, filter: Filter): Taps {
  const scale = sourceSide / targetSide;
  const filterScale = Math.max(scale, 1);
  const support = filter.support * filterScale;
  const stride = Math.ceil(support) * 2 + 1;
  const first = new Int32Array(targetSide);
  const count = new Int32Array(targetSide);
  const weights = new Int32Array(targetSide * stride);
  const exact = new Float64Array(stride);
  for (let index = 0; index < targetSide; index += 1) {
    const centre = (index + 0.5) * scale;
    const start = Math.max(0, Math.trunc(centre - support + 0.5));
    const taps = Math.min(sourceSide, Math.trunc(centre + support + 0.5)) - start;
    let total = 0;
    for (let tap = 0; tap < taps; tap += 1) {
      const weight = filter.weigh((tap + start - centre + 0.5) * (1 / filterScale));
      exact[tap] = weight;
      total += weight;
    }
    for (let tap = 0; tap < taps; tap += 1) {
      const weight = total === 0 ? exact[tap]! : exact[tap]! / total;
      const scaled = weight * (1 << precisionBits);
      weights[index * stride + tap] = Math.trunc(weight < 0 ? scaled - 0.5 : scaled + 0.5);
    }
    first[index] = start;
    count[index] = taps;
  }
  return { first, count, weights, stride };
}

function resize<C extends number>(source: Raster<C>, target: PixelSize, filter: Filter): Raster<C> {
  requireRaster(source);
  requireTarget(target);
  const wide =
    target.width === source.width
      ? source
      : resizeRows(source, target.width, tapsFor(source.width, target.width, filter));
  const full =
    target.height === wide.height
      ? wide
      : resizeColumns(wide, target.height, tapsFor(source.height, target.height, filter));
  return full === source ? { ...source, data: new Uint8Array(source.data) } : full;
}

function resizeRows<C extends number>(source: Raster<C>, width: number, taps: Taps): Raster<C> {
  const { height, channels, data: from } = source;
  const rowBytes = source.width * channels;
  const data = new Uint8Array(width * height * channels);
  const { first, count, weights, stride } = taps;
  let to = 0;
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const start = y * rowBytes + first[x]! * channels;
      const end = x * stride + count[x]!;
      for (let channel = 0; channel < channels; channel += 1) {
        let sum = half;
        let at = start + channel;
        for (let tap = x * stride; tap < end; tap += 1) {
          sum = (sum + from[at]! * weights[tap]!) | 0;
          at += channels;
        }
        data[to] = clip(sum >> precisionBits);
        to += 1;
      }
    }
  }
  return { width, height, channels: source.channels, data };
}

/** Whole rows are accumulated tap by tap, which reads memory in order. */
function resizeColumns<C extends number>(source: Raster<C>, height: number, taps: Taps): Raster<C> {
  const { width, channels, data: from } = source;
  const rowBytes = width * channels;
  const data = new Uint8Array(rowBytes * height);
  const sums = new Int32Array(rowBytes);
  const { first, count, weights, stride } = taps;
  for (let y = 0; y < height; y += 1) {
    sums.fill(half);
    for (let tap = 0; tap < count[y]!; tap += 1) {
      const weight = weights[y * stride + tap]!;
      const start = (first[y]! + tap) * rowBytes;
      for (let x = 0; x < rowBytes; x += 1) sums[x] = (sums[x]! + from[start + x]! * weight) | 0;
    }
    const start = y * rowBytes;
    for (let x = 0; x < rowBytes; x += 1) data[start + x] = clip(sums[x]! >> precisionBits);
  }
  return { width, height, channels: source.channels, data };
}

const clip = (value: number): number => (value < 0 ? 0 : value > 255 ? 255 : value);
