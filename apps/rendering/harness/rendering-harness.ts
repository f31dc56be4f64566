import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { INestApplicationContext } from '@nestjs/common';
import { BusConnection, type RequestClient } from '@tower/bus';
import {
  attemptJudged,
  findVerdictsRequest,
  generateRequest,
  type EstimateAnswer,
  type EventOf,
  type GenerateRequest,
  type GpuConfig,
  type InputOf,
  type JobAccepted,
  type JobView,
  type OutputOf,
} from '@tower/contracts';
import { databaseFor } from '@tower/db';
import {
  AppError,
  createLogger,
  Metrics,
  newId,
  repositoryRoot,
  systemClock,
  type Clock,
  type Logger,
} from '@tower/kit';
import { DiskWatch, Library } from '@tower/library';
import type { DataSource } from 'typeorm';
import { ownPlaces } from '../src/env';
import { Leader } from '../src/execution/leader';
import { ResultsService } from '../src/attempts/results.service';
import { Attempt } from '../src/jobs/attempt.entity';
import { OutputInspector } from '../src/outputs/output-inspector';
import { SnapshotChanges } from '../src/planning/snapshot-changes';
import { renderingEntities } from '../src/rendering.module';
import { CardSteering } from '../src/requests/card-steering.service';
import { InputFiles } from '../src/requests/input-files';
import { CalibrationService } from '../src/requests/calibration.service';
import { EstimatesService } from '../src/requests/estimates.service';
import { JobSteering } from '../src/requests/job-steering.service';
import { QueueSteering } from '../src/requests/queue-steering.service';
import { RequestsService } from '../src/requests/requests.service';
import { CardsReader } from '../src/views/cards.reader';
import { JobsReader } from '../src/views/jobs.reader';
import { Catalogue } from '../src/workflows/catalogue';
import { composeRendering, type Surroundings } from './compose';

/** MiB; a twentieth of a small disk is less. */
const reserveMb = 512;

export const projectId = '0190a000-0000-7000-8000-000000000001';

type FindVerdicts = (attemptIds: string[]) => Promise<OutputOf<typeof findVerdictsRequest>>;

const project = { id: projectId, name: 'Ночной поезд', slug: 'night-train', archived_at: null };
const parts = () => ({
  characters: [{ id: newId(), name: 'Yuki', prompt: '1girl, blue hair', negative_tokens: ['lowres'] }],
});

/**
 * Other services are the outside world here: projects and characters answer as they would for one project, and quality
 * as it is told.
 */
const neighboursWith = (findVerdicts: FindVerdicts): RequestClient => {
  const ask = (definition: { subject: string }, input: unknown): Promise<unknown> => {
    if (definition.subject === findVerdictsRequest.subject)
      return findVerdicts((input as InputOf<typeof findVerdictsRequest>).attempt_ids);
    return Promise.resolve(/get_(unfiled_)?project/.test(definition.subject) ? project : parts());
  };
  return { ask } as unknown as RequestClient;
};

const nobodyPlaysQuality: FindVerdicts = () =>
  Promise.reject(new AppError('unavailable', 'quality_unavailable', 'nobody plays quality'));

const harnessLogger = (): Logger => createLogger('harness', process.env['HARNESS_LOG'] ?? 'silent');

/** The processes of decoders run no TypeScript. */
const compiled = (...path: string[]): string => join(repositoryRoot, 'apps', 'rendering', 'dist', ...path);

/** What a spec may change about a rendering process. */
export interface HarnessOptions extends Partial<
  Pick<Surroundings, 'limits' | 'prefetchSeconds' | 'models' | 'oldestVersion' | 'families' | 'gpus' | 'inspector'>
> {
  clock?: Clock;
  /** What quality answers when it is asked for verdicts; nobody answers unless told. */
  findVerdicts?: FindVerdicts;
  /** Milliseconds between two rounds of the leader that nothing woke it for. */
  roundEveryMs?: number;
}

/** What all processes of one harness share. */
interface Ground extends Surroundings {
  databaseUrl: string;
  bus: BusConnection;
  metrics: Metrics;
}

/** Processes of the rendering service, on a real database, a real broker and simulated cards. */
export class RenderingHarness {
  private readonly leaders: Leader[] = [];
  /** Connections of processes that were started. */
  private readonly open: DataSource[] = [];
  readonly jobs: RequestsService;
  readonly estimates: EstimatesService;
  readonly calibrations: CalibrationService;
  readonly results: ResultsService;
  readonly reader: JobsReader;
  /** What people do with cards, jobs that are there, and the queue; and what is told of cards. */
  readonly steering: { cards: CardSteering; jobs: JobSteering; queue: QueueSteering; reader: CardsReader };
  private readonly changes: SnapshotChanges;

  private constructor(
    private readonly ground: Ground,
    readonly db: DataSource,
    answering: INestApplicationContext,
  ) {
    this.jobs = answering.get(RequestsService);
    this.estimates = answering.get(EstimatesService);
    this.calibrations = answering.get(CalibrationService);
    this.results = answering.get(ResultsService);
    this.reader = answering.get(JobsReader);
    this.steering = {
      cards: answering.get(CardSteering),
      jobs: answering.get(JobSteering),
      queue: answering.get(QueueSteering),
      reader: answering.get(CardsReader),
    };
    this.changes = answering.get(SnapshotChanges);
  }

  get metrics(): Metrics {
    return this.ground.metrics;
  }

  get disks(): DiskWatch {
    return this.ground.disks;
  }

  get workflows(): Catalogue {
    return this.ground.workflows;
  }

  get libraryRoot(): string {
    return this.ground.library.root;
  }

  static async on(
    databaseUrl: string,
    natsUrl: string,
    gpus: GpuConfig[],
    { clock = systemClock, queueLimit = 100_000 }: { clock?: Clock; queueLimit?: number } = {},
  ): Promise<RenderingHarness> {
    const library = new Library(mkdtempSync(join(tmpdir(), 'tower-library-')));
    const metrics = new Metrics('rendering');
    const places = ownPlaces({ TOWER_LIBRARY: library.root });
    const ground: Ground = {
      databaseUrl,
      bus: await BusConnection.open(natsUrl, 'harness', createLogger('harness', 'silent')),
      metrics,
      disks: new DiskWatch(places, reserveMb, metrics, systemClock, harnessLogger()),
      workflows: await Catalogue.read(join(repositoryRoot, 'workflows')),
      library,
      inputs: new InputFiles(library, { script: compiled('requests', 'input-process.js') }),
      inspector: new OutputInspector({ script: compiled('outputs', 'inspecting-process.js') }),
      gpus,
      queueLimit,
    };
    ground.disks.start();
    const db = await dataSource(databaseUrl);
    const own = { metrics: new Metrics('rendering'), instance: 'answers' };
    const harness = new RenderingHarness(ground, db, await compose(ground, db, own, { clock }));
    harness.changes.start();
    return harness;
  }

  /** Starts one more rendering process's leader, with connections of its own. */
  async startLeader(name = newId(), options: HarnessOptions = {}): Promise<Leader> {
    const db = await dataSource(this.ground.databaseUrl);
    const metrics = this.open.length === 0 ? this.metrics : new Metrics('rendering');
    this.open.push(db);
    const leader = (await compose(this.ground, db, { metrics, instance: name }, options)).get(Leader);
    this.leaders.push(leader);
    leader.start(options.roundEveryMs);
    return leader;
  }

  request(body: Partial<GenerateRequest> = {}, idempotencyKey?: string): Promise<JobAccepted> {
    return this.jobs.request({
      context: { correlationId: newId(), ...(idempotencyKey === undefined ? {} : { idempotencyKey }) },
      body: requestOf(body),
    });
  }

  /** What `request` would come to; nothing is made. */
  estimate(body: Partial<GenerateRequest> = {}): Promise<EstimateAnswer> {
    return this.estimates.estimate({ context: { correlationId: newId() }, body: requestOf(body) });
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
    await this.changes.stop();
    const { inspector, inputs, bus } = this.ground;
    await Promise.all([inspector, inputs].map((files) => files.onApplicationShutdown()));
    this.disks.stop();
    await bus.close();
    await Promise.all([this.db, ...this.open].map((db) => db.destroy()));
    rmSync(this.libraryRoot, { recursive: true, force: true });
  }
}

/** A draft of a still, where nothing else is said. */
const requestOf = (body: Partial<GenerateRequest>): GenerateRequest =>
  generateRequest.parse({
    project_id: projectId,
    job_type: 'still_image',
    prompt: 'at the window',
    preset: 'draft',
    ...body,
  });

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

/** One process, not started. Its own metrics, because a name is registered once. */
function compose(
  ground: Ground,
  db: DataSource,
  own: { metrics: Metrics; instance: string },
  { clock = systemClock, findVerdicts = nobodyPlaysQuality, ...changes }: HarnessOptions,
): Promise<INestApplicationContext> {
  const { databaseUrl, bus } = ground;
  const requests = neighboursWith(findVerdicts);
  return composeRendering(
    { databaseUrl, db, bus, requests, clock, logger: harnessLogger(), ...own },
    { ...ground, ...changes },
  );
}

function dataSource(url: string): Promise<DataSource> {
  return databaseFor({
    url,
    schema: 'rendering',
    service: 'rendering',
    entities: renderingEntities,
    onPoolError: () => undefined,
  }).initialize();
}
