import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { HealthCheck } from '@tower/contracts';
import { AppError, describeError } from '@tower/kit';
import { incomingFolder, isGone, isOutside, locate, openRegular, ownFault } from '@tower/library';

type LibraryPlace =
  /** Real path of a regular file below the library, and its size. */
  | { readonly state: 'found'; readonly path: string; readonly bytes: number }
  | Extract<LibraryFile, { state: 'absent' | 'refused' }>;

type LibraryFile =
  | { readonly state: 'read'; readonly bytes: Buffer }
  /** Not there or not readable now; storage that lags may still bring it. */
  | { readonly state: 'absent'; readonly why: string }
  /** There, and more than the asker can take. */
  | { readonly state: 'too_large'; readonly bytes: number }
  /** Nothing that waiting could change. */
  | { readonly state: 'refused'; readonly why: string };

/**
 * The folder with all pictures, read only. Nothing outside it is ever opened, whatever a path says or a link points to.
 */
export class LibraryReader {
  constructor(private readonly root: string) {}

  /** The file's bytes, in one read, so that what is hashed is what is measured. */
  async read(path: string, maxBytes: number): Promise<LibraryFile> {
    const place = await this.locate(path);
    if (place.state !== 'found') return place;
    try {
      return await readFileAtMost(place.path, maxBytes);
    } catch (error) {
      return this.unreadable(error);
    }
  }

  /** Where the file really lies, for readers that take films from the disk. */
  async locate(path: string): Promise<LibraryPlace> {
    try {
      const real = await locate(this.root, path);
      const found = await stat(real);
      return found.isFile()
        ? { state: 'found', path: real, bytes: found.size }
        : { state: 'refused', why: 'not a regular file' };
    } catch (error) {
      if (isOutside(error)) return { state: 'refused', why: 'the path leads out of the library' };
      return this.unreadable(error);
    }
  }

  /**
   * A file that is not there or cannot be read says nothing good of itself; when the whole library cannot be read, or
   * no file can be opened, it says nothing at all. Throws `library_unavailable` then: whoever asked has to wait.
   */
  async unreadable(error: unknown): Promise<Extract<LibraryFile, { state: 'absent' }>> {
    const { ok, detail } = await this.check();
    const everywhere = ownFault(error, 'library')?.code === 'own_open_files' ? describeError(error) : detail;
    if (!ok || everywhere !== detail)
      throw new AppError('unavailable', 'library_unavailable', everywhere, { cause: error });
    if (await isGone(this.root, join(this.root, incomingFolder)).catch(() => false))
      throw new AppError('unavailable', 'library_unavailable', unmounted, { cause: error });
    return { state: 'absent', why: describeError(error) };
  }

  async check(): Promise<HealthCheck> {
    try {
      await access(this.root, constants.R_OK | constants.X_OK);
      return { ok: true, detail: 'readable' };
    } catch (error) {
      return {
        ok: false,
        detail: `the library cannot be read; check TOWER_LIBRARY and its mount: ${describeError(error)}`,
      };
    }
  }
}

const unmounted = 'the library is empty: its disk may not be mounted; check TOWER_LIBRARY and its mount';

async function readFileAtMost(real: string, maxBytes: number): Promise<LibraryFile> {
  const opened = await openRegular(real);
  if (opened === undefined) return { state: 'refused', why: 'not a regular file' };
  const { handle: file, size } = opened;
  try {
    if (size > maxBytes) return { state: 'too_large', bytes: size };
    const bytes = Buffer.allocUnsafe(size);
    let filled = 0;
    while (filled < size) {
      const { bytesRead } = await file.read(bytes, filled, size - filled, filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return { state: 'read', bytes: bytes.subarray(0, filled) };
  } finally {
    await file.close();
  }
}
