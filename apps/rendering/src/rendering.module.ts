import { Module } from '@nestjs/common';
import { readGpuConfig } from '@tower/comfyui';
import { CLOCK, Health, LOGGER, Metrics, parseEnv, type Clock, type Logger } from '@tower/kit';
import { DiskWatch } from '@tower/library';
import { ModelStore } from '@tower/models';
import { ANSWERS_DB } from '@tower/service';
import { DataSource } from 'typeorm';
import { ownPlaces, renderingEnv } from './env';
import { CardDoctor } from './gpus/card-doctor';
import { OPERATOR_FAMILIES, type OperatorFamilies } from './gpus/family-reading';
import { COMFYUI_MIN_VERSION, GPUS } from './gpus/gpu-config';
import { GpuRegistry } from './gpus/gpu-registry';
import { GpuRestart } from './gpus/gpu-restart.entity';
import { Gpu } from './gpus/gpu.entity';
import { ProbePrompts } from './gpus/probe-prompts';
import { Restarter } from './gpus/restarter';
import { CommandsService } from './jobs/commands.service';
import { InputFiles } from './jobs/input-files';
import { JobJournal } from './jobs/job-journal';
import { Artifact, jobEntities } from './jobs/job.entity';
import { JobsConsumer } from './jobs/jobs.consumer';
import { JobsController } from './jobs/jobs.controller';
import { JobsReader } from './jobs/jobs.reader';
import { JobsService } from './jobs/jobs.service';
import { ProgressPublisher } from './jobs/progress-publisher';
import { QueueCeiling } from './jobs/queue-ceiling';
import { Collector } from './library/collector';
import { Library } from './library/library';
import { OutputInspector } from './library/output-inspector';
import { RenderingMetrics } from './rendering.metrics';
import { AttemptsService } from './scheduling/attempts.service';
import { ANSWERS_FLEET, FleetReader } from './scheduling/fleet-reader';
import { InputPictures } from './scheduling/input-pictures';
import { MissingModels } from './scheduling/missing-models';
import { MODEL_SOURCE, ModelRecovery } from './scheduling/model-recovery';
import { OrphanedAttempts } from './scheduling/orphaned-attempts';
import { PromptSender } from './scheduling/prompt-sender';
import { PromptSweep } from './scheduling/prompt-sweep';
import { PromptWatch } from './scheduling/prompt-watch';
import { Recovery } from './scheduling/recovery';
import { Scheduler } from './scheduling/scheduler';
import { StoppedPrompts } from './scheduling/stopped-prompts';
import { VerdictWatch } from './scheduling/verdict-watch';
import { VramMemory } from './scheduling/vram-memory';
import { VramNeedRow } from './scheduling/vram-need.entity';
import { WATCH_LIMITS, watchLimits } from './scheduling/watch-limits';
import { WatchedPrompts } from './scheduling/watched-prompts';
import { StatusController } from './status.controller';
import { StatusService } from './status.service';
import { WorkflowLibrary } from './workflows/workflow-library';
import { WorkflowsController } from './workflows/workflows.controller';
import { WorkflowsService } from './workflows/workflows.service';

export const renderingEntities = [...jobEntities, Gpu, GpuRestart, VramNeedRow];

@Module({
  controllers: [JobsController, JobsConsumer, StatusController, WorkflowsController],
  providers: [
    { provide: Library, useFactory: () => new Library(parseEnv(renderingEnv).TOWER_LIBRARY) },
    {
      provide: DiskWatch,
      inject: [Health, Metrics, CLOCK, LOGGER, DataSource],
      useFactory: (health: Health, metrics: Metrics, clock: Clock, logger: Logger, db: DataSource) => {
        const env = parseEnv(renderingEnv);
        const hasFiles = (): Promise<boolean> => db.manager.exists(Artifact);
        const disks = new DiskWatch(ownPlaces(env, hasFiles), env.TOWER_DISK_RESERVE_MB, metrics, clock, logger);
        health.register('disks', () => disks.check());
        return disks;
      },
    },
    { provide: WorkflowLibrary, useFactory: () => WorkflowLibrary.read(parseEnv(renderingEnv).TOWER_WORKFLOWS) },
    { provide: ModelStore, useFactory: () => ModelStore.read(parseEnv(renderingEnv)) },
    { provide: GPUS, useFactory: () => readGpuConfig(parseEnv(renderingEnv)) },
    { provide: COMFYUI_MIN_VERSION, useFactory: () => parseEnv(renderingEnv).TOWER_COMFYUI_MIN_VERSION },
    {
      provide: OPERATOR_FAMILIES,
      inject: [ModelStore],
      useFactory: (models: ModelStore): OperatorFamilies => models.acceptance.families,
    },
    {
      provide: QueueCeiling,
      useFactory: (clock: Clock) => new QueueCeiling(parseEnv(renderingEnv).TOWER_QUEUE_LIMIT, clock),
      inject: [CLOCK],
    },
    {
      provide: WATCH_LIMITS,
      useFactory: () => ({
        ...watchLimits,
        missingModelMs: parseEnv(renderingEnv).TOWER_MISSING_MODEL_PATIENCE_SECONDS * 1000,
      }),
    },
    {
      provide: ANSWERS_FLEET,
      inject: [ANSWERS_DB, WorkflowLibrary, VramMemory, DiskWatch, CLOCK],
      useFactory: (...needs: ConstructorParameters<typeof FleetReader>) => new FleetReader(...needs),
    },
    { provide: MODEL_SOURCE, useExisting: ModelStore },
    { provide: InputFiles, inject: [Library], useFactory: (library: Library) => new InputFiles(library) },
    { provide: OutputInspector, useFactory: () => new OutputInspector() },
    VramMemory,
    ModelRecovery,
    Recovery,
    Restarter,
    ProbePrompts,
    CardDoctor,
    StoppedPrompts,
    WatchedPrompts,
    PromptSweep,
    InputPictures,
    PromptSender,
    FleetReader,
    JobJournal,
    JobsReader,
    JobsService,
    CommandsService,
    ProgressPublisher,
    AttemptsService,
    OrphanedAttempts,
    MissingModels,
    PromptWatch,
    GpuRegistry,
    Collector,
    VerdictWatch,
    Scheduler,
    StatusService,
    WorkflowsService,
    RenderingMetrics,
  ],
})
export class RenderingModule {}
