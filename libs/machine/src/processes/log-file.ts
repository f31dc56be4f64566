import { closeSync, fstatSync, mkdirSync, openSync, readSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** One older file is kept beside it, so that a server's log never takes more than twice this. */
const rotateAboveBytes = 8 * 1024 * 1024;
const tailBytes = 16 * 1024;

interface LogFile {
  readonly fd: number;
  readonly path: string;
  /** Where this run begins in the file. */
  readonly startsAt: number;
}

/**
 * A file, not a pipe: a server whose launcher was killed can go on logging, and tells why it ended.
 * Opened before privileges are dropped, so the server needs no right to write there.
 */
export function openLogFile(path: string): LogFile {
  mkdirSync(dirname(path), { recursive: true });
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > rotateAboveBytes) renameSync(path, `${path}.1`);
  const fd = openSync(path, 'a', 0o600);
  return { fd, path, startsAt: fstatSync(fd).size };
}

/** The last lines written since the log was opened. */
export function readLogTail(log: Pick<LogFile, 'path' | 'startsAt'>, lines = 20): string {
  if (statSync(log.path, { throwIfNoEntry: false }) === undefined) return '';
  const fd = openSync(log.path, 'r');
  try {
    const { size } = fstatSync(fd);
    const from = Math.max(log.startsAt, size - tailBytes);
    const buffer = Buffer.alloc(Math.max(0, size - from));
    readSync(fd, buffer, 0, buffer.length, from);
    return buffer.toString('utf8').trimEnd().split('\n').slice(-lines).join('\n');
  } finally {
    closeSync(fd);
  }
}
