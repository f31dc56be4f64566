import { normalisations, toPlanes } from '../model-input/planes';
import type { OnnxModel } from '../models/onnx-model';
import type { PixelSize, Rgb } from '../picture';
import { measured, notComputed, type Outcome } from '../score';
import { mean } from '../statistics/percentile';
import { meanAbsoluteDifference, requireSameSize } from './difference';

/** The picture halfway between two frames. Which one decides the name under which a score may be shown. */
export type Interpolator = (before: Rgb, after: Rgb) => Promise<Rgb>;

export interface Smoothness {
  /** 0..1; 1 when every odd frame lies exactly where the interpolator expects it. */
  readonly score: number;
  readonly perPair: readonly number[];
  readonly minPair: number;
}

/** Odd frames that lie between two even ones. */
export const smoothnessPairs = (frameCount: number): number => Math.max(0, Math.ceil(frameCount / 2) - 1);

/**
 * Each odd frame against the interpolation of its even neighbours: (255 - mean absolute difference) / 255.
 * Held frames must be collapsed and static clips be refused first: both score well here without being smooth.
 * Formula source: VBench 45e79ec1 `motion_smoothness`. Tolerance 1e-9 for a given interpolator.
 * @returns too_few_frames below three
 * @throws RangeError for frames of different sizes; whatever the interpolator throws
 */
export async function motionSmoothness(
  frames: readonly Rgb[],
  interpolate: Interpolator,
): Promise<Outcome<Smoothness>> {
  const pairs = smoothnessPairs(frames.length);
  if (pairs === 0) return notComputed('too_few_frames');
  requireSameSize(frames);
  const differences: number[] = [];
  for (let pair = 0; pair < pairs; pair += 1) {
    const expected = await interpolate(frames[2 * pair]!, frames[2 * pair + 2]!);
    differences.push(meanAbsoluteDifference(expected, frames[2 * pair + 1]!));
  }
  const perPair = differences.map((difference) => (255 - difference) / 255);
  return measured({ score: (255 - mean(differences)) / 255, perPair, minPair: Math.min(...perPair) });
}

/**
 * Inputs `img0`, `img1` [1, 3, H, W] in 0..1 and `timestep` [1]; output `output` [1, 3, H, W]. AMT needs 16, RIFE 32.
 */
export const interpolatorContract = {
  inputs: [
    { name: 'img0', shape: [1, 3, null, null] },
    { name: 'img1', shape: [1, 3, null, null] },
    { name: 'timestep', shape: [1] },
  ],
  outputs: [{ name: 'output', shape: [1, 3, null, null] }],
} as const;

/** @param multiple both sides are padded to a multiple of this, edges repeated, centred, as in VBench */
export function onnxInterpolator(model: OnnxModel, multiple: number): Interpolator {
  return async (before, after) => {
    const padding = paddingFor(before, multiple);
    const dims = [1, 3, padding.height, padding.width];
    const { output } = await model.run({
      img0: { data: toPlanes(padEdges(before, padding), normalisations.unit), dims },
      img1: { data: toPlanes(padEdges(after, padding), normalisations.unit), dims },
      timestep: { data: Float32Array.of(0.5), dims: [1] },
    });
    if (output === undefined) throw new Error('the interpolator gave no output');
    return cropToBytes(output.data, padding, before);
  };
}

interface Padding extends PixelSize {
  readonly left: number;
  readonly top: number;
}

function paddingFor({ width, height }: PixelSize, multiple: number): Padding {
  const padded = (side: number): number => Math.ceil(side / multiple) * multiple;
  return {
    width: padded(width),
    height: padded(height),
    left: Math.floor((padded(width) - width) / 2),
    top: Math.floor((padded(height) - height) / 2),
  };
}

function padEdges(frame: Rgb, { width, height, left, top }: Padding): Rgb {
  if (width === frame.width && height === frame.height) return frame;
  const data = new Uint8Array(width * height * 3);
  const inside = (position: number, side: number): number => Math.min(Math.max(position, 0), side - 1);
  for (let y = 0; y < height; y += 1)
    for (let x = 0; x < width; x += 1) {
      const from = (inside(y - top, frame.height) * frame.width + inside(x - left, frame.width)) * 3;
      const to = (y * width + x) * 3;
      data[to] = frame.data[from]!;
      data[to + 1] = frame.data[from + 1]!;
      data[to + 2] = frame.data[from + 2]!;
    }
  return { width, height, channels: 3, data };
}

/** Cut off, not rounded, as the original's `astype(uint8)`: rounding moves the score by 1e-4. */
function cropToBytes(planes: Float32Array, padding: Padding, { width, height }: PixelSize): Rgb {
  const plane = padding.width * padding.height;
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y += 1)
    for (let x = 0; x < width; x += 1)
      for (let channel = 0; channel < 3; channel += 1) {
        const value = Math.fround(
          planes[channel * plane + (y + padding.top) * padding.width + x + padding.left]! * 255,
        );
        data[(y * width + x) * 3 + channel] = Math.trunc(Math.min(255, Math.max(0, value)));
      }
  return { width, height, channels: 3, data };
}
