import { closeSync, existsSync, fstatSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { AppError } from '@tower/kit';

const maxBytes = 20 * 1024 * 1024;
const keep = 3;

/** `tower.log`, then `tower.log.1` (newer) to `.3` (oldest). Written at once, so that a crash loses no line. */
export class RotatingFile {
  private fd: number;
  private size: number;

  constructor(
    private readonly path: string,
    private readonly limits: { maxBytes: number; keep: number } = { maxBytes, keep },
  ) {
    try {
      mkdirSync(dirname(path), { recursive: true });
      this.fd = openSync(path, 'a', 0o600);
    } catch (cause) {
      throw new AppError(
        'invalid',
        'home_not_usable',
        `${path} cannot be written (${(cause as Error).message}); check TOWER_HOME`,
        { cause },
      );
    }
    this.size = fstatSync(this.fd).size;
  }

  /** @throws the file system's error; the line is then lost, and the next one is tried anew. */
  writeLine(line: string): void {
    const bytes = Buffer.from(`${line}\n`);
    if (this.size > 0 && this.size + bytes.length > this.limits.maxBytes) this.rotate();
    this.size += writeSync(this.fd, bytes);
  }

  close(): void {
    closeSync(this.fd);
  }

  /** The old file stays open until there is a new one: where a step fails, the next line tries again. */
  private rotate(): void {
    if (existsSync(this.path)) this.moveUp();
    const next = openSync(this.path, 'a', 0o600);
    closeSync(this.fd);
    this.fd = next;
    this.size = 0;
  }

  private moveUp(): void {
    rmSync(`${this.path}.${this.limits.keep}`, { force: true });
    for (let n = this.limits.keep - 1; n >= 0; n--)
      renameIfThere(n === 0 ? this.path : `${this.path}.${n}`, `${this.path}.${n + 1}`);
  }
}

function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
