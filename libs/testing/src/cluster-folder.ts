import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { getFromSetup } from './run-environment';

interface ClusterFolder {
  /** For a PostgreSQL of a spec's own. */
  readonly dataDir: string;
  /** Removes it, and what lies beside it: log, password and account. */
  remove(): void;
}

/**
 * A new folder where this run of jest writes, which every account may enter: PostgreSQL runs under one of its own when
 * this runs as root. Whoever makes it removes it.
 */
export function makeOpenFolder(prefix: string): string {
  const folder = mkdtempSync(join(getFromSetup('folder'), prefix));
  chmodSync(folder, 0o755);
  return folder;
}

/** A place for the data of a PostgreSQL that a spec kills and starts again. */
export function clusterFolder(): ClusterFolder {
  const folder = makeOpenFolder('cluster-');
  return { dataDir: join(folder, 'postgres'), remove: () => rmSync(folder, { recursive: true, force: true }) };
}
