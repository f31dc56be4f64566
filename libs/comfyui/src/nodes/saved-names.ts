import type { PromptGraph } from '../prompt-graph';

/**
 * The name of a file that a saving node writes (comfyui-protocol study, 5 and 8.1.12). `base`: the last part of its
 * prefix; `number`: which file under this prefix, five digits from `00001`; `inputs`: those of the node.
 */
export type FileNaming = (base: string, number: string, inputs: PromptGraph[string]['inputs']) => string;

/** Of ComfyUI's own nodes. */
export const endingWith =
  (extension: string): FileNaming =>
  (base, number) =>
    `${base}_${number}_.${extension}`;

/** Of VideoHelperSuite. With sound there are two files, and the one without it is not the result. */
export const combinedFilm: FileNaming = (base, number, inputs) =>
  `${base}_${number}${inputs['audio'] === undefined ? '' : '-audio'}.${extensionOf(String(inputs['format'] ?? ''))}`;

const extensionOf = (format: string): string =>
  format.includes('webm') ? 'webm' : format.includes('gif') ? 'gif' : format.includes('webp') ? 'webp' : 'mp4';
