import { join } from 'node:path';
import { Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { parseEnv, repositoryRoot } from '@tower/kit';
import { CharactersApi } from './api/characters.api';
import { GpusApi } from './api/gpus.api';
import { JobSteeringApi } from './api/job-steering.api';
import { JobsApi } from './api/jobs.api';
import { JobsClient } from './api/jobs.client';
import { ProjectsApi } from './api/projects.api';
import { QueueApi } from './api/queue.api';
import { WorkflowsApi } from './api/workflows.api';
import { LibraryFiles } from './artifacts/library-files';
import { ArtifactsController } from './artifacts/artifacts.controller';
import { CONSOLE_FOLDER, ConsoleController } from './console/console.controller';
import { DeadLettersController } from './dead-letters/dead-letters.controller';
import { DeadLettersService } from './dead-letters/dead-letters.service';
import { DocsController } from './docs/docs.controller';
import { GATEWAY_ENV, gatewayEnv } from './env';
import { FeedBroadcaster } from './feed/feed-broadcaster';
import { FeedSockets } from './feed/feed-sockets';
import { FeedConsumer } from './feed/feed.consumer';
import { FeedController } from './feed/feed.controller';
import { FeedRow } from './feed/feed.entity';
import { FeedService } from './feed/feed.service';
import { FeedMetrics } from './gateway.metrics';
import { ProblemFilter } from './http/problem.filter';
import { SystemController } from './system/system.controller';
import { SystemService } from './system/system.service';
import { UploadIntake } from './uploads/upload-intake';
import { UploadsController } from './uploads/uploads.controller';

export const gatewayEntities = [FeedRow];

/** Everything that answers HTTP. */
export const doors = [
  ConsoleController,
  DocsController,
  SystemController,
  DeadLettersController,
  WorkflowsApi,
  ProjectsApi,
  CharactersApi,
  GpusApi,
  JobsApi,
  JobSteeringApi,
  QueueApi,
  ArtifactsController,
  UploadsController,
  FeedController,
];

@Module({
  controllers: [...doors, FeedConsumer],
  providers: [
    { provide: GATEWAY_ENV, useFactory: () => parseEnv(gatewayEnv) },
    { provide: CONSOLE_FOLDER, useValue: join(repositoryRoot, 'apps', 'console', 'dist') },
    { provide: APP_FILTER, useClass: ProblemFilter },
    JobsClient,
    DeadLettersService,
    LibraryFiles,
    UploadIntake,
    FeedMetrics,
    FeedService,
    FeedBroadcaster,
    FeedSockets,
    SystemService,
  ],
})
export class GatewayModule {}
