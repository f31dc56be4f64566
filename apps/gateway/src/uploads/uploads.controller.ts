import { Controller } from '@nestjs/common';
import { RequestClient } from '@tower/bus';
import {
  getUploadMetadataRequest,
  getUploadRequest,
  routes,
  type RouteInput,
  type Routes,
  type UploadMetadata,
  type UploadView,
} from '@tower/contracts';
import { LibraryFiles } from '../artifacts/library-files';
import type { ServedFile } from '../artifacts/served-file';
import { Endpoint } from '../http/endpoint';
import { contextOf } from '../http/request-context';
import { UploadIntake } from './upload-intake';

@Controller()
export class UploadsController {
  constructor(
    private readonly services: RequestClient,
    private readonly intake: UploadIntake,
    private readonly library: LibraryFiles,
  ) {}

  @Endpoint(routes.createUpload)
  create(input: RouteInput<Routes['createUpload']>): Promise<UploadView> {
    return this.intake.take(input.file, contextOf(input));
  }

  @Endpoint(routes.getUpload)
  get({ params }: RouteInput<Routes['getUpload']>): Promise<UploadView> {
    return this.services.ask(getUploadRequest, params);
  }

  @Endpoint(routes.getUploadContent)
  async getContent({ params }: RouteInput<Routes['getUploadContent']>): Promise<ServedFile> {
    return this.library.openContent({ noun: 'upload', ...(await this.services.ask(getUploadRequest, params)) });
  }

  @Endpoint(routes.getUploadThumbnail)
  async getThumbnail({ params }: RouteInput<Routes['getUploadThumbnail']>): Promise<ServedFile> {
    return this.library.openThumbnail({ noun: 'upload', ...(await this.services.ask(getUploadRequest, params)) });
  }

  @Endpoint(routes.getUploadMetadata)
  getMetadata({ params }: RouteInput<Routes['getUploadMetadata']>): Promise<UploadMetadata> {
    return this.services.ask(getUploadMetadataRequest, params);
  }
}
