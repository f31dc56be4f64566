import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface ClusterFolder {
  /** For a PostgreSQL of a spec's own. */
  readonly dataDir: string;
  /** Removes it, and what lies beside it: log, password and account. */
  remove(): void;
}

/** A place for the data of a PostgreSQL that a spec kills and starts again. */
export function clusterFolder(): ClusterFolder {
  const folder = mkdtempSync(join(tmpdir(), 'tower-cluster-'));
  // PostgreSQL runs under an account of its own when this runs as root.
  chmodSync(folder, 0o755);
  return { dataDir: join(folder, 'postgres'), remove: () => rmSync(folder, { recursive: true, force: true }) };
}
