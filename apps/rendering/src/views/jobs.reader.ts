import { Inject, Injectable } from '@nestjs/common';
import type {
  ArtifactView,
  getArtifactRequest,
  InputOf,
  JobEventsPage,
  JobEventView,
  JobExplanation,
  JobParamsView,
  JobSummary,
  JobView,
  listJobArtifactsRequest,
  listJobEventsRequest,
  listJobParamsRequest,
  listJobsRequest,
  Page,
  ProgressView,
} from '@tower/contracts';
import { decodeCursor, fitting, toPage } from '@tower/db';
import { CLOCK, notFound, type Clock } from '@tower/kit';
import { ANSWERS_DB } from '@tower/service';
import { In, MoreThan, type DataSource, type EntityManager, type SelectQueryBuilder } from 'typeorm';
import { Artifact } from '../jobs/artifact.entity';
import { Attempt } from '../jobs/attempt.entity';
import { GenerationParams } from '../jobs/generation-params.entity';
import { JobEvent } from '../jobs/job-event.entity';
import { Job } from '../jobs/job.entity';
import { Task } from '../jobs/task.entity';
import type { Snapshot } from '../planning/snapshot';
import { ANSWERS_SNAPSHOT, type SnapshotReader } from '../planning/snapshot-reader';
import { explainJob } from './explanation/explanation';
import { boundedJob } from './job-size';
import { bestAttempt, toArtifactView, toJobSummary, toJobView, toProgressView, type JobRows } from './job-view';
import { placeInLine } from './waiting-view';

/** Milliseconds that the queue may be old for whoever is told of a job's progress unasked. */
const seldomMs = 2_000;

/** Answers questions about jobs; changes nothing. */
@Injectable()
export class JobsReader {
  constructor(
    @Inject(ANSWERS_DB) private readonly db: DataSource,
    @Inject(ANSWERS_SNAPSHOT) private readonly snapshots: SnapshotReader,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** `isFresh`: with the queue as it is now, for whoever has just changed it; else as all who ask are told. */
  async get(id: string, isFresh = false): Promise<JobView> {
    const { rows, snapshot, now } = await this.lookAt(id, isFresh);
    return boundedJob(toJobView(rows, snapshot, now));
  }

  /** Why it is as it is. */
  async explain(id: string): Promise<JobExplanation> {
    const { rows, snapshot, now } = await this.lookAt(id);
    return explainJob(rows, snapshot, now);
  }

  /**
   * What is said of a job while it comes along; four times a second for each job that runs, so that the queue is looked
   * at only for what waits in it, and seldom.
   */
  async progress(id: string): Promise<ProgressView> {
    const rows = await this.read((tx) => findJob(tx, id));
    const now = this.clock.now();
    const waits = rows.some((row) => row.tasks.some((task) => task.state === 'queued'));
    const snapshot = waits
      ? await this.snapshotFor(rows, await this.snapshots.read(seldomMs), now)
      : await this.snapshots.readRunning();
    return toProgressView(onlyOne(rows, id), snapshot, now);
  }

  async list(input: InputOf<typeof listJobsRequest>): Promise<Page<JobSummary>> {
    const rows = await this.read((tx) => jobsOf(tx, input).getMany());
    const now = this.clock.now();
    const snapshot = await this.snapshotFor(rows, await this.snapshots.read(), now);
    return toPage(
      rows.map((row) => ({ ...row, id: row.job.id })),
      input.limit,
      (row) => toJobSummary(row, snapshot, now),
    );
  }

  async artifacts({ id, limit, cursor }: InputOf<typeof listJobArtifactsRequest>): Promise<Page<ArtifactView>> {
    const job = await this.job(id);
    const query = this.db.manager
      .createQueryBuilder(Artifact, 'artifact')
      .where('artifact.job_id = :id', { id })
      .orderBy('artifact.id', 'DESC')
      .take(limit + 1);
    const after = decodeCursor(cursor);
    if (after !== null) query.andWhere('artifact.id < :after', { after });
    const artifacts = await query.getMany();
    const [rows] = await rowsOf(this.db.manager, [job]);
    const attempts = new Map(rows?.attempts.map((attempt) => [attempt.id, attempt]));
    const best = new Set(
      rows?.tasks.flatMap(
        (task) => bestAttempt(rows.attempts.filter((attempt) => attempt.taskId === task.id))?.id ?? [],
      ),
    );
    return toPage(artifacts, limit, (artifact) =>
      toArtifactView(artifact, attemptOf(attempts, artifact), best.has(artifact.attemptId)),
    );
  }

  async artifact({ id }: InputOf<typeof getArtifactRequest>): Promise<ArtifactView> {
    const artifact = await this.db.manager.findOneBy(Artifact, { id });
    if (artifact === null) throw notFound('artifact', id);
    const attempts = await this.db.manager.findBy(Attempt, { taskId: artifact.taskId });
    return toArtifactView(
      artifact,
      attemptOf(new Map(attempts.map((attempt) => [attempt.id, attempt])), artifact),
      bestAttempt(attempts)?.id === artifact.attemptId,
    );
  }

  async events({ id, after, limit }: InputOf<typeof listJobEventsRequest>): Promise<JobEventsPage> {
    await this.job(id);
    const events = await this.db.manager
      .createQueryBuilder(JobEvent, 'event')
      .where('event.job_id = :id and event.seq > :after', { id, after })
      .orderBy('event.seq')
      .take(limit + 1)
      .getMany();
    const { items, last } = fitting(events, limit, toJobEventView);
    return { items, ...(last === undefined ? {} : { next_after: last.seq }) };
  }

  /** Oldest first: ids of attempts are in the order in which they were dispatched. */
  async params({ id, limit, cursor }: InputOf<typeof listJobParamsRequest>): Promise<Page<JobParamsView>> {
    await this.job(id);
    const after = decodeCursor(cursor);
    const params = await this.db.manager.find(GenerationParams, {
      where: { jobId: id, ...(after === null ? {} : { attemptId: MoreThan(after) }) },
      order: { attemptId: 'ASC' },
      take: limit + 1,
    });
    const attempts = new Map(
      (await this.db.manager.findBy(Attempt, { id: In(params.map((entry) => entry.attemptId)) })).map((attempt) => [
        attempt.id,
        attempt,
      ]),
    );
    const rows = params.flatMap((entry) => {
      const attempt = attempts.get(entry.attemptId);
      return attempt === undefined ? [] : [{ id: entry.attemptId, entry, attempt }];
    });
    return toPage(rows, limit, ({ entry, attempt }) => toJobParamsView(attempt, entry));
  }

  private async lookAt(id: string, isFresh = false): Promise<{ rows: JobRows; snapshot: Snapshot; now: Date }> {
    const rows = await this.read((tx) => findJob(tx, id));
    const now = this.clock.now();
    const snapshot = await this.snapshotFor(rows, await this.snapshots.read(isFresh ? 0 : undefined), now);
    return { rows: onlyOne(rows, id), snapshot, now };
  }

  private async job(id: string): Promise<Job> {
    const [job] = await findJob(this.db.manager, id);
    if (job === undefined) throw notFound('job', id);
    return job;
  }

  /**
   * Jobs, tasks and attempts as they were at one moment: read one after the other they would show moments between two
   * states that never were.
   */
  private read(jobs: (tx: EntityManager) => Promise<Job[]>): Promise<JobRows[]> {
    return this.db.transaction('REPEATABLE READ', async (tx) => rowsOf(tx, await jobs(tx)));
  }

  /**
   * A snapshot that knows of these jobs' tasks what can be known; their places further back than it looks are noted in
   * the
   * rows.
   */
  private async snapshotFor(rows: JobRows[], shared: Snapshot, now: Date): Promise<Snapshot> {
    const waiting = rows.flatMap((row) => {
      const task = row.tasks.find(
        ({ id, state, notBefore, paused }) =>
          state === 'queued' && !paused && (notBefore === null || notBefore <= now) && shared.ahead(id) === undefined,
      );
      return task ? [{ row, task, place: placeInLine(row.job, task) }] : [];
    });
    // A task may be younger than what was read a moment ago.
    const snapshot = waiting.some(({ task, place }) => shared.mayMiss(task.id, place))
      ? await this.snapshots.read(0)
      : shared;
    const beyond = waiting.filter(
      ({ task, place }) => snapshot.ahead(task.id) === undefined && !snapshot.covers(place),
    );
    const before = await this.snapshots.before(beyond.map(({ place }) => place));
    for (const [index, { row, task }] of beyond.entries()) row.before = new Map([[task.id, before[index] ?? 0]]);
    return snapshot;
  }
}

const findJob = (tx: EntityManager, id: string): Promise<Job[]> => tx.findBy(Job, { id });

/** Newest first, one more than a page. */
function jobsOf(tx: EntityManager, input: InputOf<typeof listJobsRequest>): SelectQueryBuilder<Job> {
  const query = tx
    .createQueryBuilder(Job, 'job')
    .orderBy('job.id', 'DESC')
    .take(input.limit + 1);
  const after = decodeCursor(input.cursor);
  if (after !== null) query.andWhere('job.id < :after', { after });
  if (input.project_id !== undefined) query.andWhere('job.project_id = :project', { project: input.project_id });
  if (input.state !== undefined) query.andWhere('job.state = :state', { state: input.state });
  if (input.job_type !== undefined) query.andWhere('job.job_type = :type', { type: input.job_type });
  if (input.gpu !== undefined)
    query.andWhere(`job.id in (${jobsOnCard(input)})`, { gpu: input.gpu, page: input.limit + 1 });
  return query;
}

/**
 * Without another filter the newest of the card are a page: a queue of jobs that no card has seen yet need not be
 * passed.
 */
function jobsOnCard(input: InputOf<typeof listJobsRequest>): string {
  const onCard = 'from attempt a where a.gpu = :gpu';
  if ((input.project_id ?? input.state ?? input.job_type) !== undefined) return `select a.job_id ${onCard}`;
  const after = input.cursor === undefined ? '' : ' and a.job_id < :after';
  return `select distinct a.job_id ${onCard}${after} order by a.job_id desc limit :page`;
}

async function rowsOf(tx: EntityManager, jobs: readonly Job[]): Promise<JobRows[]> {
  if (jobs.length === 0) return [];
  const ids = In(jobs.map((job) => job.id));
  const tasks = await tx.find(Task, { where: { jobId: ids }, order: { idx: 'ASC' } });
  const attempts = await tx.find(Attempt, { where: { jobId: ids }, order: { n: 'ASC', dispatchedAt: 'ASC' } });
  return jobs.map((job) => ({
    job,
    tasks: tasks.filter((task) => task.jobId === job.id),
    attempts: attempts.filter((attempt) => attempt.jobId === job.id),
  }));
}

function onlyOne(rows: readonly JobRows[], id: string): JobRows {
  const [row] = rows;
  if (row === undefined) throw notFound('job', id);
  return row;
}

const toJobEventView = (event: JobEvent): JobEventView => ({
  job_id: event.jobId,
  seq: event.seq,
  type: event.type,
  at: event.at.toISOString(),
  data: event.data,
});

const toJobParamsView = (attempt: Attempt, entry: GenerationParams): JobParamsView => ({
  attempt_id: attempt.id,
  attempt: attempt.n,
  task_id: attempt.taskId,
  gpu: attempt.gpu,
  graph: entry.graph,
  graph_sha256: entry.graphSha256,
  parameters: entry.parameters,
  prompt_choices: entry.promptChoices,
  plan: entry.plan,
  workflow: entry.workflow,
  workflow_version: entry.workflowVersion,
  comfyui_version: entry.comfyuiVersion,
  device: entry.device,
  pytorch_version: entry.pytorchVersion,
  recorded_at: entry.recordedAt.toISOString(),
});

function attemptOf(attempts: ReadonlyMap<string, Attempt>, artifact: Artifact): Attempt {
  const attempt = attempts.get(artifact.attemptId);
  if (!attempt) throw new Error(`artifact ${artifact.id} belongs to no attempt`);
  return attempt;
}
