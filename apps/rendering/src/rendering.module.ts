import { Module } from '@nestjs/common';
import { ModelStore, parseEnv, readGpuConfig } from '@tower/kit';
import { renderingEnv } from './env';
import { GPUS } from './gpus/gpu-config';
import { Gpu } from './gpus/gpu.entity';
import { GpuRegistry } from './gpus/gpu-registry';
import { CommandsService } from './jobs/commands.service';
import { jobEntities } from './jobs/job.entity';
import { JobJournal } from './jobs/job-journal';
import { JobsConsumer } from './jobs/jobs.consumer';
import { JobsController } from './jobs/jobs.controller';
import { JobsReader } from './jobs/jobs.reader';
import { JobsService } from './jobs/jobs.service';
import { ProgressPublisher } from './jobs/progress-publisher';
import { Collector } from './library/collector';
import { Library } from './library/library';
import { RenderingMetrics } from './rendering.metrics';
import { AttemptsService } from './scheduling/attempts.service';
import { FleetReader } from './scheduling/fleet';
import { PromptWatch } from './scheduling/prompt-watch';
import { Scheduler } from './scheduling/scheduler';
import { StatusController } from './status.controller';
import { StatusService } from './status.service';
import { WorkflowLibrary } from './workflows/workflow-library';

export const renderingEntities = [...jobEntities, Gpu];

@Module({
  controllers: [JobsController, JobsConsumer, StatusController],
  providers: [
    { provide: Library, useFactory: () => new Library(parseEnv(renderingEnv).TOWER_LIBRARY) },
    { provide: WorkflowLibrary, useFactory: () => WorkflowLibrary.read(parseEnv(renderingEnv).TOWER_WORKFLOWS) },
    { provide: ModelStore, useFactory: () => ModelStore.read(parseEnv(renderingEnv)) },
    { provide: GPUS, useFactory: () => readGpuConfig(parseEnv(renderingEnv)) },
    FleetReader, JobJournal, JobsReader, JobsService, CommandsService, ProgressPublisher, AttemptsService, PromptWatch, GpuRegistry, Collector, Scheduler, StatusService, RenderingMetrics,
  ],
})
export class RenderingModule {}
