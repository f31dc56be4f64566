import { chmodSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { processIdentity } from '@tower/kit';

const mark = 'download-';

/**
 * A private folder for one download, removed whatever happens. Several processes may download the same thing at once;
 * the finished file is renamed into place, so none of them ever sees half of it.
 */
export async function inDownloadFolder<T>(cacheDir: string, use: (folder: string) => Promise<T>): Promise<T> {
  mkdirSync(cacheDir, { recursive: true });
  removeAbandoned(cacheDir);
  const folder = mkdtempSync(join(cacheDir, `${mark}${process.pid}-`));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Both paths lie in the cache, hence on one file system. */
export function putIntoPlace(downloaded: string, target: string): void {
  mkdirSync(dirname(target), { recursive: true });
  chmodSync(downloaded, 0o755);
  renameSync(downloaded, target);
}

function removeAbandoned(cacheDir: string): void {
  for (const name of readdirSync(cacheDir)) {
    if (!name.startsWith(mark)) continue;
    const pid = Number.parseInt(basename(name).slice(mark.length), 10);
    if (processIdentity(pid) === undefined) rmSync(join(cacheDir, name), { recursive: true, force: true });
  }
}
