import { createHash, type Hash } from 'node:crypto';
import { constants } from 'node:fs';
import { link, open, readFile, rename, rm, stat, unlink, writeFile, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AppError } from '@tower/kit';
import { z } from 'zod';

const note = z.object({ url: z.string(), sha256: z.string(), etag: z.string().nullable() });

interface PartIdentity {
  readonly url: string;
  readonly sha256: string;
}

const chunkBytes = 1024 * 1024;

/**
 * What has been received so far: `<target>.part`, and beside it a note of what it is a part of, so that another process
 * can go on.
 */
export class PartFile {
  private hash: Hash = createHash('sha256');
  private size = 0;
  private remembered: string | null = null;

  private constructor(
    private readonly target: string,
    private readonly identity: PartIdentity,
    private readonly handle: FileHandle,
  ) {}

  /** Takes up what an earlier try left, if it was a part of the same file; reads all of it for the digest. */
  static async open(
    target: string,
    identity: PartIdentity,
    onRead: (bytes: number) => void,
    signal: AbortSignal,
  ): Promise<PartFile> {
    // A link that somebody put there would send the bytes elsewhere.
    const handle = await open(
      partOf(target),
      constants.O_RDWR | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0),
      0o644,
    );
    const part = new PartFile(target, identity, handle);
    try {
      const found = await handle.stat();
      if (!found.isFile())
        throw new AppError('conflict', 'download_failed', `${partOf(target)} is not a file: move it away`);
      const earlier = found.size > 0 ? await readNote(target) : undefined;
      if (earlier?.sha256 === identity.sha256 && earlier.url === identity.url) {
        part.remembered = earlier.etag;
        await part.readBack(found.size, onRead, signal);
      } else await handle.truncate(0);
      return part;
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  get bytes(): number {
    return this.size;
  }

  /** Of the answer that the bytes came from. */
  get etag(): string | null {
    return this.remembered;
  }

  async remember(etag: string | null): Promise<void> {
    this.remembered = etag;
    await writeFile(noteOf(this.target), `${JSON.stringify({ ...this.identity, etag })}\n`);
  }

  async append(chunk: Buffer): Promise<void> {
    for (let written = 0; written < chunk.length;) {
      const { bytesWritten } = await this.handle.write(chunk, written, chunk.length - written, this.size + written);
      written += bytesWritten;
    }
    this.hash.update(chunk);
    this.size += chunk.length;
  }

  async restart(): Promise<void> {
    await this.handle.truncate(0);
    this.hash = createHash('sha256');
    this.size = 0;
    this.remembered = null;
  }

  /** Lower-case hex, of all bytes so far. */
  digest(): string {
    return this.hash.copy().digest('hex');
  }

  /** At most `length` bytes from `position` on. */
  async read(position: number, length: number): Promise<Buffer> {
    const buffer = Buffer.alloc(Math.max(0, Math.min(length, this.size - position)));
    let filled = 0;
    while (filled < buffer.length) {
      const { bytesRead } = await this.handle.read(buffer, filled, buffer.length - filled, position + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return buffer.subarray(0, filled);
  }

  /** Gives the file its name, on disk before it has it. Never replaces what has got that name meanwhile. */
  async publish(): Promise<void> {
    await this.handle.sync();
    await this.handle.close();
    await moveTo(partOf(this.target), this.target);
    await rm(noteOf(this.target), { force: true });
    await syncFolder(dirname(this.target));
  }

  /** Leaves nothing behind. */
  async discard(): Promise<void> {
    await this.close();
    await rm(partOf(this.target), { force: true });
    await rm(noteOf(this.target), { force: true });
  }

  close(): Promise<void> {
    return this.handle.close();
  }

  private async readBack(bytes: number, onRead: (bytes: number) => void, signal: AbortSignal): Promise<void> {
    const buffer = Buffer.alloc(chunkBytes);
    while (this.size < bytes) {
      signal.throwIfAborted();
      const { bytesRead } = await this.handle.read(buffer, 0, Math.min(buffer.length, bytes - this.size), this.size);
      if (bytesRead === 0) break;
      this.hash.update(buffer.subarray(0, bytesRead));
      this.size += bytesRead;
      onRead(this.size);
    }
  }
}

const partOf = (target: string): string => `${target}.part`;
const noteOf = (target: string): string => `${target}.part.json`;

async function readNote(target: string): Promise<z.infer<typeof note> | undefined> {
  try {
    return note.safeParse(JSON.parse(await readFile(noteOf(target), 'utf8'))).data;
  } catch (error) {
    // A crash may have left half a note: then nothing is known about the part.
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** A hard link fails where a rename would silently replace; some file systems (FAT, network shares) have none. */
async function moveTo(part: string, target: string): Promise<void> {
  try {
    await link(part, target);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') throw takenMeanwhile(target);
    if (!['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK', 'EACCES', 'EINVAL'].includes(code ?? '')) throw error;
    if (await isThere(target)) throw takenMeanwhile(target);
    await rename(part, target);
    return;
  }
  await unlink(part);
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

const takenMeanwhile = (target: string): AppError =>
  new AppError(
    'conflict',
    'model_file_differs',
    `${target} has appeared while it was being fetched; nothing was replaced. If ` +
      `it is not wanted, move it away and fetch again`,
  );

async function syncFolder(folder: string): Promise<void> {
  // Windows does not open folders, and keeps names without being asked.
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
