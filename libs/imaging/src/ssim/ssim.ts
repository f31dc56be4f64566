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
  const raw = Float64Array.from({ length: 2 * radius + 1 }, (_, index) => Math.exp((-0.5 * (index - radius) ** 2) / (sigma * sigma)));
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
 * Mean structural similarity of two rasters of equal size, -1..1, exactly 1 for equal ones; the mean over channels. Only
 * windows that lie wholly inside count, as in scikit-image, which crops (side - 1) / 2 pixels.
 * Formula source: scikit-image 0.26 `structural_similarity`, data_range 255. Tolerance 1e-7.
 */
export function structuralSimilarity(first: Raster, second: Raster, window: SsimWindow = wangWindow): Score {
  if (first.width !== second.width || first.height !== second.height || first.channels !== second.channels)
    return notComputed('size_mismatch');
  if (Math.min(first.width, first.height) < window.side) return notComputed('image_too_small');
  let sum = 0;
  for (let channel = 0; channel < first.channels; channel += 1) sum += channelSimilarity(first, second, channel, window);
  return computed(sum / first.channels);
}

type Product = (a: number, b: number) => number;
const products: readonly Product[] = [(a) => a, (_, b) => b, (a) => a * a, (_, b) => b * b, (a, b) => a * b];

function channelSimilarity(first: Raster, second: Raster, channel: number, window: SsimWindow): number {
  const { width, height, channels } = first;
  const insideWidth = width - window.side + 1;
  const insideHeight = height - window.side + 1;
  const rows = new Float64Array(insideWidth * height);
  const [ux, uy, uxx, uyy, uxy] = products.map((product) => {
    const { weights, side } = window;
    const line = new Float64Array(width);
    for (let y = 0; y < height; y += 1) {
      for (let x = 0; x < width; x += 1) {
        const at = (y * width + x) * channels + channel;
        line[x] = product(first.data[at]!, second.data[at]!);
      }
      for (let x = 0; x < insideWidth; x += 1) {
        let sum = 0;
        for (let tap = 0; tap < side; tap += 1) sum += weights[tap]! * line[x + tap]!;
        rows[y * insideWidth + x] = sum;
      }
    }
    const filtered = new Float64Array(insideWidth * insideHeight);
    for (let y = 0; y < insideHeight; y += 1)
      for (let tap = 0; tap < side; tap += 1) {
        const weight = weights[tap]!;
        const from = (y + tap) * insideWidth;
        const to = y * insideWidth;
        for (let x = 0; x < insideWidth; x += 1) filtered[to + x] = filtered[to + x]! + weight * rows[from + x]!;
      }
    return filtered;
  }) as [Float64Array, Float64Array, Float64Array, Float64Array, Float64Array];
  let sum = 0;
  for (let at = 0; at < ux.length; at += 1) {
    const x = ux[at]!;
    const y = uy[at]!;
    const vx = window.covarianceFactor * (uxx[at]! - x * x);
    const vy = window.covarianceFactor * (uyy[at]! - y * y);
    const vxy = window.covarianceFactor * (uxy[at]! - x * y);
    sum += ((2 * x * y + c1) * (2 * vxy + c2)) / ((x * x + y * y + c1) * (vx + vy + c2));
  }
  return sum / ux.length;
}
