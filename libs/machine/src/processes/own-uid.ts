import { randomInt } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { AppError } from '@tower/kit';

/** The numbers that systemd too takes for services of their own; containers with the usual 65,536 numbers have them. */
const range = { first: 61_184, last: 65_519 } as const;

/**
 * A user id for one purpose of one home, for root to give it to a server: no account and no process of the machine has
 * it, so nobody else may read its files or signal it. Remembered in `file`, so that what it owns stays its own; drawn
 * anew when somebody else has it meanwhile (a copied home). Linux only.
 * @param isOurs whether a process that has the remembered id is one that may have it
 */
export function ownUid(file: string, isOurs: (pid: number) => boolean = () => false): number {
  const accounts = accountUids();
  const running = runningUids();
  const isForeign = (uid: number): boolean => accounts.has(uid) || (running.get(uid) ?? []).some((pid) => !isOurs(pid));
  const known = rememberedUid(file);
  if (known !== undefined && !isForeign(known)) return known;
  const free = Array.from({ length: range.last - range.first + 1 }, (_, index) => range.first + index);
  const left = free.filter((uid) => !accounts.has(uid) && !running.has(uid));
  const uid = left[randomInt(Math.max(1, left.length))];
  if (uid === undefined) {
    const message = `no user id from ${range.first} to ${range.last} is free; start Tower as an ordinary user`;
    throw new AppError('unavailable', 'no_free_uid', message);
  }
  writeFileSync(file, `${uid}\n`, { mode: 0o644 });
  return uid;
}

function rememberedUid(file: string): number | undefined {
  try {
    const uid = Number(readFileSync(file, 'utf8').trim());
    return Number.isInteger(uid) && uid >= range.first && uid <= range.last ? uid : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** User and group ids that have a name here. */
function accountUids(): Set<number> {
  const lines = ['/etc/passwd', '/etc/group'].flatMap((file) => readFileSync(file, 'latin1').split('\n'));
  return new Set(lines.map((line) => Number(line.split(':')[2])));
}

/** Which processes every user id has. */
function runningUids(): Map<number, number[]> {
  const running = new Map<number, number[]>();
  for (const pid of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    // It may have ended since.
    const uid = statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid;
    if (uid !== undefined) running.set(uid, [...(running.get(uid) ?? []), Number(pid)]);
  }
  return running;
}
