import { createHmac, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';

/** The role that owns the cluster. Services never log in as it: a superuser may read files and run programs. */
export const adminRole = 'postgres';

export interface ClusterSecret {
  /** Not kept yet: a cluster that exists already does not know it. */
  readonly isNew: boolean;
  passwordOf(role: string): string;
  /** Only once the cluster knows it: kept earlier, a kill in between would lock everybody out. */
  keep(): void;
}

/**
 * One random secret per cluster, in a file that only the launcher's user may read; every role's password follows from
 * it.
 */
export function openClusterSecret(dataDir: string): ClusterSecret {
  const file = `${dataDir}.secret`;
  const known = readSecret(file);
  const secret = known ?? randomBytes(32).toString('hex');
  return {
    isNew: known === undefined,
    passwordOf: (role) => createHmac('sha256', secret).update(role).digest('base64url'),
    keep: () => writeFileSync(file, `${secret}\n`, { mode: 0o600 }),
  };
}

/** A file that a crash left empty is as good as none. */
function readSecret(file: string): string | undefined {
  try {
    const secret = readFileSync(file, 'utf8').trim();
    return secret === '' ? undefined : secret;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
