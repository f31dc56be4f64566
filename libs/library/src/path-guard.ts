import { constants } from 'node:fs';
import { open, realpath, type FileHandle } from 'node:fs/promises';
import { isAbsolute, join, posix } from 'node:path';
import { AppError } from '@tower/kit';
import { isBelow } from './disk/below';

/** The folder of thumbnails: Tower's own, of which only Tower itself makes paths. */
export const thumbnailsFolder = '.thumbnails';

/** Where the thumbnail of a file lies, below the library; `sha256` in lower-case hex. */
export const thumbnailPath = (sha256: string): string =>
  posix.join(thumbnailsFolder, sha256.slice(0, 2), `${sha256}.webp`);

/**
 * The parts of a path below the library, the last of which is the file's name; undefined for what is no such path.
 * Refused are absolute paths, backslashes and NUL, empty parts, and parts that begin with a dot: `.` and `..`, and the
 * folders that Tower keeps for itself; `own` is for paths of Tower's own, which may lie among the thumbnails.
 */
export function partsBelow(path: string, own = false): readonly [folders: string[], name: string] | undefined {
  if (isAbsolute(path) || /[\u0000\\]/.test(path)) return undefined;
  const parts = path.split('/');
  const name = parts.pop() ?? '';
  const isPlain = (part: string): boolean => part !== '' && !part.startsWith('.');
  const [first, ...rest] = parts;
  if (!isPlain(name) || !rest.every(isPlain)) return undefined;
  return first === undefined || (own && first === thumbnailsFolder) || isPlain(first) ? [parts, name] : undefined;
}

/**
 * The real path of what lies at `path` below the library at `root`, links resolved. Every reader of the library asks
 * here, so that a path means the same to all.
 * @throws AppError `library_path_outside` for a path that is none or leads out, itself or by a link
 * @throws what the system says, as it says it, where nothing can be found
 */
export async function locate(root: string, path: string): Promise<string> {
  if (partsBelow(path) === undefined) throw outside(path);
  return realPathBelow(root, path);
}

/** As `locate`, of the thumbnail of the file with this digest. */
export const locateThumbnail = (root: string, sha256: string): Promise<string> =>
  realPathBelow(root, thumbnailPath(sha256));

async function realPathBelow(root: string, path: string): Promise<string> {
  const realRoot = await realpath(root);
  const real = await realpath(join(realRoot, path));
  if (!isBelow(realRoot, real)) throw outside(path);
  return real;
}

export const outside = (path: string): AppError =>
  new AppError('invalid', 'library_path_outside', `${path} does not lie in the library`);

export const isOutside = (error: unknown): boolean =>
  error instanceof AppError && error.code === 'library_path_outside';

/**
 * Opens a file by the real path that `locate` gave; undefined for what is no regular file. Whoever gets a handle closes
 * it. The path has no links any more: one that was put there since is not followed; nor does a pipe hold anybody up.
 */
export async function openRegular(real: string): Promise<{ handle: FileHandle; size: number } | undefined> {
  const handle = await open(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  const found = await handle.stat();
  if (found.isFile()) return { handle, size: found.size };
  await handle.close();
  return undefined;
}
