import type { ModelFamily } from './workflow-parameter';

/** Words in the file names of checkpoints that descend from SDXL. */
const sdxlNames = /sdxl|[-_. ]xl|xl[-_. \d]|xl$|pony|illustrious|noobai|animagine/i;

/**
 * What a checkpoint was trained as, by its file name: SDXL when the name says so or names a line that is SDXL, else SD 1.5. A file
 * that is called otherwise has to be renamed; nothing but the name is known without reading gigabytes on another machine.
 */
export function familyOf(fileName: string): ModelFamily {
  const base = fileName.slice(Math.max(fileName.lastIndexOf('/'), fileName.lastIndexOf('\\')) + 1).replace(/\.[a-z]+$/i, '');
  return sdxlNames.test(base) ? 'sdxl' : 'sd15';
}

export const familyTitle: Record<ModelFamily, string> = { sd15: 'Stable Diffusion 1.5', sdxl: 'SDXL' };

/** With its article, before "checkpoint". */
export const aFamily: Record<ModelFamily, string> = { sd15: 'a Stable Diffusion 1.5', sdxl: 'an SDXL' };
