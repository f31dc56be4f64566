import { Controller } from '@nestjs/common';
import { OnRequest } from '@tower/bus';
import {
  getUploadMetadataRequest,
  getUploadRequest,
  keepUploadRequest,
  type InputOf,
  type UploadMetadata,
  type UploadView,
} from '@tower/contracts';
import { UploadsService } from './uploads/uploads.service';

@Controller()
export class UploadsController {
  constructor(private readonly uploads: UploadsService) {}

  @OnRequest(keepUploadRequest)
  keep(input: InputOf<typeof keepUploadRequest>): Promise<UploadView> {
    return this.uploads.keep(input);
  }

  @OnRequest(getUploadRequest)
  get({ id }: InputOf<typeof getUploadRequest>): Promise<UploadView> {
    return this.uploads.get(id);
  }

  @OnRequest(getUploadMetadataRequest)
  metadata({ id }: InputOf<typeof getUploadMetadataRequest>): Promise<UploadMetadata> {
    return this.uploads.metadata(id);
  }
}
