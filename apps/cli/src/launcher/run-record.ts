import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { processIdentity } from '@tower/kit';
import { z } from 'zod';

/**
 * Enough to recognise a process after the launcher that started it is gone: a number alone may have been given to
 * somebody else.
 */
const runRecord = z.object({
  name: z.string(),
  pid: z.int(),
  /** Number, boot and moment of start. */
  identity: z.string(),
  command: z.string(),
  rank: z.enum(['postgres', 'nats', 'simulator', 'service', 'gateway']),
  startedAt: z.iso.datetime(),
});
export type RunRecord = z.infer<typeof runRecord>;

/** `undefined` for a process that has ended already. */
export function observeProcess(pid: number): Pick<RunRecord, 'pid' | 'identity' | 'command'> | undefined {
  const identity = processIdentity(pid);
  const command = commandOf(pid);
  return identity === undefined || command === undefined ? undefined : { pid, identity, command };
}

export function isSameProcess(record: Pick<RunRecord, 'pid' | 'identity' | 'command'>): boolean {
  return processIdentity(record.pid) === record.identity && commandOf(record.pid) === record.command;
}

export function writeRunRecord(directory: string, record: RunRecord): void {
  mkdirSync(directory, { recursive: true });
  writeWhole(join(directory, `${record.name}.json`), `${JSON.stringify(record)}\n`);
}

export function removeRunRecord(directory: string, name: string): void {
  rmSync(join(directory, `${name}.json`), { force: true });
}

/** Records that a crash cut short are no records: whatever they stood for cannot be verified. */
export function readRunRecords(directory: string): RunRecord[] {
  return namesIn(directory).flatMap((file) => {
    const parsed = runRecord.safeParse(readJson(join(directory, file)));
    return parsed.success ? [parsed.data] : [];
  });
}

/** Readers see the old file or the new one, never half of one. */
export function writeWhole(path: string, content: string, mode = 0o600): void {
  const temporary = `${path}.${process.pid}.new`;
  writeFileSync(temporary, content, { mode });
  renameSync(temporary, path);
}

export function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory).filter((name) => name.endsWith('.json'));
  } catch {
    return [];
  }
}

function commandOf(pid: number): string | undefined {
  try {
    if (process.platform === 'linux') return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
    return execFileSync('ps', ['-p', String(pid), '-o', 'command='], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return undefined;
  }
}
