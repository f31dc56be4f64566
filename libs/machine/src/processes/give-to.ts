import { chownSync, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Gives a server's folder with all it holds to `owner`, who becomes its group too. Nobody but root and the old owner
 * may write there. The top comes last: as long as it has the old owner, an interrupted change is done again.
 */
export function giveTo(owner: number | undefined, path: string): void {
  if (owner === undefined || lstatSync(path).uid === owner) return;
  for (const entry of readdirSync(path, { recursive: true, withFileTypes: true })) {
    const inner = join(entry.parentPath, entry.name);
    if (!entry.isSymbolicLink()) chownSync(inner, owner, owner);
  }
  chownSync(path, owner, owner);
}
