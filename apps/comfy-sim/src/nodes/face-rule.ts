import type { Picture } from '../pictures/picture';

export const faceRules = ['drawn', 'all', 'none'] as const;
export type FaceRule = (typeof faceRules)[number];

/** `drawn`: what a simulator drew of a character has a face, and so has a file whose name says `face` or `portrait`. */
export function hasFace(picture: Picture, rule: FaceRule): boolean {
  if (rule !== 'drawn') return rule === 'all';
  return picture.recipe?.sampled === true || picture.isNamedFace;
}
