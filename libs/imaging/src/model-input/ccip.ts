import type { Rgb } from '../picture';
import { pilBilinear } from '../resample/pillow';
import { normalisations, toPlanes } from './planes';

export const CCIP_SIDE = 384;
export const CCIP_PREPROCESSING = 'ccip/1: pillow bilinear squash 384, clip mean and std';

/**
 * [1, 3, 384, 384], squashed without regard to the aspect ratio, as the model was used when its thresholds were
 * published. Formula source: imgutils 0.19 `metrics.ccip`. Tolerance 1e-6.
 */
export const ccipInput = (picture: Rgb): Float32Array =>
  toPlanes(pilBilinear(picture, { width: CCIP_SIDE, height: CCIP_SIDE }), normalisations.clip);
