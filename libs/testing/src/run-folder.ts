import { mkdirSync, readdirSync, rmSync, statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { findServersIn, processIdentity } from '@tower/kit';
import { signalIfAlive } from '@tower/machine';

/**
 * Linux keeps files there in memory. A database is hundreds of files, a Tower's home a thousand, and specs make and
 * remove hundreds of these: on a disk, that takes a third of their time.
 */
const sharedMemory = '/dev/shm';
/** Bytes that must be free there: more than a run needs. In a container there are often 64 MB. */
const enoughRoom = 4 * 2 ** 30;

const nameOf = (pid: number): string => `tower-jest-${pid}`;
const namePattern = /^tower-jest-(\d+)$/;

interface RunFolder {
  readonly folder: string;
  remove(): void;
}

/**
 * A folder for what this run of jest starts: in memory where there is room, else in `cache`. What runs left that were
 * killed is removed from both.
 */
export function makeRunFolder(cache: string, memory = sharedMemory, roomNeeded = enoughRoom): RunFolder {
  mkdirSync(cache, { recursive: true });
  const places = hasRoom(memory, roomNeeded) ? [memory, cache] : [cache];
  for (const place of places) removeAbandonedRuns(place);
  const folder = join(places[0] ?? cache, nameOf(process.pid));
  mkdirSync(folder);
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

function hasRoom(place: string, bytes: number): boolean {
  try {
    const { bavail, bsize } = statfsSync(place);
    return bavail * bsize >= bytes;
  } catch {
    return false;
  }
}

/** A run that was killed could not clean up. Others' folders are theirs. */
function removeAbandonedRuns(place: string): void {
  for (const name of readdirSync(place)) {
    const pid = namePattern.exec(name)?.[1];
    if (pid === undefined || processIdentity(Number(pid)) !== undefined) continue;
    const folder = join(place, name);
    if (statSync(folder).uid !== process.getuid?.()) continue;
    for (const server of findServersIn(join(folder, 'pg'), 'postgres')) signalIfAlive(server, 'SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
}
