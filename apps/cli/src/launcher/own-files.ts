import { closeSync, constants, fchownSync, fstatSync, lstatSync, openSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

export interface User {
  readonly uid: number;
  readonly gid: number;
}

/** What changes hands: what root made, or everything, in a folder that nobody but Tower uses. */
export type Given = 'of root' | 'all';

/**
 * Gives a folder and what lies below it to `user`. Every step goes through an open file: whoever may write in the
 * folder could put a link to somewhere else in the place of a name between the look and the change. Links and files
 * with a second name stay as they are. The top comes last: as long as it has the old owner, an interrupted change is
 * done again.
 */
export function giveFolder(path: string, user: User, given: Given): void {
  const fd = openFolder(path);
  try {
    giveContent(fd, user, given);
    giveOpen(fd, user, given);
  } finally {
    closeSync(fd);
  }
}

function giveContent(folder: number, user: User, given: Given): void {
  for (const name of readdirSync(inFolder(folder))) {
    const path = join(inFolder(folder), name);
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found === undefined || (!found.isDirectory() && (!found.isFile() || isLeft(found.uid, user, given)))) continue;
    const fd = openAgain(path, found.isDirectory());
    if (fd === undefined) continue;
    try {
      if (found.isDirectory()) giveContent(fd, user, given);
      giveOpen(fd, user, given);
    } finally {
      closeSync(fd);
    }
  }
}

/** Undefined for what is gone, or is something else, since it was looked at. */
function openAgain(path: string, isFolder: boolean): number | undefined {
  try {
    return isFolder ? openFolder(path) : openFile(path);
  } catch (error) {
    if (['ENOENT', 'ELOOP', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

const isLeft = (owner: number, user: User, given: Given): boolean =>
  owner === user.uid || (given === 'of root' && owner !== 0);

function giveOpen(fd: number, user: User, given: Given): void {
  const found = fstatSync(fd);
  if (isLeft(found.uid, user, given) || (found.isFile() && found.nlink > 1)) return;
  fchownSync(fd, user.uid, user.gid);
}

const inFolder = (fd: number): string => `/proc/self/fd/${fd}`;
const openFolder = (path: string): number =>
  openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
const openFile = (path: string): number =>
  openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
