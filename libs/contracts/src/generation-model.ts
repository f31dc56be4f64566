import { z } from 'zod';
import { line, sha256 } from './primitives';

const maxBytes = 1024 ** 4;

/**
 * A path of plain names, as ComfyUI lists files of subfolders: nothing that leads out of the folder, and nothing that
 * some file system cannot hold.
 */
const insideFolder = (path: string): boolean =>
  path
    .split('/')
    .every((name) => /^[^\p{Cc}\\:*?"<>|]+$/u.test(name) && !/^\.{1,2}$/.test(name) && name.trim() === name);

/** The file as ComfyUI lists it: relative to its folder, subfolders with `/`. */
export const modelFileName = line(250).refine(insideFolder, 'must be a relative path of plain names');

/** A folder below a ComfyUI's `models`, by its name there. */
export const modelFolder = line(100).refine(insideFolder, 'must be a folder name, for instance checkpoints');

const isLoopback = (host: string): boolean => host === 'localhost' || host === '[::1]' || /^127(\.\d+){3}$/.test(host);

/** Only what cannot be changed on the way: https, or this very machine. */
const downloadUrl = z.url({ protocol: /^https?$/ }).refine((url) => {
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || isLoopback(hostname);
}, 'must be an https address');

/** One file that a workflow may need on a card; the repository holds none and fetches none unasked. */
export const generationModel = z.strictObject({
  name: modelFileName,
  folder: modelFolder,
  /** The file itself; null where no address is known for certain. */
  url: downloadUrl.nullable(),
  /** Where a person finds it and its licence: a page, or words. */
  source: line(500),
  /** null where no named source states it; such a file is placed by hand. */
  sha256: sha256.nullable(),
  /** null where no named source states it exactly; the server says it then, and the digest decides anyway. */
  bytes: z.int().min(1).max(maxBytes).nullable(),
  licence: line(200),
  /** Nothing is fetched before the operator has accepted the licence. */
  needs_acceptance: z.boolean(),
  note: line(1000).optional(),
});
export type GenerationModel = z.infer<typeof generationModel>;

/** `models/manifest.yaml` as far as cards need files; its `models:`, the quality networks, belong to imaging. */
export const generationManifest = z.object({
  generation: z
    .array(generationModel)
    .superRefine((models, context) => {
      const places = models.map(({ folder, name }) => `${folder}/${name}`);
      places.forEach((place, index) => {
        if (places.indexOf(place) !== index)
          context.addIssue({ code: 'custom', path: [index, 'name'], message: `${place} is listed twice` });
      });
    })
    .nullish(),
});

/** What a checkpoint was trained as. */
export const modelFamily = z.enum(['sd15', 'sdxl']);
export type ModelFamily = z.infer<typeof modelFamily>;

/**
 * `config/models.yaml`: what the operator has accepted, by licence or by file; and what checkpoints are, by file, where
 * neither the file nor its name says it.
 */
export const modelChoices = z
  .strictObject({ accepted: z.array(line(300)).nullish(), families: z.record(line(300), modelFamily).nullish() })
  .nullish();
