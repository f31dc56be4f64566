import type { PixelSize, Rgb } from '../picture';
import { pilBicubic } from '../resample/pillow';
import { shortSideTarget, torchBicubicNoAA, torchBilinearNoAA, type FloatRgb } from '../resample/torch';
import { roundHalfEven } from '../rounding';
import { crop } from './crop';
import { floatToPlanes, normalisations, toPlanes } from './planes';

export const DINO_SIDE = 224;
export const DINO_PREPROCESSING = 'dino/1: short side 256 pillow bicubic, centre crop 224, imagenet mean and std';

/**
 * Short side 256, centre crop 224 with the offset rounded down. Formula source: transformers 5.23
 * `BitImageProcessorPil`; torchvision's CenterCrop rounds halves to even and is one pixel away for some sizes.
 * Tolerance 0.
 */
export function dinoCrop(picture: Rgb): Rgb {
  const resized = pilBicubic(picture, shortSideTarget(picture, 256));
  const offset = (side: number): number => Math.floor((side - DINO_SIDE) / 2);
  return crop(resized, {
    left: offset(resized.width),
    top: offset(resized.height),
    width: DINO_SIDE,
    height: DINO_SIDE,
  });
}

/** [1, 3, 224, 224]. Tolerance 1e-6. */
export const dinoInput = (picture: Rgb): Float32Array => toPlanes(dinoCrop(picture), normalisations.imagenet);

export interface SizedPlanes extends PixelSize {
  readonly planes: Float32Array;
}

/**
 * VBench's own input for DINO v1: short side 224, bilinear without antialiasing, no crop, so not square.
 * Formula source: VBench 45e79ec1 `dino_transform`. Tolerance 1e-4.
 */
export function vbenchDinoInput(picture: Rgb): SizedPlanes {
  const resized = torchBilinearNoAA(picture, shortSideTarget(picture, DINO_SIDE));
  return { width: resized.width, height: resized.height, planes: floatToPlanes(resized, normalisations.imagenet) };
}

/**
 * VBench's input for CLIP: short side 224, bicubic without antialiasing, centre crop with halves rounded to even.
 * Formula source: VBench 45e79ec1 `clip_transform`. Tolerance 1e-4.
 */
export function vbenchClipInput(picture: Rgb): SizedPlanes {
  const resized = torchBicubicNoAA(picture, shortSideTarget(picture, DINO_SIDE));
  const offset = (side: number): number => roundHalfEven((side - DINO_SIDE) / 2);
  const left = offset(resized.width);
  const top = offset(resized.height);
  const data = new Float32Array(DINO_SIDE * DINO_SIDE * 3);
  for (let y = 0; y < DINO_SIDE; y += 1) {
    const start = ((top + y) * resized.width + left) * 3;
    data.set(resized.data.subarray(start, start + DINO_SIDE * 3), y * DINO_SIDE * 3);
  }
  const cropped: FloatRgb = { width: DINO_SIDE, height: DINO_SIDE, data };
  return { width: DINO_SIDE, height: DINO_SIDE, planes: floatToPlanes(cropped, normalisations.clip) };
}
