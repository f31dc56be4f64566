import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';

/**
 * The numbers that systemd gives to services for the time they run; containers with the usual 65,536 numbers have them
 * too.
 */
const [firstUid, lastUid] = [61_184, 65_519] as const;

/** Somebody who owns nothing, as whom a decoder runs when this process is root. */
export interface DecoderIdentity {
  readonly uid: number;
  readonly gid: number;
}

let chosen: { identity: DecoderIdentity | undefined } | undefined;

/**
 * Whom decoders run as: for root a number that no account and no process of this machine has, drawn once per process;
 * undefined for everybody else, who cannot become another, and where the system does not let root do it (a container
 * without CAP_SETUID).
 */
export function decoderIdentity(): DecoderIdentity | undefined {
  chosen ??= { identity: choose() };
  return chosen.identity;
}

function choose(): DecoderIdentity | undefined {
  // Files are handed over through /proc, which only Linux has.
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return undefined;
  const taken = takenUids();
  const free = Array.from({ length: lastUid - firstUid + 1 }, (_, index) => firstUid + index).filter(
    (uid) => !taken.has(uid),
  );
  const uid = free[randomInt(Math.max(1, free.length))];
  if (
    uid === undefined ||
    spawnSync('/bin/sh', ['-c', 'exit 0'], { uid, gid: uid, stdio: 'ignore', cwd: '/' }).status !== 0
  )
    return undefined;
  return { uid, gid: uid };
}

function takenUids(): Set<number> {
  const taken = new Set<number>();
  for (const line of readFileSync('/etc/passwd', 'latin1').split('\n')) taken.add(Number(line.split(':')[2]));
  for (const entry of readdirSync('/proc')) {
    const found = /^\d+$/.test(entry) ? statSync(`/proc/${entry}`, { throwIfNoEntry: false }) : undefined;
    if (found !== undefined) taken.add(found.uid);
  }
  return taken;
}
