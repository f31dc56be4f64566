import { basename, dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { backoffMs, AppError, withoutCredentials, sizeText } from '@tower/kit';
import type { AddressGuard } from './address-guard';
import type { ProgressMeter } from './download-progress';
import { formatFault, type ModelFormat } from './file-format';
import { PartFile } from './part-file';
import { askSource, SourceTrouble, type SourceAnswer } from './source-request';

export interface DownloadLimits {
  /** Milliseconds without a byte after which a connection counts as lost. */
  readonly idleMs: number;
  /** Tries in a row that brought next to nothing. */
  readonly maxFailures: number;
  readonly firstBackoffMs: number;
  readonly maxBackoffMs: number;
  /** Bytes that are left alone on the disk. */
  readonly spareBytes: number;
  /** No model is larger. */
  readonly maxBytes: number;
}

interface DownloadSurroundings extends DownloadLimits {
  readonly format: ModelFormat;
  readonly guard: AddressGuard;
  readonly meter: ProgressMeter;
  readonly signal: AbortSignal;
  /** Called now and then; throws when the target is no longer ours. */
  readonly keep: () => void;
  readonly freeBytes: (folder: string) => Promise<number>;
}

interface Wanted {
  readonly url: string;
  readonly sha256: string;
  readonly bytes: number | null;
  readonly target: string;
}

/** So much from one connection, and the failures before it are forgotten. */
const progressBytes = 1024 ** 2;

/** One file on its way to its place; whoever runs it holds the claim on the target. */
export class Download {
  private total: number | null;
  /** The bytes came from more than one answer: the file may have changed in between. */
  private isMixed = false;

  /** The address as people may see it: addresses of models carry tokens. */
  private readonly shown: string;

  constructor(
    private readonly wanted: Wanted,
    private readonly around: DownloadSurroundings,
  ) {
    this.shown = withoutCredentials(wanted.url);
    this.total = wanted.bytes;
  }

  async run(): Promise<void> {
    const { wanted, around } = this;
    const part = await PartFile.open(
      wanted.target,
      { url: this.shown, sha256: wanted.sha256 },
      (bytes) => this.report('checking', bytes),
      around.signal,
    );
    try {
      this.isMixed = part.bytes > 0;
      await this.receiveAll(part);
      if (part.digest() !== wanted.sha256 && this.isMixed) {
        await part.restart();
        this.isMixed = false;
        await this.receiveAll(part);
      }
      await this.verify(part);
      await part.publish();
    } finally {
      // A file of no bytes is no help to the next try.
      await (part.bytes === 0 ? part.discard() : part.close());
    }
  }

  private async verify(part: PartFile): Promise<void> {
    const { wanted, around } = this;
    const digest = part.digest();
    if (digest !== wanted.sha256) {
      await part.discard();
      throw new AppError(
        'conflict',
        'download_digest_mismatch',
        `what ${this.shown} sends has the sha256 ${digest}, not ${wanted.sha256}: ` +
          `it is another file, and nothing of it was kept`,
        { details: { digest } },
      );
    }
    const fault = await formatFault(around.format, part.bytes, (position, length) => part.read(position, length));
    if (fault === undefined) return;
    await part.discard();
    throw new AppError(
      'conflict',
      'model_format_refused',
      `${this.shown} is no ${around.format} file: ${fault}; nothing of it was kept`,
    );
  }

  /** Until all bytes are there; a lost connection is taken up again where it broke. */
  private async receiveAll(part: PartFile): Promise<void> {
    const { around } = this;
    for (let failures = 0; ;) {
      const before = part.bytes;
      try {
        await this.receive(part);
        return;
      } catch (error) {
        around.signal.throwIfAborted();
        if (!(error instanceof SourceTrouble)) throw error;
        failures = part.bytes - before >= progressBytes ? 1 : failures + 1;
        if (failures >= around.maxFailures) {
          const kept =
            part.bytes === 0
              ? ''
              : `; the ${sizeText(part.bytes)} that came are kept, and the next fetch goes on from there`;
          throw new AppError(
            'unavailable',
            'download_failed',
            `${this.shown} could not be fetched in ${failures} tries: ${error.message}${kept}`,
            { cause: error },
          );
        }
        around.meter.wait(part.bytes, this.total, error.message);
        const pauseMs = Math.max(
          backoffMs(failures - 1, { firstMs: around.firstBackoffMs, maxMs: around.maxBackoffMs }),
          error.options.retryAfterMs ?? 0,
        );
        await sleep(pauseMs, undefined, { signal: around.signal }).catch(() => around.signal.throwIfAborted());
      }
    }
  }

  private async receive(part: PartFile): Promise<void> {
    if (this.total !== null && part.bytes > this.total) await part.restart();
    if (this.total !== null && part.bytes === this.total) return;
    await this.assertSpace(part.bytes);
    const answer = await this.askFor(part);
    try {
      const total = this.totalFrom(answer);
      if (this.total === null) {
        this.total = total;
        await this.assertSpace(part.bytes);
      }
      await this.takeBody(part, answer, total);
    } finally {
      answer.body.destroy();
    }
  }

  /** An answer that goes on where the part ends; the part is emptied when there is none. */
  private async askFor(part: PartFile): Promise<SourceAnswer> {
    const { guard, idleMs, signal } = this.around;
    const question = { url: this.wanted.url, guard, idleMs, signal };
    if (part.bytes > 0) {
      const answer = await askSource({ ...question, from: part.bytes, etag: part.etag });
      const isChanged = part.etag !== null && answer.etag !== null && answer.etag !== part.etag;
      if (answer.firstByte === part.bytes && !isChanged) {
        this.isMixed = true;
        return answer;
      }
      await part.restart();
      this.isMixed = false;
      if (answer.firstByte === 0) {
        await part.remember(answer.etag);
        return answer;
      }
      answer.body.destroy();
    }
    const answer = await askSource({ ...question, from: 0, etag: null });
    await part.remember(answer.etag);
    return answer;
  }

  private totalFrom({ totalBytes }: SourceAnswer): number {
    if (this.total !== null && totalBytes !== null && totalBytes !== this.total)
      throw this.sizeMismatch(`has ${totalBytes} bytes`);
    const total = this.total ?? totalBytes;
    if (total === null)
      throw new AppError(
        'conflict',
        'download_failed',
        `${this.shown} does not say how large the file is: add its size to models/manifest.yaml, or fetch it by hand`,
      );
    if (total > this.around.maxBytes)
      throw new AppError(
        'conflict',
        'download_failed',
        `${this.shown} has ${sizeText(total)}, more than any model that Tower ` +
          `fetches (${sizeText(this.around.maxBytes)})`,
      );
    return total;
  }

  private async takeBody(part: PartFile, { body }: SourceAnswer, total: number): Promise<void> {
    const chunks = body[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    for (;;) {
      const next = await nextOf(chunks);
      if (next === undefined) break;
      if (part.bytes + next.length > total) {
        await part.discard();
        throw this.sizeMismatch(`goes on after ${total} bytes`);
      }
      await this.write(part, next);
      this.report('receiving', part.bytes);
    }
    if (part.bytes < total)
      throw new SourceTrouble(`the connection ended after ${sizeText(part.bytes)} of ${sizeText(total)}`);
  }

  private async write(part: PartFile, chunk: Buffer): Promise<void> {
    try {
      await part.append(chunk);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOSPC' || code === 'EDQUOT') throw await this.spaceShort(part.bytes, error);
      throw error;
    }
  }

  private async assertSpace(received: number): Promise<void> {
    if (this.total === null) return;
    const free = await this.around.freeBytes(dirname(this.wanted.target));
    if (free < this.total - received + this.around.spareBytes) throw await this.spaceShort(received);
  }

  private async spaceShort(received: number, cause?: unknown): Promise<AppError> {
    const folder = dirname(this.wanted.target);
    const free = await this.around.freeBytes(folder);
    const need = (this.total ?? received) - received;
    const message =
      `${folder} has ${sizeText(free)} free; ${basename(this.wanted.target)} needs ${sizeText(need)} ` +
      `more, and ${sizeText(this.around.spareBytes)} are left alone: make room and fetch again`;
    return new AppError('conflict', 'disk_space_short', message, {
      cause,
      details: { free_bytes: free, needed_bytes: need },
    });
  }

  private sizeMismatch(how: string): AppError {
    return new AppError(
      'conflict',
      'download_size_mismatch',
      `${this.shown} ${how}, not the ${this.total ?? 0} of the file that is meant: it is another file`,
    );
  }

  private report(phase: 'checking' | 'receiving', bytes: number): void {
    if (this.around.meter.report(phase, bytes, this.total)) this.around.keep();
  }
}

async function nextOf(chunks: AsyncIterator<Buffer>): Promise<Buffer | undefined> {
  try {
    const next = await chunks.next();
    return next.done === true ? undefined : next.value;
  } catch (error) {
    throw new SourceTrouble(`the connection broke: ${(error as Error).message}`, { cause: error });
  }
}
