import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '@tower/kit';
import { processIdentity } from './process-table';

export interface DirectoryClaim {
  release(): void;
}

/**
 * Lets one launcher at a time work on a data directory. Without it a second launcher would take the first one's
 * healthy server for an orphan and stop it. A claim whose launcher is dead counts for nothing.
 */
export async function claimDirectory(directory: string): Promise<DirectoryClaim> {
  const file = `${directory}.launcher`;
  const mine = processIdentity(process.pid) ?? String(process.pid);
  mkdirSync(dirname(file), { recursive: true });
  for (;;) {
    if (createExclusively(file, mine)) return { release: () => releaseClaim(file, mine) };
    const holder = await readHolder(file);
    if (holder !== undefined && isAlive(holder)) {
      const pid = pidOf(holder);
      throw new AppError('conflict', 'data_dir_in_use', `${directory} is already served by the launcher with process id ${pid}`, { details: { directory, pid } });
    }
    removeStale(file, holder);
  }
}

function createExclusively(file: string, content: string): boolean {
  try {
    writeFileSync(file, content, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** An empty file is one that is being written; one that stays empty belongs to a launcher that died just then. */
async function readHolder(file: string): Promise<string | undefined> {
  for (let attempt = 0; attempt < 10; attempt += 1) {
    const content = readIfThere(file);
    if (content !== '') return content;
    await delay(20);
  }
  return undefined;
}

/**
 * Two launchers may find the same dead claim. Renaming gives it to one of them; the other may have renamed the new
 * claim of the first instead, and then puts it back.
 */
function removeStale(file: string, judged: string | undefined): void {
  const aside = `${file}.${process.pid}`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  const taken = readIfThere(aside);
  if (taken !== undefined && taken !== '' && taken !== judged && isAlive(taken)) renameSync(aside, file);
  else rmSync(aside, { force: true });
}

function releaseClaim(file: string, mine: string): void {
  if (readIfThere(file) === mine) rmSync(file, { force: true });
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function isAlive(holder: string): boolean {
  return processIdentity(pidOf(holder)) === holder;
}

/** An identity begins with the process id. */
const pidOf = (holder: string): number => Number.parseInt(holder, 10);
