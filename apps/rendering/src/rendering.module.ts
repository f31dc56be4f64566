import { Module } from '@nestjs/common';
import { readGpuConfig } from '@tower/comfyui';
import { CLOCK, Health, LOGGER, Metrics, parseEnv, type Clock, type Logger } from '@tower/kit';
import { DiskWatch, Library } from '@tower/library';
import { ModelStore } from '@tower/models';
import { ANSWERS_DB } from '@tower/service';
import { DataSource } from 'typeorm';
import { AttemptsService } from './attempts/attempts.service';
import { ResultsService } from './attempts/results.service';
import { MissingModels } from './attempts/recovery/missing-models';
import { MODEL_SOURCE, ModelDownloads } from './attempts/recovery/model-downloads';
import { RecoveryService } from './attempts/recovery/recovery.service';
import { COMFYUI_MIN_VERSION, GPUS } from './cards/card-config';
import { CardRegistry } from './cards/card-registry';
import { Gpu } from './cards/card.entity';
import { OPERATOR_FAMILIES, type OperatorFamilies } from './cards/family-reading';
import { CardHealthService } from './cards/health/card-health.service';
import { ProbePrompts } from './cards/health/probe-prompts';
import { GpuRestart } from './cards/health/restart.entity';
import { Restarter } from './cards/health/restarter';
import { WATCH_THRESHOLDS, watchThresholds } from './cards/watch-thresholds';
import { ownPlaces, renderingEnv } from './env';
import { Dispatcher } from './execution/dispatcher';
import { InputUploads } from './execution/input-uploads';
import { InterruptedPrompts } from './execution/interrupted-prompts';
import { Leader } from './execution/leader';
import { LivePrompts } from './execution/live-prompts';
import { OrphanedAttempts } from './execution/orphaned-attempts';
import { PromptSweep } from './execution/prompt-sweep';
import { Reconciler } from './execution/reconciler';
import { VerdictWatch } from './execution/verdict-watch';
import { JobsConsumer } from './jobs.consumer';
import { JobsController } from './jobs.controller';
import { Artifact } from './jobs/artifact.entity';
import { jobEntities } from './jobs/job-entities';
import { JobStore } from './jobs/job-store';
import { Collector } from './outputs/collector';
import { OutputInspector } from './outputs/output-inspector';
import { MemoryNeedRow } from './planning/memory/memory-need.entity';
import { MemoryStore } from './planning/memory/memory-store';
import { ANSWERS_SNAPSHOT, SnapshotReader } from './planning/snapshot-reader';
import { RenderingMetrics } from './rendering.metrics';
import { CommandsService } from './requests/commands.service';
import { InputFiles } from './requests/input-files';
import { QueueCeiling } from './requests/queue-ceiling';
import { RequestsService } from './requests/requests.service';
import { StatusController } from './status.controller';
import { JobsReader } from './views/jobs.reader';
import { ProgressPublisher } from './views/progress-publisher';
import { StatusService } from './views/status.service';
import { WorkflowsService } from './views/workflows.service';
import { WorkflowsController } from './workflows.controller';
import { Catalogue } from './workflows/catalogue';

export const renderingEntities = [...jobEntities, Gpu, GpuRestart, MemoryNeedRow];

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
    { provide: Catalogue, useFactory: () => Catalogue.read(parseEnv(renderingEnv).TOWER_WORKFLOWS) },
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
      provide: WATCH_THRESHOLDS,
      useFactory: () => ({
        ...watchThresholds,
        missingModelMs: parseEnv(renderingEnv).TOWER_MISSING_MODEL_PATIENCE_SECONDS * 1000,
      }),
    },
    {
      provide: ANSWERS_SNAPSHOT,
      inject: [ANSWERS_DB, Catalogue, MemoryStore, DiskWatch, CLOCK],
      useFactory: (...needs: ConstructorParameters<typeof SnapshotReader>) => new SnapshotReader(...needs),
    },
    { provide: MODEL_SOURCE, useExisting: ModelStore },
    { provide: InputFiles, inject: [Library], useFactory: (library: Library) => new InputFiles(library) },
    { provide: OutputInspector, useFactory: () => new OutputInspector() },
    MemoryStore,
    ModelDownloads,
    RecoveryService,
    Restarter,
    ProbePrompts,
    CardHealthService,
    InterruptedPrompts,
    LivePrompts,
    PromptSweep,
    InputUploads,
    Dispatcher,
    SnapshotReader,
    JobStore,
    JobsReader,
    RequestsService,
    CommandsService,
    ProgressPublisher,
    AttemptsService,
    ResultsService,
    OrphanedAttempts,
    MissingModels,
    Reconciler,
    CardRegistry,
    Collector,
    VerdictWatch,
    Leader,
    StatusService,
    WorkflowsService,
    RenderingMetrics,
  ],
})
export class RenderingModule {}
