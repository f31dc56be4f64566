import {
  closeSync,
  copyFileSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  mkdtempSync,
  openSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DecoderIdentity } from './decoder-identity';

/** The first that is neither standard input, output nor error. */
const firstDescriptor = 3;

interface Handed {
  readonly fd: number;
  readonly owner?: { readonly uid: number; readonly gid: number };
}

/**
 * Files for a child that runs as somebody else and may not pass through our folders: each is opened here and handed
 * over as an open file, whose name below /proc leads straight to it. Without another identity names stay names.
 */
export class HandedFiles {
  private readonly handed: Handed[] = [];

  constructor(private readonly identity: DecoderIdentity | undefined) {}

  /** For `stdio` of spawn, after the first three. */
  get descriptors(): number[] {
    return this.handed.map(({ fd }) => fd);
  }

  /** @returns the name under which the child reads the file */
  read(path: string): string {
    if (this.identity === undefined) return path;
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    if ((fstatSync(fd).mode & 0o004) !== 0) return this.add({ fd });
    closeSync(fd);
    return this.add({ fd: this.readableCopy(path, this.identity) });
  }

  /**
   * Makes the file, empty. @returns the name under which the child writes it; until `takeBack` it belongs to the child
   */
  written(path: string): string {
    if (this.identity === undefined) return path;
    const fd = openSync(path, 'w+');
    const { uid, gid } = fstatSync(fd);
    const name = this.add({ fd, owner: { uid, gid } });
    fchownSync(fd, this.identity.uid, this.identity.gid);
    return name;
  }

  /** Once the child has them. */
  closeRead(): void {
    this.close(({ owner }) => owner === undefined);
  }

  /** Gives what was written its owner back, once the child is gone. */
  takeBack(): void {
    this.close(({ fd, owner }) => {
      if (owner !== undefined) fchownSync(fd, owner.uid, owner.gid);
      return owner !== undefined;
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

  /** Of a file that only its owner may read: without a name, so that it is gone with the last who has it open. */
  private readableCopy(path: string, { uid, gid }: DecoderIdentity): number {
    const folder = mkdtempSync(join(tmpdir(), 'tower-film-'));
    try {
      const copy = join(folder, 'copy');
      copyFileSync(path, copy, constants.COPYFILE_FICLONE);
      const fd = openSync(copy, 'r');
      fchmodSync(fd, 0o400);
      fchownSync(fd, uid, gid);
      return fd;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
}
