import { readdir, stat } from 'node:fs/promises';

/** The folder of everything that is not finished; every library that was ever used has it. */
export const incomingFolder = '.incoming';

/**
 * Whether a folder that had files is not there any more, or empty: so looks the place of a disk that is not mounted.
 * What is written there then would lie on another disk, and be hidden when the right one comes back. `mark`: an entry
 * that every folder of this kind has.
 */
export async function isGone(folder: string, mark: string): Promise<boolean> {
  if (await isThere(mark)) return false;
  return (await readdir(folder).catch(absent)).length === 0;
}

/** What a person reads then. */
export const wasEmptied = (folder: string, mark: string): string =>
  `${folder} is empty: its disk may not be mounted. Mount it; if it was emptied on purpose: mkdir -p ${mark}`;

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    absent(error);
    return false;
  }
}

/** Throws whatever says something else than that nothing is there. */
function absent(error: unknown): [] {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  return [];
}
