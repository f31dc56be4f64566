import type { Rgb } from '../picture';
import { requireRaster } from '../resample/requirements';
import type { FloatRgb } from '../resample/torch';

type Triple = readonly [number, number, number];

/** `(value / divisor - mean) / std` per channel, red green blue. */
export interface Normalisation {
  readonly divisor: number;
  readonly mean: Triple;
  readonly std: Triple;
}

const same = (value: number): Triple => [value, value, value];

/** Each belongs to one model family; mixing them up moves every embedding without any error. */
export const normalisations = {
  /** 0..1: YOLO, frame interpolation, the two-graph LPIPS. */
  unit: { divisor: 255, mean: same(0), std: same(1) },
  /** CCIP and CLIP. */
  clip: { divisor: 255, mean: [0.48145466, 0.4578275, 0.40821073], std: [0.26862954, 0.26130258, 0.27577711] },
  /** DINO, DINOv2. */
  imagenet: { divisor: 255, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
  /** -1..1: the supporting classifiers. */
  half: { divisor: 255, mean: same(0.5), std: same(0.5) },
  /** -1..1: ArcFace, and LPIPS as one graph. */
  arcface: { divisor: 1, mean: same(127.5), std: same(127.5) },
  /** Old ArcFace exports do the arithmetic in their first nodes. */
  raw: { divisor: 1, mean: same(0), std: same(1) },
  /** 128 and not 127.5: the detector was trained that way. */
  scrfd: { divisor: 1, mean: same(127.5), std: same(128) },
} as const satisfies Record<string, Normalisation>;

/** Channel planes red, green, blue (CHW) of `width * height` values each. */
export function toPlanes(picture: Rgb, normalisation: Normalisation): Float32Array {
  requireRaster(picture);
  const { data, width, height } = picture;
  const count = width * height;
  const planes = new Float32Array(count * 3);
  for (let channel = 0; channel < 3; channel += 1) {
    const table = Float32Array.from({ length: 256 }, (_, value) => normalise(value, channel, normalisation));
    const plane = planes.subarray(channel * count, (channel + 1) * count);
    for (let at = 0, from = channel; at < count; at += 1, from += 3) plane[at] = table[data[from]!]!;
  }
  return planes;
}

/** As `toPlanes` for resampled floats, which need not be whole numbers. */
export function floatToPlanes({ data, width, height }: FloatRgb, normalisation: Normalisation): Float32Array {
  const count = width * height;
  const planes = new Float32Array(count * 3);
  for (let channel = 0; channel < 3; channel += 1)
    for (let at = 0; at < count; at += 1)
      planes[channel * count + at] = normalise(data[at * 3 + channel]!, channel, normalisation);
  return planes;
}

function normalise(value: number, channel: number, { divisor, mean, std }: Normalisation): number {
  const index = channel as 0 | 1 | 2;
  return (value / divisor - mean[index]) / std[index];
}
