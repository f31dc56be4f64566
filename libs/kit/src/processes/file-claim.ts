import { mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { processIdentity } from './process-table';

export interface FileClaim {
  /**
   * Tells other machines that the claim is still meant, as a shared folder needs. False: it was lost, by a pause or by
   * a person's hand.
   */
  touch(): boolean;
  release(): void;
}

/** Either the claim, or the number of the live process that has it. */
type ClaimOutcome = { readonly claim: FileClaim } | { readonly heldBy: number };

interface ClaimOptions {
  /** The file may lie on a folder that several machines mount: a holder elsewhere counts while it touches its claim. */
  readonly isShared?: boolean;
}

/** A holder on another machine cannot be looked up; so long without a touch it is taken for dead. */
const silentMs = 120_000;

/**
 * One holder of `file` at a time, across processes. A claim whose process is dead counts for nothing.
 * @throws whatever the file system says when the file cannot be made
 */
export async function claimFile(file: string, options: ClaimOptions = {}): Promise<ClaimOutcome> {
  const host = options.isShared === true ? `\n${hostname()}` : '';
  const mine = `${processIdentity(process.pid) ?? String(process.pid)}${host}`;
  mkdirSync(dirname(file), { recursive: true });
  for (;;) {
    if (createExclusively(file, mine))
      return { claim: { touch: () => touch(file, mine), release: () => releaseClaim(file, mine) } };
    const holder = await readHolder(file);
    if (holder !== undefined && isAlive(file, holder)) return { heldBy: pidOf(holder) };
    removeStale(file, holder);
  }
}

/** Whether a live process has the claim; looks only. */
export async function isClaimed(file: string): Promise<boolean> {
  const holder = await readHolder(file);
  return holder !== undefined && isAlive(file, holder);
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

/** An empty file is one that is being written; one that stays empty belongs to a process that died just then. */
async function readHolder(file: string): Promise<string | undefined> {
  for (let attempt = 0; attempt < 10; attempt += 1) {
    const content = readIfThere(file);
    if (content !== '') return content;
    await delay(20);
  }
  return undefined;
}

/**
 * Two processes may find the same dead claim. Renaming gives it to one of them; the other may have renamed the new
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
  if (taken !== undefined && taken !== '' && taken !== judged && isAlive(aside, taken)) renameSync(aside, file);
  else rmSync(aside, { force: true });
}

function releaseClaim(file: string, mine: string): void {
  if (readIfThere(file) === mine) rmSync(file, { force: true });
}

function touch(file: string, mine: string): boolean {
  if (readIfThere(file) !== mine) return false;
  const now = new Date();
  utimesSync(file, now, now);
  return true;
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function isAlive(file: string, holder: string): boolean {
  const [identity = '', host] = holder.split('\n');
  if (host === undefined || host === hostname()) return processIdentity(pidOf(identity)) === identity;
  const found = statSync(file, { throwIfNoEntry: false });
  return found !== undefined && Date.now() - found.mtimeMs < silentMs;
}

/** An identity begins with the process id. */
const pidOf = (holder: string): number => Number.parseInt(holder, 10);
