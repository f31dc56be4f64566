import type { Raster } from '../picture';
import { computed, notComputed, type Score } from '../score';

export interface SsimWindow {
  readonly side: number;
  readonly weights: Float64Array;
  /** Factor on variances: NP / (NP - 1) for the sample covariance, 1 for the population's. */
  readonly covarianceFactor: number;
}

const uniform = (side: number): SsimWindow => ({
  side,
  weights: new Float64Array(side).fill(1 / side),
  covarianceFactor: (side * side) / (side * side - 1),
});

function gaussian(sigma: number, radius: number): SsimWindow {
  const raw = Float64Array.from({ length: 2 * radius + 1 }, (_, index) =>
    Math.exp((-0.5 * (index - radius) ** 2) / (sigma * sigma)),
  );
  const total = raw.reduce((sum, weight) => sum + weight, 0);
  return { side: raw.length, weights: raw.map((weight) => weight / total), covarianceFactor: 1 };
}

/** scikit-image's defaults: 7 x 7 uniform window, sample covariance. */
export const skimageDefaultWindow = uniform(7);
/** Wang et al. 2004: Gaussian of sigma 1.5 cut at 3.5 sigma, which is 11 taps, population covariance. */
export const wangWindow = gaussian(1.5, 5);

const c1 = (0.01 * 255) ** 2;
const c2 = (0.03 * 255) ** 2;

/**
 * Mean structural similarity of two rasters of equal size, -1..1, exactly 1 for equal ones; the mean over channels.
 * Only windows that lie wholly inside count, as in scikit-image, which crops (side - 1) / 2 pixels. Formula source:
 * scikit-image 0.26 `structural_similarity`, data_range 255. Tolerance 1e-7.
 */
export function structuralSimilarity(first: Raster, second: Raster, window: SsimWindow = wangWindow): Score {
  if (first.width !== second.width || first.height !== second.height || first.channels !== second.channels)
    return notComputed('size_mismatch');
  if (Math.min(first.width, first.height) < window.side) return notComputed('image_too_small');
  let sum = 0;
  for (let channel = 0; channel < first.channels; channel += 1)
    sum += channelSimilarity(first, second, channel, window);
  return computed(sum / first.channels);
}

/** Of first, second, their squares and their product: what one window needs. */
interface Moments {
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly xx: Float64Array;
  readonly yy: Float64Array;
  readonly xy: Float64Array;
}

const momentsOf = (length: number): Moments => ({
  x: new Float64Array(length),
  y: new Float64Array(length),
  xx: new Float64Array(length),
  yy: new Float64Array(length),
  xy: new Float64Array(length),
});

const names = ['x', 'y', 'xx', 'yy', 'xy'] as const;

function channelSimilarity(first: Raster, second: Raster, channel: number, window: SsimWindow): number {
  const { width, height } = first;
  const insideWidth = width - window.side + 1;
  const insideHeight = height - window.side + 1;
  const line = momentsOf(width);
  const rows = momentsOf(insideWidth * height);
  for (let y = 0; y < height; y += 1) {
    readLine(first, second, channel, y, line);
    for (const name of names)
      for (let tap = 0; tap < window.side; tap += 1)
        addScaled(line[name], tap, window.weights[tap]!, rows[name], y * insideWidth, insideWidth);
  }
  const means = momentsOf(insideWidth);
  let sum = 0;
  for (let y = 0; y < insideHeight; y += 1) {
    for (const name of names) {
      means[name].fill(0);
      for (let tap = 0; tap < window.side; tap += 1)
        addScaled(rows[name], (y + tap) * insideWidth, window.weights[tap]!, means[name], 0, insideWidth);
    }
    sum += sumOfSimilarities(means, window.covarianceFactor);
  }
  return sum / (insideWidth * insideHeight);
}

function readLine(first: Raster, second: Raster, channel: number, row: number, line: Moments): void {
  const { width, channels } = first;
  const a = first.data;
  const b = second.data;
  for (let x = 0, at = row * width * channels + channel; x < width; x += 1, at += channels) {
    const left = a[at]!;
    const right = b[at]!;
    line.x[x] = left;
    line.y[x] = right;
    line.xx[x] = left * left;
    line.yy[x] = right * right;
    line.xy[x] = left * right;
  }
}

/** Tap by tap over a whole row: memory is read in order, which is what makes this bearable at 1024 x 1024. */
function addScaled(
  from: Float64Array,
  start: number,
  weight: number,
  to: Float64Array,
  offset: number,
  count: number,
): void {
  for (let at = 0; at < count; at += 1) to[offset + at] = to[offset + at]! + weight * from[start + at]!;
}

function sumOfSimilarities({ x: ux, y: uy, xx, yy, xy }: Moments, covarianceFactor: number): number {
  let sum = 0;
  for (let at = 0; at < ux.length; at += 1) {
    const x = ux[at]!;
    const y = uy[at]!;
    const vx = covarianceFactor * (xx[at]! - x * x);
    const vy = covarianceFactor * (yy[at]! - y * y);
    const vxy = covarianceFactor * (xy[at]! - x * y);
    sum += ((2 * x * y + c1) * (2 * vxy + c2)) / ((x * x + y * y + c1) * (vx + vy + c2));
  }
  return sum;
}
