import { extname } from 'node:path';
import type { InputImage, InputImages } from '../composition';

/**
 * The name that a server gives an uploaded picture, unless it answers another one: made of the content, so that it is
 * the same everywhere.
 */
export const uploadName = (image: InputImage): string =>
  `tower/${image.sha256.slice(0, 16)}${extname(image.path).toLowerCase()}`;

/** By the names that parameters and parts use: what the server is expected to call them. */
export const uploadNames = (images: InputImages): Record<string, string> =>
  Object.fromEntries(Object.entries(images).map(([name, image]) => [name, uploadName(image)]));
