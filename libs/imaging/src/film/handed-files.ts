import {
  closeSync,
  copyFileSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  statfsSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DecoderIdentity } from './decoder-identity';

/** The first that is neither standard input, output nor error. */
const firstDescriptor = 3;

interface Handed {
  readonly fd: number;
  readonly owner?: { readonly uid: number; readonly gid: number };
  /** Open file that gets what the child wrote, where it cannot write there itself. */
  readonly goesTo?: number;
}

/** Magic number of statfs(2). Such a mount may let in nobody but who mounted it, whatever the mode of a file says. */
const fuse = 0x65735546;

/** What systems say on whose disks files have no owners of their own (FAT, exFAT, SMB). */
const noOwners: ReadonlySet<string> = new Set(['EPERM', 'EACCES', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EINVAL']);

/** Bytes. */
const pieceBytes = 1024 ** 2;

/**
 * Files for a child that runs as somebody else and may not pass through our folders: each is opened here and handed
 * over as an open file, whose name below /proc leads straight to it. Without another identity names stay names.
 */
export class HandedFiles {
  private readonly handed: Handed[] = [];

  constructor(
    private readonly identity: DecoderIdentity | undefined,
    private readonly giveTo = fchownSync,
  ) {}

  /** For `stdio` of spawn, after the first three. */
  get descriptors(): number[] {
    return this.handed.map(({ fd }) => fd);
  }

  /** @returns the name under which the child reads the file */
  read(path: string): string {
    if (this.identity === undefined) return path;
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    if ((fstatSync(fd).mode & 0o004) !== 0 && statfsSync(path).type !== fuse) return this.add({ fd });
    closeSync(fd);
    return this.add({ fd: this.readableCopy(path, this.identity) });
  }

  /**
   * Makes the file, empty. @returns the name under which the child writes it; until `takeBack` it belongs to the child,
   * or is empty, where the disk has no owners
   */
  written(path: string): string {
    if (this.identity === undefined) return path;
    const fd = openSync(path, 'w+');
    const { uid, gid } = fstatSync(fd);
    if (statfsSync(path).type !== fuse && this.isGiven(fd, this.identity)) return this.add({ fd, owner: { uid, gid } });
    return this.add({ fd: unnamed('w+', this.identity), goesTo: fd });
  }

  private isGiven(fd: number, { uid, gid }: DecoderIdentity): boolean {
    try {
      this.giveTo(fd, uid, gid);
      return true;
    } catch (error) {
      if (noOwners.has((error as NodeJS.ErrnoException).code ?? '')) return false;
      throw error;
    }
  }

  /** Once the child has them. */
  closeRead(): void {
    this.close(({ owner, goesTo }) => owner === undefined && goesTo === undefined);
  }

  /** Gives what was written its owner back, or brings it where it belongs, once the child is gone. */
  takeBack(): void {
    this.close(({ fd, owner, goesTo }) => {
      if (owner !== undefined) fchownSync(fd, owner.uid, owner.gid);
      if (goesTo !== undefined) {
        try {
          copyAll(fd, goesTo);
        } finally {
          closeSync(goesTo);
        }
      }
      return owner !== undefined || goesTo !== undefined;
    });
  }

  private add(handed: Handed): string {
    this.handed.push(handed);
    return `/proc/self/fd/${firstDescriptor + this.handed.length - 1}`;
  }

  private readonly closed = new Set<Handed>();

  private close(which: (handed: Handed) => boolean): void {
    for (const handed of this.handed) {
      if (this.closed.has(handed) || !which(handed)) continue;
      this.closed.add(handed);
      closeSync(handed.fd);
    }
  }

  private readableCopy(path: string, identity: DecoderIdentity): number {
    return unnamed('r', identity, path);
  }
}

/**
 * A temporary file of the child's, empty or a copy. It has no name, so that it is gone with the last who has it open.
 */
function unnamed(flags: 'r' | 'w+', { uid, gid }: DecoderIdentity, copyOf?: string): number {
  const folder = mkdtempSync(join(tmpdir(), 'tower-film-'));
  try {
    const file = join(folder, 'file');
    if (copyOf !== undefined) copyFileSync(copyOf, file, constants.COPYFILE_FICLONE);
    const fd = openSync(file, flags);
    fchmodSync(fd, flags === 'r' ? 0o400 : 0o600);
    fchownSync(fd, uid, gid);
    return fd;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function copyAll(from: number, to: number): void {
  const piece = Buffer.allocUnsafe(pieceBytes);
  for (let at = 0; ;) {
    const read = readSync(from, piece, 0, pieceBytes, at);
    if (read === 0) return;
    for (let done = 0; done < read;) done += writeSync(to, piece, done, read - done, at + done);
    at += read;
  }
}
