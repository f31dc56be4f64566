import { existsSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { bytesOfAllStreams } from '@tower/bus';
import { AppError } from '@tower/kit';

/** Bytes. A new PostgreSQL with its write-ahead log, the first events and logs. */
const leastHomeBytes = 256 * 1024 ** 2;
/** PostgreSQL lets its write-ahead log grow to this before it tidies up (`max_wal_size`). */
const writeAheadLogBytes = 1024 ** 3;

interface HomeRoom {
  readonly level: 'ok' | 'note' | 'problem';
  readonly detail: string;
}

/**
 * Whether the disk of a home has room for its embedded servers: enough to start, and for a week of events and a busy
 * day beyond it.
 */
export function roomFor(free: number, path: string): HomeRoom {
  const comfortable = leastHomeBytes + bytesOfAllStreams() + writeAheadLogBytes;
  if (free >= comfortable) return { level: 'ok', detail: `${path}, ${sizeOf(free)} free` };
  if (free < leastHomeBytes) {
    const needed = `Tower needs ${sizeOf(leastHomeBytes)} to start`;
    const detail = `${path}: only ${sizeOf(free)} free, ${needed}; make room, or set TOWER_HOME to another disk`;
    return { level: 'problem', detail };
  }
  const log = `PostgreSQL's write-ahead log may take ${sizeOf(writeAheadLogBytes)}`;
  const reason = `${log}, a week of events ${sizeOf(bytesOfAllStreams())}`;
  const wish = `make room up to ${sizeOf(comfortable)}`;
  return { level: 'note', detail: `${path}: ${sizeOf(free)} free; that is enough to start, but ${reason}: ${wish}` };
}

/** Bytes free for this user on the disk where a folder is, or will be. */
export function freeBytes(path: string): number {
  let existing = path;
  while (!existsSync(existing) && dirname(existing) !== existing) existing = dirname(existing);
  const { bavail, bsize } = statfsSync(existing);
  return bavail * bsize;
}

/** What to warn of, or undefined. Throws `home_disk_full`. */
export function requireHomeRoom(path: string): string | undefined {
  const { level, detail } = roomFor(freeBytes(path), path);
  if (level === 'problem') throw new AppError('unavailable', 'home_disk_full', detail);
  return level === 'note' ? detail : undefined;
}

const sizeOf = (bytes: number): string =>
  bytes < 1024 ** 3 ? `${Math.floor(bytes / 1024 ** 2)} MiB` : `${(bytes / 1024 ** 3).toFixed(1)} GiB`;
