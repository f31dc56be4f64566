import { Module, type Provider, type ValueProvider } from '@nestjs/common';
import { readGpuConfig } from '@tower/comfyui';
import { CLOCK, Health, LOGGER, Metrics, parseEnv, type Clock, type Logger } from '@tower/kit';
import { DiskWatch, Library } from '@tower/library';
import { ModelStore } from '@tower/models';
import { ANSWERS_DB } from '@tower/service';
import { DataSource } from 'typeorm';
import { AttemptsService } from './attempts/attempts.service';
import { ResultsService } from './attempts/results.service';
import { FileCards } from './attempts/recovery/file-cards';
import { MissingModels } from './attempts/recovery/missing-models';
import { MODEL_SOURCE, ModelDownloads } from './attempts/recovery/model-downloads';
import { ModelRemedies } from './attempts/recovery/model-remedies';
import { RecoveryService } from './attempts/recovery/recovery.service';
import { COMFYUI_MIN_VERSION, GPUS } from './cards/card-config';
import { CardRegistry } from './cards/card-registry';
import { Gpu } from './cards/card.entity';
import { CardsController } from './cards.controller';
import { GpuClaim } from './cards/claim.entity';
import { OPERATOR_FAMILIES, type OperatorFamilies } from './cards/family-reading';
import { CardHealthService } from './cards/health/card-health.service';
import { ProbePrompts } from './cards/health/probe-prompts';
import { GpuRestart } from './cards/health/restart.entity';
import { Restarter } from './cards/health/restarter';
import { SERVER_RULES, serverRules } from './cards/server-rules';
import { WATCH_THRESHOLDS, watchThresholds, type WatchThresholds } from './cards/watch-thresholds';
import { ownPlaces, renderingEnv } from './env';
import { Announcements } from './execution/announcements';
import { AttemptEndings } from './execution/attempt-endings';
import { AttemptReconciler } from './execution/attempt-reconciler';
import { CardDrivers } from './execution/card-drivers';
import { CardLooks } from './execution/card-looks';
import { DecisionJournal } from './execution/decision-journal';
import { DeadWorkers } from './execution/dead-workers';
import { Dispatcher } from './execution/dispatcher';
import { FinishedPrompts } from './execution/finished-prompts';
import { Housekeeping } from './execution/housekeeping';
import { InputUploads } from './execution/input-uploads';
import { InterruptedPrompts } from './execution/interrupted-prompts';
import { JobOutputs } from './execution/job-outputs';
import { Leader } from './execution/leader';
import { LeaderLease } from './execution/leader-lease';
import { LivePrompts } from './execution/live-prompts';
import { ModelSupply } from './execution/model-supply';
import { OrphanedAttempts } from './execution/orphaned-attempts';
import { OverdueVerdicts } from './execution/overdue-verdicts';
import { PromptPost } from './execution/prompt-post';
import { PREFETCH_SECONDS, PromptsAhead } from './execution/prompts-ahead';
import { PromptSweep } from './execution/prompt-sweep';
import { QualityQuestions } from './execution/quality-questions';
import { QueueUpkeep } from './execution/queue-upkeep';
import { Reconciler } from './execution/reconciler';
import { StalledPrompts } from './execution/stalled-prompts';
import { SteeringGauges } from './execution/steering-gauges';
import { SteeringUpkeep } from './execution/steering-upkeep';
import { Takeover } from './execution/takeover';
import { TaskDispatch } from './execution/task-dispatch';
import { TaskSender } from './execution/task-sender';
import { VanishedPrompts } from './execution/vanished-prompts';
import { VerdictSettlement } from './execution/verdict-settlement';
import { VerdictWatch } from './execution/verdict-watch';
import { JobsConsumer } from './jobs.consumer';
import { JobsController } from './jobs.controller';
import { Artifact } from './jobs/artifact.entity';
import { jobEntities } from './jobs/job-entities';
import { JobStore } from './jobs/job-store';
import { QueueOrder } from './jobs/queue-order.entity';
import { QueuePause } from './jobs/queue-pause.entity';
import { WorkBell } from './leadership';
import { CollectTries } from './outputs/collect-tries';
import { CollectTroubles } from './outputs/collect-troubles';
import { Collector } from './outputs/collector';
import { Decodings } from './outputs/decodings';
import { LibrarySweep } from './outputs/library-sweep';
import { OutputCollection } from './outputs/output-collection';
import { OutputInspector } from './outputs/output-inspector';
import { OutputStore } from './outputs/output-store';
import { RenderedFacts } from './outputs/rendered-facts';
import { StoredDecision } from './planning/decisions/stored-decision.entity';
import { MemoryNeedRow } from './planning/memory/memory-need.entity';
import { SettlingTimeRow } from './planning/estimates/settling-time.entity';
import { MemoryStore } from './planning/memory/memory-store';
import { PlanningTimes } from './planning/planning-times';
import { SnapshotChanges } from './planning/snapshot-changes';
import { ANSWERS_SNAPSHOT, SnapshotReader } from './planning/snapshot-reader';
import { RenderingMetrics } from './rendering.metrics';
import { CalibrationService } from './requests/calibration.service';
import { CardSteering } from './requests/card-steering.service';
import { CommandsService } from './requests/commands.service';
import { EstimatesService } from './requests/estimates.service';
import { InputFiles } from './requests/input-files';
import { JobIntake } from './requests/job-intake';
import { JobSteering } from './requests/job-steering.service';
import { QueueCeiling } from './requests/queue-ceiling';
import { QueueSteering } from './requests/queue-steering.service';
import { RequestGround } from './requests/request-ground';
import { RequestPlanning } from './requests/request-planning';
import { RequestsService } from './requests/requests.service';
import { SteeringCommands } from './requests/steering-commands.service';
import { StatusController } from './status.controller';
import { SteeringConsumer } from './steering.consumer';
import { SteeringController } from './steering.controller';
import { CardsReader } from './views/cards.reader';
import { DecisionsReader } from './views/decisions/decisions.reader';
import { JobsReader } from './views/jobs.reader';
import { PreviewPublisher } from './views/preview-publisher';
import { ProgressPublisher } from './views/progress-publisher';
import { StatusService } from './views/status.service';
import { UploadsController } from './uploads.controller';
import { UploadInspector } from './uploads/upload-inspector';
import { UPLOAD_KEEP_DAYS, UploadRetention } from './uploads/upload-retention';
import { UploadStore } from './uploads/upload-store';
import { UploadsService } from './uploads/uploads.service';
import { UtilisationReader } from './views/utilisation.reader';
import { WorkflowsService } from './views/workflows.service';
import { WorkflowsController } from './workflows.controller';
import { Catalogue } from './workflows/catalogue';

export const renderingEntities = [
  ...jobEntities,
  Gpu,
  GpuClaim,
  GpuRestart,
  MemoryNeedRow,
  QueueOrder,
  QueuePause,
  SettlingTimeRow,
  StoredDecision,
];

const env = () => parseEnv(renderingEnv);

/** One line each; what takes more than a line to make is made below. */
const providers: readonly Provider[] = [
  { provide: Library, useFactory: () => new Library(env().TOWER_LIBRARY) },
  { provide: DiskWatch, inject: [Health, Metrics, CLOCK, LOGGER, DataSource], useFactory: diskWatch },
  { provide: Catalogue, useFactory: () => Catalogue.read(env().TOWER_WORKFLOWS) },
  { provide: ModelStore, useFactory: () => ModelStore.read(env()) },
  { provide: MODEL_SOURCE, useExisting: ModelStore },
  { provide: GPUS, useFactory: () => readGpuConfig(env()) },
  { provide: COMFYUI_MIN_VERSION, useFactory: () => env().TOWER_COMFYUI_MIN_VERSION },
  { provide: OPERATOR_FAMILIES, inject: [ModelStore], useFactory: familiesOf },
  { provide: SERVER_RULES, inject: [COMFYUI_MIN_VERSION, OPERATOR_FAMILIES, Catalogue], useFactory: serverRules },
  { provide: QueueCeiling, inject: [CLOCK], useFactory: queueCeiling },
  { provide: PREFETCH_SECONDS, useFactory: () => env().TOWER_PREFETCH_SECONDS },
  { provide: WATCH_THRESHOLDS, useFactory: thresholds },
  {
    provide: ANSWERS_SNAPSHOT,
    inject: [ANSWERS_DB, Catalogue, MemoryStore, DiskWatch, CLOCK, SnapshotChanges],
    useFactory: answersReader,
  },
  { provide: InputFiles, inject: [Library], useFactory: (library: Library) => new InputFiles(library) },
  { provide: OutputInspector, useFactory: () => new OutputInspector() },
  WorkBell,
  { provide: UploadInspector, useFactory: () => new UploadInspector() },
  { provide: UPLOAD_KEEP_DAYS, useFactory: () => env().TOWER_UPLOAD_KEEP_DAYS },
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
  PromptPost,
  Dispatcher,
  PlanningTimes,
  SnapshotChanges,
  SnapshotReader,
  JobStore,
  JobsReader,
  DecisionsReader,
  RequestGround,
  RequestPlanning,
  EstimatesService,
  CalibrationService,
  JobIntake,
  RequestsService,
  CommandsService,
  UtilisationReader,
  CardsReader,
  CardSteering,
  JobSteering,
  QueueSteering,
  SteeringCommands,
  ProgressPublisher,
  PreviewPublisher,
  AttemptsService,
  ResultsService,
  OrphanedAttempts,
  FileCards,
  ModelRemedies,
  MissingModels,
  AttemptEndings,
  JobOutputs,
  FinishedPrompts,
  VanishedPrompts,
  StalledPrompts,
  DeadWorkers,
  AttemptReconciler,
  Reconciler,
  CardRegistry,
  LibrarySweep,
  Decodings,
  OutputStore,
  RenderedFacts,
  CollectTries,
  CollectTroubles,
  OutputCollection,
  Collector,
  OverdueVerdicts,
  QualityQuestions,
  Announcements,
  VerdictSettlement,
  VerdictWatch,
  LeaderLease,
  Takeover,
  CardLooks,
  CardDrivers,
  PromptsAhead,
  TaskSender,
  DecisionJournal,
  TaskDispatch,
  SteeringUpkeep,
  SteeringGauges,
  QueueUpkeep,
  ModelSupply,
  Housekeeping,
  Leader,
  StatusService,
  WorkflowsService,
  UploadStore,
  UploadsService,
  UploadRetention,
  RenderingMetrics,
];

/**
 * Everything that the rendering service is made of, but for what its host brings: database, bus, clock, logger and the
 * like. Whoever composes it for another purpose replaces providers by their token, and adds what a host would bring.
 */
export function renderingProviders(overrides: readonly ValueProvider[] = []): Provider[] {
  const replaced = new Set(overrides.map(({ provide }) => provide));
  return [...providers.filter((provider) => !replaced.has(tokenOf(provider))), ...overrides];
}

@Module({
  controllers: [
    JobsController,
    CardsController,
    JobsConsumer,
    SteeringController,
    SteeringConsumer,
    StatusController,
    WorkflowsController,
    UploadsController,
  ],
  providers: renderingProviders(),
})
export class RenderingModule {}

function tokenOf(provider: Provider): ValueProvider['provide'] {
  return typeof provider === 'function' ? provider : provider.provide;
}

function diskWatch(health: Health, metrics: Metrics, clock: Clock, logger: Logger, db: DataSource): DiskWatch {
  const { TOWER_DISK_RESERVE_MB: reserveMb, ...paths } = env();
  const hasFiles = (): Promise<boolean> => db.manager.exists(Artifact);
  const disks = new DiskWatch(ownPlaces(paths, hasFiles), reserveMb, metrics, clock, logger);
  health.register('disks', () => disks.check());
  return disks;
}

function familiesOf(models: ModelStore): OperatorFamilies {
  return models.acceptance.families;
}

function queueCeiling(clock: Clock): QueueCeiling {
  return new QueueCeiling(env().TOWER_QUEUE_LIMIT, clock);
}

function thresholds(): WatchThresholds {
  return { ...watchThresholds, missingModelMs: env().TOWER_MISSING_MODEL_PATIENCE_SECONDS * 1000 };
}

function answersReader(...needs: ConstructorParameters<typeof SnapshotReader>): SnapshotReader {
  return new SnapshotReader(...needs);
}
