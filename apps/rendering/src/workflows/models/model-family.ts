import { modelKey } from '@tower/contracts';
import type { ModelFamily } from '../template/workflow-parameter';

/** What operators and the files themselves say, by the files' keys (`model-names.ts`). */
export type StatedFamilies = Readonly<Record<string, ModelFamily>>;

/** Words in the names of checkpoints that descend from SDXL, and of those that descend from SD 1. */
const sdxlNames = /sdxl|[-_. ]xl|xl[-_. \d]|xl$|pony|illustrious|noobai|animagine/i;
const sd15Names = /sd[-_. ]?v?1(?:[-_. ]?[45])?(?!\d)|^v1-5-pruned/i;

const hintIn = (words: string): ModelFamily | undefined =>
  sdxlNames.test(words) ? 'sdxl' : sd15Names.test(words) ? 'sd15' : undefined;

/**
 * What the name of a checkpoint hints at, its own before its folder's; undefined where it says nothing. A name is only
 * a hint: it decides where nobody stated anything.
 */
export function hintedFamily(name: string): ModelFamily | undefined {
  const parts = modelKey(name)
    .replace(/\.[a-z]+$/i, '')
    .split('/')
    .reverse();
  for (const part of parts) {
    const hint = hintIn(part);
    if (hint !== undefined) return hint;
  }
  return undefined;
}

/** What was stated of a checkpoint; undefined where nobody said anything. */
export const statedFamily = (name: string, stated: StatedFamilies | undefined): ModelFamily | undefined =>
  stated?.[modelKey(name)];

/**
 * What a checkpoint is taken for: as stated, else as its name hints, else SD 1.5, whose files often have names that say
 * nothing.
 */
export const familyOf = (name: string, stated?: StatedFamilies): ModelFamily =>
  statedFamily(name, stated) ?? hintedFamily(name) ?? 'sd15';

/**
 * What the header of a checkpoint says of it: `modelspec.architecture` (Stability's ModelSpec) or
 * `ss_base_model_version` (kohya's trainer). Undefined for anything that is neither SD 1 nor SDXL, or that says
 * nothing.
 */
export function familyInMetadata(metadata: Readonly<Record<string, unknown>>): ModelFamily | undefined {
  for (const key of ['modelspec.architecture', 'ss_base_model_version']) {
    const said = metadata[key];
    if (typeof said !== 'string') continue;
    if (/^(?:stable-diffusion-xl|sdxl)/i.test(said)) return 'sdxl';
    if (/^(?:stable-diffusion-v1|sd_?v?1)/i.test(said)) return 'sd15';
  }
  return undefined;
}

export const familyTitle: Record<ModelFamily, string> = { sd15: 'Stable Diffusion 1.5', sdxl: 'SDXL' };

/** With its article, before "checkpoint". */
export const aFamily: Record<ModelFamily, string> = { sd15: 'a Stable Diffusion 1.5', sdxl: 'an SDXL' };
