import { stat } from 'node:fs/promises';
import { Inject, Injectable } from '@nestjs/common';
import {
  apiPrefix,
  maxUploadBytes,
  type InputOf,
  type keepUploadRequest,
  type RequestContext,
  type UploadMetadata,
  type UploadView,
} from '@tower/contracts';
import { sha256File } from '@tower/imaging';
import { AppError } from '@tower/kit';
import { isOutside, Library, locate, ownFault, thumbnailPath, uploadPath } from '@tower/library';
import { Upload } from '../jobs/upload.entity';
import { RenderingMetrics } from '../rendering.metrics';
import { readEmbedded } from './embedded-metadata';
import { requestOf } from './graph-request';
import { UploadInspector } from './upload-inspector';
import { UPLOAD_KEEP_DAYS, uploadExpiry } from './upload-retention';
import { UploadStore } from './upload-store';

/** Keeps what people send, and tells of it. */
@Injectable()
export class UploadsService {
  constructor(
    private readonly store: UploadStore,
    private readonly library: Library,
    private readonly inspector: UploadInspector,
    private readonly metrics: RenderingMetrics,
    @Inject(UPLOAD_KEEP_DAYS) private readonly keepDays: number,
  ) {}

  /**
   * Gives a received file its place, unless the same bytes have one. Whatever comes of it, nothing unfinished is left.
   * @throws AppError as `UploadInspector`; `upload_gone` where the received file is not there any more
   */
  async keep({ context, file, sha256 }: InputOf<typeof keepUploadRequest>): Promise<UploadView> {
    const received = await this.library.received(file);
    try {
      const upload = (await this.again(sha256)) ?? (await this.keepNew(context, received, sha256));
      return this.viewOf(upload);
    } catch (error) {
      this.metrics.uploads.inc({ outcome: 'refused' });
      throw ownFault(error, 'library') ?? error;
    } finally {
      await this.library.discard([received]);
    }
  }

  /** @throws AppError `upload_not_found` */
  async get(id: string): Promise<UploadView> {
    return this.viewOf(await this.store.find(id));
  }

  /**
   * What the file says of how it was made.
   * @throws AppError `upload_not_found`, `upload_file_gone`
   */
  async metadata(id: string): Promise<UploadMetadata> {
    const upload = await this.store.find(id);
    const twin = await this.store.findTwin(upload.sha256);
    const embedded = await readEmbedded(await this.fileOf(upload));
    return {
      upload_id: id,
      artifact_id: twin?.id ?? null,
      job_id: twin?.jobId ?? null,
      ...embedded,
      request: embedded.prompt === null ? {} : requestOf(embedded.prompt),
    };
  }

  private async fileOf({ id, path }: Upload): Promise<string> {
    try {
      return await locate(this.library.root, path);
    } catch (error) {
      if (isOutside(error) || (error as NodeJS.ErrnoException).code === 'ENOENT')
        throw new AppError('not_found', 'upload_file_gone', `the file of upload ${id} is gone; send it again`);
      throw ownFault(error, 'library') ?? error;
    }
  }

  /** The upload with these bytes, where they have a place and lie there whole. */
  private async again(sha256: string): Promise<Upload | undefined> {
    const upload = await this.store.sentAgain(sha256, (known) => this.liesWhole(known));
    if (upload !== undefined) this.metrics.uploads.inc({ outcome: 'known' });
    return upload;
  }

  private async liesWhole({ path, bytes, sha256 }: Upload): Promise<boolean> {
    try {
      const [file, thumbnail] = await Promise.all([
        stat(await locate(this.library.root, path)),
        stat(`${this.library.root}/${thumbnailPath(sha256)}`),
      ]);
      return file.isFile() && file.size === bytes && thumbnail.isFile();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw error;
    }
  }

  private async keepNew(context: RequestContext, received: string, sha256: string): Promise<Upload> {
    const bytes = await sizeOf(received);
    if (bytes > maxUploadBytes)
      throw new AppError('too_large', 'upload_too_large', `the file has ${bytes} bytes; ${maxUploadBytes} are taken`);
    // Read whole before it is decoded: a disk that cannot be read is not taken for a broken picture.
    if ((await sha256File(received)) !== sha256)
      throw new AppError('unavailable', 'upload_altered', 'the file changed on its way; send it again');
    const { thumbnail, extension, black: _, ...facts } = await this.inspector.inspect(received);
    const upload = await this.store.keep(context, { ...facts, sha256, bytes }, async () => {
      await this.library.write(thumbnailPath(sha256), thumbnail);
      return this.library.place(received, uploadPath(sha256, extension), sha256);
    });
    this.metrics.uploads.inc({ outcome: 'kept' });
    this.metrics.uploadedBytes.inc(bytes);
    return upload;
  }

  private viewOf(upload: Upload): UploadView {
    const { id, sentAt, usedAt } = upload;
    return {
      id,
      path: upload.path,
      sha256: upload.sha256,
      bytes: upload.bytes,
      media_type: upload.mediaType,
      width: upload.width,
      height: upload.height,
      frames: upload.frames,
      fps: upload.fps,
      duration_seconds: upload.durationSeconds,
      sound: upload.sound,
      created_at: upload.createdAt.toISOString(),
      used_at: usedAt?.toISOString() ?? null,
      expires_at: usedAt === null ? uploadExpiry(sentAt, this.keepDays).toISOString() : null,
      content_url: `${apiPrefix}/uploads/${id}/content`,
      thumbnail_url: `${apiPrefix}/uploads/${id}/thumbnail`,
    };
  }
}

async function sizeOf(received: string): Promise<number> {
  try {
    return (await stat(received)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new AppError('conflict', 'upload_gone', 'the file was received and is gone again; send it once more');
  }
}
