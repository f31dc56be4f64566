import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, mkdir, readdir, realpath, rename, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { basename, join, posix } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { AppError, newId } from '@tower/kit';
import { isBelow } from './disk/below';
import { flushToDisk } from './disk/flush';
import { incomingFolder } from './disk/gone';
import { ownDiskFull, ownFault } from './disk/own-fault';
import { locate, outside, partsBelow, thumbnailPath } from './path-guard';
import { giveName, noteSuffix, readNote, realCalls, removeReservation } from './placing';

/**
 * Where the artifact of a job without a cut lies, below the library: `<project>/unfiled/<job>-a<attempt>-<n>.<ext>`.
 */
export function artifactPath(place: {
  projectSlug: string;
  jobId: string;
  attempt: number;
  n: string;
  extension: string;
}): string {
  // Not joined: dots and slashes in a name from elsewhere have to be seen, not resolved.
  return `${place.projectSlug}/unfiled/${place.jobId}-a${place.attempt}-${place.n}.${place.extension}`;
}

/**
 * Where an uploaded file lies, below the library: `uploads/<two digits>/<digest>.<ext>`, so that the same bytes have
 * the same place.
 */
export const uploadPath = (sha256: string, extension: string): string =>
  `uploads/${sha256.slice(0, 2)}/${sha256}.${extension}`;

const receivedPrefix = 'upload-';

/** Whether an unfinished file is one that somebody sends; its name tells when that began. */
export const isReceived = (name: string): boolean =>
  name.startsWith(receivedPrefix) &&
  /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(name.slice(receivedPrefix.length));

/** When it began, in milliseconds of the Unix epoch: the first 48 bits of a UUID of version 7. */
export const receivedAtMs = (name: string): number =>
  Number.parseInt(name.slice(receivedPrefix.length).replaceAll('-', '').slice(0, 12), 16);

/** Names that are tried for one file before somebody has to look. */
const maxNames = 1_000;

/**
 * The folder of finished files. Everything is written under a temporary name, flushed to disk, and only then given its
 * name; nothing is overwritten, and nothing is made outside, whatever a path says or a link points to. What the system
 * refuses is thrown as `ownFault` has it.
 */
export class Library {
  constructor(
    readonly root: string,
    private readonly calls = realCalls,
  ) {}

  /**
   * The real path of a finished file below the library, links resolved. Throws `library_path_outside` for a path that
   * leads out of it or into the folders where Tower keeps its own, and `library_file_missing` where no regular file
   * lies.
   */
  async existing(path: string): Promise<string> {
    try {
      const real = await locate(this.root, path);
      if ((await stat(real)).isFile()) return real;
    } catch (error) {
      if (error instanceof AppError) throw error;
      const code = (error as NodeJS.ErrnoException).code ?? '';
      if (!['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG', 'EACCES'].includes(code))
        throw ownFault(error, 'library') ?? error;
    }
    throw new AppError('invalid', 'library_file_missing', `there is no file ${path} in the library`);
  }

  /**
   * A fresh place for a download of one attempt: nobody else ever has the same, not even an earlier leader that is
   * still at it.
   */
  async incoming(attemptId: string, n: string): Promise<string> {
    return join(await this.folder([incomingFolder]), `${attemptId}-${n}-${newId()}`);
  }

  /** A fresh place for a file that somebody sends; `received` finds it by the name. */
  async receiving(): Promise<{ name: string; path: string }> {
    const name = `${receivedPrefix}${newId()}`;
    return { name, path: join(await this.folder([incomingFolder]), name) };
  }

  /** Where a file lies, or lay, that was received under this name. */
  async received(name: string): Promise<string> {
    if (!isReceived(name)) throw outside(name);
    return join(await this.folder([incomingFolder]), name);
  }

  /** Deletes a finished file; nothing happens where it is gone already. */
  async remove(path: string): Promise<void> {
    await ours(async () => {
      const { folder, name } = await this.target(path);
      await rm(join(folder, name), { force: true });
    });
  }

  /** Deletes the thumbnail of the file with this digest. */
  removeThumbnail(sha256: string): Promise<void> {
    return this.remove(thumbnailPath(sha256));
  }

  /** Removes downloads that are not kept, and the names that were reserved for them. */
  async discard(paths: readonly string[]): Promise<void> {
    const notes = new Set(paths.map((path) => (path.endsWith(noteSuffix) ? path : `${path}${noteSuffix}`)));
    await ours(async () => {
      // The files first: without them nobody who still holds a reservation can use it.
      await Promise.all(paths.filter((path) => !notes.has(path)).map((path) => rm(path, { force: true })));
      for (const note of notes) await this.undo(note);
    });
  }

  /** Names of what lies in the folder of unfinished files; none while there is no such folder. */
  async unfinished(): Promise<string[]> {
    return ours(async () => readdir(join(await realpath(this.root), incomingFolder))).catch((error: unknown) => {
      if ((error as AppError).code === 'own_disk_missing') return [];
      throw error;
    });
  }

  /** Removes unfinished files by the names that `unfinished` gave. */
  async discardUnfinished(names: readonly string[]): Promise<void> {
    const folder = await this.folder([incomingFolder]);
    await this.discard(names.map((name) => join(folder, basename(name))));
  }

  /**
   * Gives a complete file its final name and returns it. If the name is taken by the same bytes (an earlier collection
   * that was cut off before it was recorded), that file stays. Other bytes under the name are never touched (a database
   * restored from a backup meets its own newer files): the file gets the next free one, `…-1~2.png`.
   */
  async place(from: string, path: string, sha256: string): Promise<string> {
    return ours(async () => {
      const { folder, name } = await this.target(path);
      await flushToDisk(from);
      const { name: stem, ext } = posix.parse(name);
      for (let n = 1; n <= maxNames; n++) {
        const chosen = n === 1 ? name : `${stem}~${n}${ext}`;
        const chosenPath = posix.join(posix.dirname(path), chosen);
        const isGiven = await giveName(from, join(folder, chosen), chosenPath, this.calls);
        if (!isGiven && (await digestOf(join(folder, chosen))) !== sha256) continue;
        await flushToDisk(folder);
        await rm(from, { force: true });
        return chosenPath;
      }
      throw new AppError(
        'conflict',
        'library_name_taken',
        `${path} and ${maxNames} names like it are in the library already with other content`,
      );
    });
  }

  /** Writes a derived file (sidecar, thumbnail) whole or not at all; the same content may be written again. */
  async write(path: string, content: string | Uint8Array): Promise<void> {
    await ours(async () => {
      const { folder, name } = await this.target(path);
      const temporary = join(await this.folder([incomingFolder]), `${newId()}.tmp`);
      try {
        await writeFile(temporary, content, { flag: 'wx' });
        await flushToDisk(temporary);
        await moveOver(temporary, folder, name);
      } finally {
        await rm(temporary, { force: true });
      }
    });
  }

  /** Throws `own_disk_full` when a file of that size would not fit. */
  async assertRoom(bytes: number): Promise<void> {
    const disk = await ours(() => statfs(this.root));
    if (disk.bavail * disk.bsize < bytes) throw ownDiskFull('library', bytes);
  }

  /** Frees the name that a note tells of, and removes the note. */
  private async undo(note: string): Promise<void> {
    const path = await readNote(note);
    if (path !== undefined) {
      // What somebody else wrote there leads nowhere.
      const target = await this.target(path).catch((error: unknown) => {
        if ((error as AppError).code !== 'library_path_outside') throw error;
      });
      if (target) await removeReservation(join(target.folder, target.name));
    }
    await rm(note, { force: true });
  }

  private async target(path: string): Promise<{ folder: string; name: string }> {
    const parts = partsBelow(path, true);
    if (parts === undefined || parts[0].length === 0) throw outside(path);
    const [folders, name] = parts;
    return { folder: await this.folder(folders), name };
  }

  /**
   * The real path of a folder below the library; made, step by step, where it is not there: a link on the way must not
   * lead out. The library itself and the folder of unfinished files are not made here: without them the library may be
   * a disk that is not mounted (`DiskWatch` makes them where it is not).
   */
  private async folder(parts: readonly string[]): Promise<string> {
    return ours(async () => {
      const root = await realpath(this.root);
      let folder = root;
      for (const part of parts) {
        const next = join(folder, part);
        if (part !== incomingFolder)
          await mkdir(next).catch((error: unknown) => {
            if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
          });
        folder = await realpath(next);
        if (!isBelow(root, folder)) throw outside(parts.join('/'));
      }
      return folder;
    });
  }
}

async function ours<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw ownFault(error, 'library') ?? error;
  }
}

/** Replaces what has that name by a whole file, also where the folder lies on another disk. */
async function moveOver(from: string, folder: string, name: string): Promise<void> {
  try {
    await rename(from, join(folder, name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
    const copy = join(folder, `.placing-${newId()}.tmp`);
    try {
      await copyFile(from, copy);
      await flushToDisk(copy);
      await rename(copy, join(folder, name));
    } finally {
      await rm(copy, { force: true });
    }
  }
}

/** sha256 in lower-case hex. Streamed, and here: whoever serves files needs nothing else of what reads pictures. */
async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
