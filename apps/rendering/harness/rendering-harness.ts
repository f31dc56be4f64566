import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BusConnection, type RequestClient } from '@tower/bus';
import {
  attemptJudged,
  generateRequest,
  type EventOf,
  type findVerdictsRequest,
  type GenerateRequest,
  type GpuConfig,
  type InputOf,
  type JobAccepted,
  type JobView,
  type OutputOf,
} from '@tower/contracts';
import { databaseFor, Outbox } from '@tower/db';
import { AppError, createLogger, Metrics, newId, repositoryRoot, systemClock, type Clock } from '@tower/kit';
import { DiskWatch, Library } from '@tower/library';
import { ModelAcceptance, ModelStore } from '@tower/models';
import type { DataSource } from 'typeorm';
import { AttemptsService } from '../src/attempts/attempts.service';
import { ResultsService } from '../src/attempts/results.service';
import { MissingModels } from '../src/attempts/recovery/missing-models';
import { ModelDownloads, type ModelSource } from '../src/attempts/recovery/model-downloads';
import { RecoveryService } from '../src/attempts/recovery/recovery.service';
import { CardRegistry } from '../src/cards/card-registry';
import { Gpu } from '../src/cards/card.entity';
import type { OperatorFamilies } from '../src/cards/family-reading';
import { CardHealthService } from '../src/cards/health/card-health.service';
import { ProbePrompts } from '../src/cards/health/probe-prompts';
import { GpuRestart } from '../src/cards/health/restart.entity';
import { Restarter } from '../src/cards/health/restarter';
import { watchThresholds, type WatchThresholds } from '../src/cards/watch-thresholds';
import { ownPlaces } from '../src/env';
import { Dispatcher } from '../src/execution/dispatcher';
import { InputUploads } from '../src/execution/input-uploads';
import { InterruptedPrompts } from '../src/execution/interrupted-prompts';
import { Leader } from '../src/execution/leader';
import { LivePrompts } from '../src/execution/live-prompts';
import { OrphanedAttempts } from '../src/execution/orphaned-attempts';
import { PromptSweep } from '../src/execution/prompt-sweep';
import { Reconciler } from '../src/execution/reconciler';
import { VerdictWatch } from '../src/execution/verdict-watch';
import { Attempt } from '../src/jobs/attempt.entity';
import { jobEntities } from '../src/jobs/job-entities';
import { JobStore } from '../src/jobs/job-store';
import { Collector } from '../src/outputs/collector';
import { OutputInspector } from '../src/outputs/output-inspector';
import { MemoryNeedRow } from '../src/planning/memory/memory-need.entity';
import { MemoryStore } from '../src/planning/memory/memory-store';
import { SnapshotReader } from '../src/planning/snapshot-reader';
import { RenderingMetrics } from '../src/rendering.metrics';
import { InputFiles } from '../src/requests/input-files';
import { QueueCeiling } from '../src/requests/queue-ceiling';
import { RequestsService } from '../src/requests/requests.service';
import { JobsReader } from '../src/views/jobs.reader';
import { ProgressPublisher } from '../src/views/progress-publisher';
import { Catalogue } from '../src/workflows/catalogue';

/** MiB; a twentieth of a small disk is less. */
const reserveMb = 512;

export const projectId = '0190a000-0000-7000-8000-000000000001';

/** Other services are the outside world here: projects and characters answer as they would for one project. */
const neighbours = {
  ask: (definition: { subject: string }) =>
    Promise.resolve(
      definition.subject.includes('get_project')
        ? { id: projectId, name: 'Ночной поезд', slug: 'night-train', archived_at: null }
        : { characters: [{ id: newId(), name: 'Yuki', prompt: '1girl, blue hair', negative_tokens: ['lowres'] }] },
    ),
} as unknown as RequestClient;

/** The processes of decoders run no TypeScript. */
const compiled = (...path: string[]): string => join(repositoryRoot, 'apps', 'rendering', 'dist', ...path);

/** What a spec may change about a rendering process. */
export interface HarnessOptions {
  limits?: Partial<WatchThresholds>;
  models?: ModelSource;
  oldestVersion?: string;
  /** What the operator says of checkpoints. */
  families?: OperatorFamilies;
  clock?: Clock;
  /** Other cards than the harness's, as after a change of the configuration. */
  gpus?: readonly GpuConfig[];
  /** Looks at outputs instead of the real decoders. */
  inspector?: OutputInspector;
  /** What quality answers when it is asked for verdicts; nobody answers unless told. */
  findVerdicts?: (attemptIds: string[]) => Promise<OutputOf<typeof findVerdictsRequest>>;
}

/** Rendering without Nest: the same classes on a real database, a real broker and simulated cards. */
export class RenderingHarness {
  private readonly leaders: Leader[] = [];
  private started = 0;
  private readonly open: DataSource[] = [];
  private readonly inspector = new OutputInspector({ script: compiled('outputs', 'inspecting-process.js') });

  private constructor(
    readonly metrics: Metrics,
    readonly disks: DiskWatch,
    private readonly databaseUrl: string,
    readonly db: DataSource,
    private readonly bus: BusConnection,
    readonly workflows: Catalogue,
    private readonly gpus: GpuConfig[],
    readonly jobs: RequestsService,
    readonly results: ResultsService,
    readonly reader: JobsReader,
    readonly libraryRoot: string,
    private readonly inputs: InputFiles,
  ) {}

  static async on(
    databaseUrl: string,
    natsUrl: string,
    gpus: GpuConfig[],
    { clock = systemClock, queueLimit = 100_000 }: { clock?: Clock; queueLimit?: number } = {},
  ): Promise<RenderingHarness> {
    const db = await dataSource(databaseUrl);
    const bus = await BusConnection.open(natsUrl, 'harness', createLogger('harness', 'silent'));
    const workflows = await Catalogue.read(join(repositoryRoot, 'workflows'));
    const libraryRoot = mkdtempSync(join(tmpdir(), 'tower-library-'));
    const metrics = new Metrics('rendering');
    const disks = new DiskWatch(
      ownPlaces({ TOWER_LIBRARY: libraryRoot }),
      reserveMb,
      metrics,
      systemClock,
      createLogger('harness', process.env['HARNESS_LOG'] ?? 'silent'),
    );
    disks.start();
    const snapshots = new SnapshotReader(db, workflows, new MemoryStore(clock), disks, clock);
    const reader = new JobsReader(db, snapshots, clock);
    const store = new JobStore(new Outbox('rendering', clock), clock);
    const inputs = new InputFiles(new Library(libraryRoot), { script: compiled('requests', 'input-process.js') });
    const jobs = new RequestsService(
      store,
      reader,
      workflows,
      snapshots,
      inputs,
      new QueueCeiling(queueLimit, clock),
      neighbours,
      clock,
      db,
    );
    return new RenderingHarness(
      metrics,
      disks,
      databaseUrl,
      db,
      bus,
      workflows,
      gpus,
      jobs,
      new ResultsService(db, store, clock),
      reader,
      libraryRoot,
      inputs,
    );
  }

  /** Starts one more rendering process's leader, with connections of its own. */
  async startLeader(name = newId(), options: HarnessOptions = {}): Promise<Leader> {
    const db = await dataSource(this.databaseUrl);
    this.open.push(db);
    const logger = createLogger('harness', process.env['HARNESS_LOG'] ?? 'silent');
    const clock = options.clock ?? systemClock;
    const limits = { ...watchThresholds, ...options.limits };
    const { workflows } = this;
    const store = new JobStore(new Outbox('rendering', clock), clock);
    const memory = new MemoryStore(clock);
    const { disks } = this;
    const snapshots = new SnapshotReader(db, workflows, memory, disks, clock);
    const metrics = new RenderingMetrics(this.started++ === 0 ? this.metrics : new Metrics('rendering'));
    const downloads = new ModelDownloads(
      db,
      options.models ?? new ModelStore([], new ModelAcceptance([])),
      clock,
      logger,
    );
    const recovery = new RecoveryService(db, workflows, memory, downloads, metrics, clock);
    const cardHealth = new CardHealthService(
      new Restarter(db, metrics, limits, clock, logger),
      new ProbePrompts(clock),
      metrics,
      limits,
      clock,
      logger,
    );
    const attempts = new AttemptsService(db, store, workflows, recovery, cardHealth, clock);
    const progress = new ProgressPublisher(db, this.bus, new JobsReader(db, snapshots, clock), logger);
    const library = new Library(this.libraryRoot);
    const prompts = new LivePrompts(db, progress, metrics, clock);
    const interrupted = new InterruptedPrompts(clock);
    const dispatcher = new Dispatcher(
      attempts,
      new InputUploads(library),
      disks,
      prompts,
      interrupted,
      progress,
      metrics,
      logger,
    );
    const reconciler = new Reconciler(
      db,
      attempts,
      prompts,
      interrupted,
      new PromptSweep(db, cardHealth, interrupted, metrics, logger),
      cardHealth,
      progress,
      workflows,
      metrics,
      limits,
      clock,
      logger,
    );
    const collector = new Collector(
      db,
      attempts,
      new ResultsService(db, store, clock),
      progress,
      library,
      disks,
      options.inspector ?? this.inspector,
      workflows,
      metrics,
      limits,
      clock,
      logger,
    );
    const asked =
      options.findVerdicts ??
      (() => Promise.reject(new AppError('unavailable', 'quality_unavailable', 'nobody plays quality')));
    const quality = {
      ask: (_: unknown, input: InputOf<typeof findVerdictsRequest>) => asked(input.attempt_ids),
    } as unknown as RequestClient;
    const verdicts = new VerdictWatch(
      db,
      new ResultsService(db, store, clock),
      quality,
      progress,
      metrics,
      limits,
      clock,
      logger,
    );
    const registry = new CardRegistry(db, clock);
    const leader = new Leader(
      db,
      attempts,
      new OrphanedAttempts(db, attempts, prompts, progress, metrics, logger),
      new MissingModels(db, attempts, downloads, snapshots, workflows, metrics, limits, clock, logger),
      reconciler,
      prompts,
      dispatcher,
      cardHealth,
      downloads,
      collector,
      disks,
      verdicts,
      registry,
      snapshots,
      workflows,
      metrics,
      options.gpus ?? this.gpus,
      options.oldestVersion ?? '0.3.64',
      options.families ?? {},
      this.databaseUrl,
      name,
      clock,
      logger,
    );
    this.leaders.push(leader);
    leader.start();
    return leader;
  }

  request(body: Partial<GenerateRequest> = {}, idempotencyKey?: string): Promise<JobAccepted> {
    const full = generateRequest.parse({
      project_id: projectId,
      job_type: 'still_image',
      prompt: 'at the window',
      preset: 'draft',
      ...body,
    });
    return this.jobs.request({
      context: { correlationId: newId(), ...(idempotencyKey === undefined ? {} : { idempotencyKey }) },
      body: full,
    });
  }

  job(id: string): Promise<JobView> {
    return this.reader.get(id);
  }

  /** Plays quality: judges everything that waits for a verdict. Returns how many there were. */
  async judge(verdict: 'passed' | 'failed' = 'passed'): Promise<number> {
    const waiting = await this.db.manager.findBy(Attempt, { state: 'checking' });
    for (const attempt of waiting) await this.results.settleVerdict(verdictOn(attempt, verdict));
    return waiting.length;
  }

  async stopLeaders(): Promise<void> {
    await Promise.all(this.leaders.splice(0).map((leader) => leader.stop()));
  }

  async close(): Promise<void> {
    await this.stopLeaders();
    await Promise.all([this.inspector, this.inputs].map((files) => files.onApplicationShutdown()));
    this.disks.stop();
    await this.bus.close();
    await Promise.all([this.db, ...this.open].map((db) => db.destroy()));
    rmSync(this.libraryRoot, { recursive: true, force: true });
  }
}

export const verdictOn = (attempt: Attempt, verdict: 'passed' | 'failed'): EventOf<typeof attemptJudged> => ({
  id: newId(),
  type: attemptJudged.type,
  time: new Date().toISOString(),
  source: 'quality',
  correlationId: newId(),
  data: {
    verdictId: newId(),
    jobId: attempt.jobId,
    projectId,
    taskId: attempt.taskId,
    attemptId: attempt.id,
    verdict,
    reasons: verdict === 'passed' ? [] : ['not_black'],
    scores: [
      {
        state: 'computed',
        metric: 'not_black',
        value: verdict === 'passed' ? 1 : 0,
        threshold: 1,
        passed: verdict === 'passed',
      },
    ],
  },
});

function dataSource(url: string): Promise<DataSource> {
  return databaseFor({
    url,
    schema: 'rendering',
    service: 'rendering',
    entities: [...jobEntities, Gpu, GpuRestart, MemoryNeedRow],
    onPoolError: () => undefined,
  }).initialize();
}
