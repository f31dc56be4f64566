import { createHmac, randomBytes } from 'node:crypto';
import { chmodSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { NatsUserName } from './permissions';

/** A password per user of NATS. */
export type Passwords = (user: NatsUserName) => string;

/**
 * One random secret per home, in a file that only the launcher's user may read, as PostgreSQL's; every user's password
 * follows from it and from none the others'. Made when it is not there. Nothing depends on the old one when it is lost:
 * the server is told the passwords at each start.
 */
export function openNatsSecret(file: string): Passwords {
  const secret = readSecret(file) ?? makeSecret(file);
  return (user) => createHmac('sha256', secret).update(user).digest('base64url');
}

/** A file that a crash left short is as good as none. */
function readSecret(file: string): string | undefined {
  try {
    const secret = readFileSync(file, 'utf8').trim();
    if (!/^[0-9a-f]{64}$/.test(secret)) return undefined;
    // It may have come from a backup that knows no modes.
    chmodSync(file, 0o600);
    return secret;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function makeSecret(file: string): string {
  const secret = randomBytes(32).toString('hex');
  const temporary = `${file}.${process.pid}.new`;
  writeFileSync(temporary, `${secret}\n`, { mode: 0o600 });
  renameSync(temporary, file);
  return secret;
}

/** The address of a server for one user, as `NATS_URL` takes it. */
export function withUser(url: string, user: NatsUserName, passwords: Passwords): string {
  return url.replace('nats://', `nats://${user}:${passwords(user)}@`);
}
