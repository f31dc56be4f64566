import { opendir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { probeName } from './disk/write-probe';
import { copyName } from './placing';

/**
 * A derived file that an earlier version of Tower wrote beside its place, a copy that was to get its name on another
 * disk, and a probe of the disk: they only last when their process was killed.
 */
const leftover = (name: string): boolean =>
  /\.(json|webp)\.\d+\.tmp$/.test(name) || copyName.test(name) || probeName.test(name);

/**
 * Removes what killed processes left beside finished files, in every folder below `root`. Returns how many there were.
 */
export async function sweepLeftovers(root: string): Promise<number> {
  let removed = 0;
  for await (const entry of await opendir(root)) {
    const path = join(root, entry.name);
    // Links are not followed: what lies behind them is not ours.
    if (entry.isDirectory()) removed += await sweepLeftovers(path);
    else if (entry.isFile() && leftover(entry.name)) {
      await rm(path, { force: true });
      removed += 1;
    }
  }
  return removed;
}
