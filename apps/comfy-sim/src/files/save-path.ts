import { mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { PyError } from '../python/errors';
import type { FolderKind, Folders } from './folders';

export interface SavePath {
  readonly folder: string;
  readonly fileName: string;
  readonly subfolder: string;
  readonly counter: number;
}

/** get_save_image_path(): the counter goes on from the highest number found on disk. */
export function nextSavePath(
  folders: Folders,
  kind: FolderKind,
  posted: string,
  width: number,
  height: number,
  now: Date,
): SavePath {
  const prefix = path.posix.normalize(substitute(posted, width, height, now));
  const subfolder = path.posix.dirname(prefix) === '.' ? '' : path.posix.dirname(prefix);
  const fileName = path.posix.basename(prefix);
  const root = folders.path(kind);
  const folder = path.resolve(root, subfolder);
  if (folders.inside(kind, subfolder) === undefined) {
    throw new PyError(
      'Exception',
      [
        '**** ERROR: Saving image outside the output folder is not allowed.',
        ` full_output_folder: ${folder}`,
        `         output_dir: ${root}`,
        `         commonpath: ${commonFolder(root, folder)}`,
      ].join('\n'),
    );
  }
  mkdirSync(folder, { recursive: true });
  const counters = readdirSync(folder)
    .filter((name) => name.slice(0, fileName.length) === fileName && name[fileName.length] === '_')
    .map((name) => counterOf(name.slice(fileName.length + 1)));
  const highest = Math.max(0, ...counters);
  // Both processes counted before either had written: the later one overwrites.
  return { folder, fileName, subfolder, counter: highest > 0 && folders.isRaced() ? highest : highest + 1 };
}

function counterOf(rest: string): number {
  const digits = rest.split('_')[0] ?? '';
  return /^\d+$/.test(digits) ? Number(digits) : 0;
}

function substitute(prefix: string, width: number, height: number, now: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  return prefix
    .replaceAll('%width%', String(width))
    .replaceAll('%height%', String(height))
    .replaceAll('%year%', String(now.getFullYear()))
    .replaceAll('%month%', two(now.getMonth() + 1))
    .replaceAll('%day%', two(now.getDate()))
    .replaceAll('%hour%', two(now.getHours()))
    .replaceAll('%minute%', two(now.getMinutes()))
    .replaceAll('%second%', two(now.getSeconds()));
}

function commonFolder(a: string, b: string): string {
  const [left, right] = [a.split(path.sep), b.split(path.sep)];
  const differ = left.findIndex((part, index) => part !== right[index]);
  return left.slice(0, differ < 0 ? left.length : differ).join(path.sep) || path.sep;
}
