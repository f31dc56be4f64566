import type { Rgb } from '../picture';
import { normalisations, toPlanes } from './planes';

export const ARCFACE_SIDE = 112;
export const ARCFACE_PREPROCESSING = 'arcface/1: (x - 127.5) / 127.5';

/**
 * [1, 3, 112, 112] of an aligned face. `baked` is for old exports whose first nodes subtract and multiply; node names
 * tell them apart, which onnxruntime-node does not show, so the model manifest has to. Formula source: insightface 2.1
 * `ArcFaceONNX`. Tolerance 1e-6.
 */
export const arcfaceInput = (aligned: Rgb, normalisation: 'plain' | 'baked' = 'plain'): Float32Array =>
  toPlanes(aligned, normalisation === 'plain' ? normalisations.arcface : normalisations.raw);
