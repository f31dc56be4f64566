import { constants } from 'node:fs';
import { access, type FileHandle } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import { artifactMediaTypes, type ArtifactView } from '@tower/contracts';
import { AppError } from '@tower/kit';
import { incomingFolder, isGone, isOutside, locate, locateThumbnail, openRegular, ownFault } from '@tower/library';
import { GATEWAY_ENV, type GatewayEnv } from '../env';
import { refusal } from '../http/refusals';
import type { ServedFile } from './served-file';

/** Types that a browser may show as they are; anything else is offered as a download. */
const shownTypes: ReadonlySet<string> = new Set(artifactMediaTypes);

/** Reads files of the library folder, and nothing outside it. */
@Injectable()
export class ArtifactFiles {
  constructor(@Inject(GATEWAY_ENV) private readonly env: Pick<GatewayEnv, 'TOWER_LIBRARY'>) {}

  async openContent(artifact: ArtifactView): Promise<ServedFile> {
    const opened = await this.open(artifact.id, (root) => locate(root, artifact.path));
    // Its strong tag promises these very bytes.
    if (opened.size !== artifact.bytes)
      return this.gone(
        opened.handle,
        `the file of artifact ${artifact.id} is not the one that was recorded: ` +
          `${opened.size} instead of ${artifact.bytes} bytes`,
      );
    return {
      ...opened,
      etag: `"${artifact.sha256}"`,
      ...shownAs(artifact.media_type),
      fileName: safeName(posix.basename(artifact.path)),
    };
  }

  /**
   * Made by rendering when it stores the picture; another encoder may make other bytes of the same picture, hence the
   * weak tag.
   */
  async openThumbnail(artifact: ArtifactView): Promise<ServedFile> {
    const opened = await this.open(artifact.id, (root) => locateThumbnail(root, artifact.sha256));
    return {
      ...opened,
      etag: `W/"${artifact.sha256}"`,
      ...shownAs('image/webp'),
      fileName: safeName(`${posix.parse(artifact.path).name}-thumbnail.webp`),
    };
  }

  private async open(
    artifactId: string,
    where: (root: string) => Promise<string>,
  ): Promise<{ handle: FileHandle; size: number }> {
    const file = await this.find(artifactId, where);
    const opened = await openRegular(file).catch((error: unknown) => this.missing(error, artifactId));
    if (opened === undefined)
      throw refusal('artifact_file_gone', `what lies at the place of artifact ${artifactId} is not a file`);
    return opened;
  }

  /** The real path, which has to lie below the real library. */
  private async find(artifactId: string, where: (root: string) => Promise<string>): Promise<string> {
    const root = this.env.TOWER_LIBRARY;
    try {
      return await where(root);
    } catch (error) {
      if (isOutside(error)) throw outside(artifactId);
      // Not this file is gone, but the whole library: its disk is not mounted, or may not be read.
      await access(root, constants.R_OK | constants.X_OK).catch((broken: unknown) => {
        throw ownFault(broken, 'library') ?? broken;
      });
      if (await isGone(root, join(root, incomingFolder)).catch(() => false)) throw unmounted(error);
      return this.missing(error, artifactId);
    }
  }

  private missing(error: unknown, artifactId: string): never {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG'].includes(code))
      throw refusal('artifact_file_gone', `the file of artifact ${artifactId} is not in the library any more`, {
        cause: error,
      });
    throw ownFault(error, 'library') ?? error;
  }

  private async gone(handle: FileHandle, message: string): Promise<never> {
    await handle.close();
    throw refusal('artifact_file_gone', message);
  }
}

const outside = (artifactId: string): AppError =>
  new AppError(
    'forbidden',
    'artifact_outside_library',
    `the file of artifact ${artifactId} does not lie in the library`,
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
