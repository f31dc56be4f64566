import { constants } from 'node:fs';
import { access, type FileHandle } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import { artifactMediaTypes, type ArtifactView, type UploadView } from '@tower/contracts';
import { AppError } from '@tower/kit';
import { incomingFolder, isGone, isOutside, locate, locateThumbnail, openRegular, ownFault } from '@tower/library';
import { GATEWAY_ENV, type GatewayEnv } from '../env';
import { refusal } from '../http/refusals';
import type { ServedFile } from './served-file';

/** Types that a browser may show as they are; anything else is offered as a download. */
const shownTypes: ReadonlySet<string> = new Set(artifactMediaTypes);

/** What is told of a file of the library, and what people call it. */
export type LibraryFile = Pick<ArtifactView | UploadView, 'id' | 'path' | 'sha256' | 'bytes' | 'media_type'> & {
  readonly noun: 'artifact' | 'upload';
};

/** Reads files of the library folder, and nothing outside it. */
@Injectable()
export class LibraryFiles {
  constructor(@Inject(GATEWAY_ENV) private readonly env: Pick<GatewayEnv, 'TOWER_LIBRARY'>) {}

  async openContent(described: LibraryFile): Promise<ServedFile> {
    const opened = await this.open(described, (root) => locate(root, described.path));
    // Its strong tag promises these very bytes.
    if (opened.size !== described.bytes) return this.altered(opened, described);
    return {
      ...opened,
      etag: `"${described.sha256}"`,
      ...shownAs(described.media_type),
      fileName: safeName(posix.basename(described.path)),
    };
  }

  /**
   * Made by rendering when it stores the picture; another encoder may make other bytes of the same picture, hence the
   * weak tag.
   */
  async openThumbnail(described: LibraryFile): Promise<ServedFile> {
    const opened = await this.open(described, (root) => locateThumbnail(root, described.sha256));
    return {
      ...opened,
      etag: `W/"${described.sha256}"`,
      ...shownAs('image/webp'),
      fileName: safeName(`${posix.parse(described.path).name}-thumbnail.webp`),
    };
  }

  private async open(
    described: LibraryFile,
    where: (root: string) => Promise<string>,
  ): Promise<{ handle: FileHandle; size: number }> {
    const file = await this.find(described, where);
    const opened = await openRegular(file).catch((error: unknown) => this.missing(error, described));
    if (opened === undefined) throw gone(described, `what lies at the place of ${nameOf(described)} is not a file`);
    return opened;
  }

  /** The real path, which has to lie below the real library. */
  private async find(described: LibraryFile, where: (root: string) => Promise<string>): Promise<string> {
    const root = this.env.TOWER_LIBRARY;
    try {
      return await where(root);
    } catch (error) {
      if (isOutside(error)) throw outside(described);
      // Not this file is gone, but the whole library: its disk is not mounted, or may not be read.
      await access(root, constants.R_OK | constants.X_OK).catch((broken: unknown) => {
        throw ownFault(broken, 'library') ?? broken;
      });
      if (await isGone(root, join(root, incomingFolder)).catch(() => false)) throw unmounted(error);
      return this.missing(error, described);
    }
  }

  private missing(error: unknown, described: LibraryFile): never {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG'].includes(code))
      throw gone(described, `the file of ${nameOf(described)} is not in the library any more`, error);
    throw ownFault(error, 'library') ?? error;
  }

  private async altered(
    { handle, size }: { handle: FileHandle; size: number },
    described: LibraryFile,
  ): Promise<never> {
    await handle.close();
    throw gone(
      described,
      `the file of ${nameOf(described)} is not the one that was recorded: ` +
        `${size} instead of ${described.bytes} bytes`,
    );
  }
}

const nameOf = ({ noun, id }: LibraryFile): string => `${noun} ${id}`;

const gone = ({ noun }: LibraryFile, message: string, cause?: unknown): AppError =>
  refusal(`${noun}_file_gone`, message, { cause });

const outside = (described: LibraryFile): AppError =>
  new AppError(
    'forbidden',
    `${described.noun}_outside_library`,
    `the file of ${nameOf(described)} does not lie in the library`,
  );

const unmounted = (cause: unknown): AppError =>
  new AppError('unavailable', 'own_disk_gone', 'the library is empty: its disk may not be mounted', {
    cause,
    retryAfterMs: 10_000,
  });

const shownAs = (mediaType: string): { mediaType: string; disposition: 'inline' | 'attachment' } =>
  shownTypes.has(mediaType)
    ? { mediaType, disposition: 'inline' }
    : { mediaType: 'application/octet-stream', disposition: 'attachment' };

/** For a header: plain ASCII without anything that has a meaning there. */
const safeName = (name: string): string => name.replace(/[^A-Za-z0-9._-]+/g, '_').slice(-120);
