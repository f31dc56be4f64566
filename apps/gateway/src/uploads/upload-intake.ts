import { createHash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import { Inject, Injectable } from '@nestjs/common';
import { RequestClient } from '@tower/bus';
import {
  keepUploadRequest,
  maxUploadBytes,
  type ReceivedFile,
  type RequestContext,
  type UploadView,
} from '@tower/contracts';
import { AppError } from '@tower/kit';
import { Library, ownFault } from '@tower/library';
import { GATEWAY_ENV, type GatewayEnv } from '../env';
import { refusal } from '../http/refusals';

/** Files that come in at a time; each holds a connection, and room on the disk. */
const mostAtOnce = 16;

/** Takes files in: into the folder of unfinished files, from where rendering keeps what it can use. */
@Injectable()
export class UploadIntake {
  private readonly library: Library;
  private underWay = 0;

  constructor(
    private readonly services: RequestClient,
    @Inject(GATEWAY_ENV) env: Pick<GatewayEnv, 'TOWER_LIBRARY'>,
  ) {
    this.library = new Library(env.TOWER_LIBRARY);
  }

  /**
   * Leaves nothing behind of a file that is refused or does not come to its end.
   * @throws AppError `upload_empty`, `upload_too_large`, `upload_aborted`, `too_many_uploads`; what the disk and
   * rendering say
   */
  async take({ announcedBytes = 0, chunks }: ReceivedFile, context: RequestContext): Promise<UploadView> {
    if (announcedBytes > maxUploadBytes) throw tooLarge();
    if (this.underWay >= mostAtOnce)
      throw new AppError('too_many', 'too_many_uploads', `${mostAtOnce} files are coming in already; try again soon`, {
        retryAfterMs: 2_000,
      });
    this.underWay += 1;
    try {
      return await this.receive(announcedBytes, chunks, context);
    } finally {
      this.underWay -= 1;
    }
  }

  private async receive(
    announcedBytes: number,
    chunks: AsyncIterable<Uint8Array>,
    context: RequestContext,
  ): Promise<UploadView> {
    await this.library.assertRoom(announcedBytes);
    const { name, path } = await this.library.receiving();
    try {
      const sha256 = await this.write(path, chunks);
      return await this.services.ask(keepUploadRequest, { context, file: name, sha256 });
    } finally {
      await this.library.discard([path]);
    }
  }

  /** Returns the digest of what was written. */
  private async write(path: string, chunks: AsyncIterable<Uint8Array>): Promise<string> {
    const hash = createHash('sha256');
    let bytes = 0;
    const file = await onDisk(() => open(path, 'wx', 0o666));
    try {
      for await (const chunk of arriving(chunks)) {
        bytes += chunk.length;
        if (bytes > maxUploadBytes) throw tooLarge();
        hash.update(chunk);
        await onDisk(() => writeWhole(file, chunk), bytes);
      }
    } finally {
      await file.close();
    }
    if (bytes === 0) throw refusal('upload_empty', 'the file has no bytes; choose another one');
    return hash.digest('hex');
  }
}

/** A sender that goes away is told apart from a disk that fails. */
async function* arriving(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks;
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw refusal('upload_aborted', 'the file did not arrive to its end; send it again', { cause });
  }
}

async function onDisk<Result>(work: () => Promise<Result>, bytes?: number): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw ownFault(error, 'library', bytes) ?? error;
  }
}

/** A disk that fills takes a part of a piece first and refuses the rest. */
async function writeWhole(file: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let done = 0; done < chunk.length;) done += (await file.write(chunk, done)).bytesWritten;
}

const tooLarge = (): AppError =>
  refusal('upload_too_large', `the file is larger than the ${maxUploadBytes / 1024 ** 2} MiB that are taken`);
