import { open } from 'node:fs/promises';

/** What systems say that cannot flush this kind of thing, as opposed to one whose flush failed. */
const unsupported: ReadonlySet<string> = new Set(['EINVAL', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EBADF', 'EISDIR']);

/**
 * Sees a file or a folder to its disk. False where the file system has no such thing; throws what a flush that fails
 * says.
 */
export async function flushToDisk(path: string): Promise<boolean> {
  try {
    const handle = await open(path, 'r');
    try {
      await handle.sync();
      return true;
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (unsupported.has((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
}
