import type { Rgb } from '../picture';
import { pilBicubic, pilBilinear, pilLanczos } from '../resample/pillow';
import { normalisations, toPlanes, type Normalisation } from './planes';

const filters = { bilinear: pilBilinear, bicubic: pilBicubic, lanczos: pilLanczos } as const;

/** A model repository that ships a `preprocess.json` overrides every part of this. */
export interface ClassifierInput {
  readonly side: number;
  readonly filter: keyof typeof filters;
  readonly normalisation: Normalisation;
}

export const defaultClassifierInput: ClassifierInput = {
  side: 384,
  filter: 'bilinear',
  normalisation: normalisations.half,
};

/** [1, 3, side, side], squashed. Formula source: imgutils 0.19 `generic.classify`. Tolerance 1e-6. */
export function classifierInput(picture: Rgb, options: Partial<ClassifierInput> = {}): Float32Array {
  const { side, filter, normalisation } = { ...defaultClassifierInput, ...options };
  return toPlanes(filters[filter](picture, { width: side, height: side }), normalisation);
}
