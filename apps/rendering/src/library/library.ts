import { link, mkdir, open, realpath, rename, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { dirname, isAbsolute, join, posix, sep } from 'node:path';
import { sha256File } from '@tower/imaging';
import { AppError } from '@tower/kit';

/** Where the artifact of a job without a cut lies, below the library: `<project>/unfiled/<job>-a<attempt>-<n>.<ext>`. */
export function artifactPath(place: { projectSlug: string; jobId: string; attempt: number; n: string; extension: string }): string {
  return posix.join(place.projectSlug, 'unfiled', `${place.jobId}-a${place.attempt}-${place.n}.${place.extension}`);
}

export const thumbnailPath = (sha256: string): string => posix.join('.thumbnails', sha256.slice(0, 2), `${sha256}.webp`);

/** The folder of finished files. Everything is written under a temporary name, flushed to disk, and only then given its name; nothing is overwritten. */
export class Library {
  constructor(readonly root: string) {}

  /** Absolute path of a file below the library. */
  absolute(path: string): string {
    return join(this.root, ...path.split('/'));
  }

  /**
   * The real path of a finished file below the library, links resolved. Throws `library_path_outside` for a path that leads out of it or into
   * the folders where Tower keeps its own, and `library_file_missing` where no regular file lies.
   */
  async existing(path: string): Promise<string> {
    const outside = new AppError('invalid', 'library_path_outside', `${path} does not lie in the library`);
    if (path.includes('\u0000') || path.includes('\\') || isAbsolute(path) || path.split('/').some((part) => part.startsWith('.'))) throw outside;
    try {
      const root = await realpath(this.root);
      const real = await realpath(join(root, path));
      if (!real.startsWith(root.endsWith(sep) ? root : root + sep)) throw outside;
      if ((await stat(real)).isFile()) return real;
    } catch (error) {
      if (error instanceof AppError) throw error;
      const code = (error as NodeJS.ErrnoException).code ?? '';
      if (!['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG', 'EACCES'].includes(code)) throw error;
    }
    throw new AppError('invalid', 'library_file_missing', `there is no file ${path} in the library`);
  }

  /** A fresh place for a download of one attempt; leftovers of an interrupted download of the same one are removed. */
  async incoming(attemptId: string, n: string): Promise<string> {
    const path = join(this.root, '.incoming', `${attemptId}-${n}`);
    await mkdir(dirname(path), { recursive: true });
    await rm(path, { force: true });
    return path;
  }

  /** Removes a download that is not kept. */
  async discard(incoming: string): Promise<void> {
    await rm(incoming, { force: true });
  }

  /**
   * Gives a complete file its final name. If the name is taken by the same bytes (an earlier collection that was cut off before it was
   * recorded), that file stays. Other bytes under the name are an error: the caller decides whether they belong to anybody.
   */
  async place(from: string, path: string, sha256: string): Promise<void> {
    const to = this.absolute(path);
    await mkdir(dirname(to), { recursive: true });
    await flush(from);
    try {
      await link(from, to);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      if ((await sha256File(to)) !== sha256) throw new AppError('conflict', 'library_name_taken', `${path} is in the library already with other content`, { cause: error });
    }
    await flush(dirname(to));
    await rm(from, { force: true });
  }

  /** Writes a derived file (sidecar, thumbnail) whole or not at all; the same content may be written again. */
  async write(path: string, content: string | Uint8Array): Promise<void> {
    const to = this.absolute(path);
    await mkdir(dirname(to), { recursive: true });
    const temporary = `${to}.${process.pid}.tmp`;
    await writeFile(temporary, content, { flush: true });
    await rename(temporary, to);
  }

  async space(): Promise<{ free_bytes: number; total_bytes: number }> {
    await mkdir(this.root, { recursive: true });
    const disk = await statfs(this.root);
    return { free_bytes: disk.bavail * disk.bsize, total_bytes: disk.blocks * disk.bsize };
  }
}

async function flush(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
