import { Controller } from '@nestjs/common';
import { RequestClient } from '@tower/bus';
import { getArtifactRequest, routes, type ArtifactView, type RouteInput, type Routes } from '@tower/contracts';
import { Endpoint } from '../http/endpoint';
import { LibraryFiles } from './library-files';
import type { ServedFile } from './served-file';

@Controller()
export class ArtifactsController {
  constructor(
    private readonly services: RequestClient,
    private readonly library: LibraryFiles,
  ) {}

  @Endpoint(routes.getArtifact)
  get({ params }: RouteInput<Routes['getArtifact']>): Promise<ArtifactView> {
    return this.services.ask(getArtifactRequest, params);
  }

  @Endpoint(routes.getArtifactContent)
  async getContent({ params }: RouteInput<Routes['getArtifactContent']>): Promise<ServedFile> {
    return this.library.openContent({ noun: 'artifact', ...(await this.services.ask(getArtifactRequest, params)) });
  }

  @Endpoint(routes.getArtifactThumbnail)
  async getThumbnail({ params }: RouteInput<Routes['getArtifactThumbnail']>): Promise<ServedFile> {
    return this.library.openThumbnail({ noun: 'artifact', ...(await this.services.ask(getArtifactRequest, params)) });
  }
}
