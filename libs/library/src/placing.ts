import { constants, copyFile, link, lstat, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { newId } from '@tower/kit';
import { flushToDisk } from './disk/flush';

/** Beside a file that is about to be placed without links: a note of the name that is reserved for it. */
export const noteSuffix = '.placing';

/** A copy on the disk that the file belongs on, when it was written on another one; a killed process leaves it. */
export const copyName = /^\.placing-[0-9a-f-]{36}\.tmp$/;

/** What systems say without hard links; a folder that may not be written says so again at the next step. */
const noLinks: ReadonlySet<string> = new Set([
  'EPERM',
  'EACCES',
  'ENOSYS',
  'ENOTSUP',
  'EOPNOTSUPP',
  'EMLINK',
  'EINVAL',
]);

/** System calls of placing; another set stands for a file system that lacks one. */
export interface PlacingCalls {
  link: typeof link;
  rename: typeof rename;
}
export const realCalls: PlacingCalls = { link, rename };

/**
 * Gives a complete, flushed file the name `to` as well, or instead, unless that is taken: false then. At no moment is
 * there a part of a file under that name, and nothing that is there is ever overwritten. `path` is `to` below the
 * library, for the note.
 *
 * A hard link does all that in one step. Where there are none (SMB, exFAT, many FUSE file systems) the name is reserved
 * by making an empty file, which only one can do, and the file is renamed over that. A note written before says what is
 * reserved, so that `undoReservation` finds it after a crash in between.
 */
export async function giveName(from: string, to: string, path: string, calls = realCalls): Promise<boolean> {
  try {
    await calls.link(from, to);
    return true;
  } catch (error) {
    const code = codeOf(error);
    if (code === 'EEXIST') return false;
    if (code === 'EXDEV') return giveNameOnAnotherDisk(from, to, path, calls);
    if (!noLinks.has(code)) throw error;
    return renameOverReservation(from, to, `${from}${noteSuffix}`, path, calls);
  }
}

/** A folder of the library may be the mount of another disk, where no link and no rename leads. */
async function giveNameOnAnotherDisk(from: string, to: string, path: string, calls: PlacingCalls): Promise<boolean> {
  if (await isThere(to)) return false;
  const copy = join(dirname(to), `.placing-${newId()}.tmp`);
  try {
    await copyFile(from, copy, constants.COPYFILE_EXCL);
    await flushToDisk(copy);
    try {
      await calls.link(copy, to);
      return true;
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return false;
      if (!noLinks.has(codeOf(error))) throw error;
      return await renameOverReservation(copy, to, `${from}${noteSuffix}`, path, calls);
    }
  } finally {
    await rm(copy, { force: true });
  }
}

async function renameOverReservation(
  from: string,
  to: string,
  note: string,
  path: string,
  { rename: move }: PlacingCalls,
): Promise<boolean> {
  if (await isThere(to)) return false;
  await writeFile(note, path, { flag: 'w' });
  await flushToDisk(note);
  const reserved = await reserve(to);
  if (reserved !== undefined)
    try {
      await move(from, to);
    } catch (error) {
      await removeReservation(to, reserved);
      await rm(note, { force: true });
      throw error;
    }
  // Last: as long as a name may still be reserved, the note tells of it.
  await rm(note, { force: true });
  return reserved !== undefined;
}

/** The number of the empty file that was made under that name; undefined when something is there. */
async function reserve(to: string): Promise<bigint | undefined> {
  try {
    const handle = await open(to, 'wx');
    try {
      return (await handle.stat({ bigint: true })).ino;
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return undefined;
    throw error;
  }
}

/**
 * Frees a name that was reserved by a process that did not come to use it; `ino` when that was this one. Only an empty
 * file is removed, in which nothing can be lost. The file that was to go there has to be gone before: then nobody can
 * still be on the way.
 */
export async function removeReservation(to: string, ino?: bigint): Promise<void> {
  const found = await lstat(to, { bigint: true }).catch(absent);
  if (found === undefined || !found.isFile() || found.size > 0n || (ino !== undefined && found.ino !== ino)) return;
  await rm(to, { force: true });
}

/** The name below the library that a note tells of; undefined for one that was cut off: nothing is reserved then. */
export async function readNote(note: string): Promise<string | undefined> {
  const path = await readFile(note, 'utf8').catch(absent);
  return path === undefined || path === '' ? undefined : path;
}

const isThere = async (path: string): Promise<boolean> => (await lstat(path).catch(absent)) !== undefined;

function absent(error: unknown): undefined {
  if (codeOf(error) !== 'ENOENT') throw error;
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? '';
