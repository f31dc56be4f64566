import { Inject, Injectable } from '@nestjs/common';
import { ANSWERS_DB } from '@tower/bus';
import type {
  ArtifactView, getArtifactRequest, InputOf, JobEventView, JobParamsView, JobSummary, JobView, listJobArtifactsRequest, listJobEventsRequest, listJobsRequest, Page, ProgressView,
} from '@tower/contracts';
import { decodeCursor, toPage } from '@tower/db';
import { CLOCK, notFound, type Clock } from '@tower/kit';
import { In, type DataSource } from 'typeorm';
import { ANSWERS_FLEET, type FleetReader } from '../scheduling/fleet';
import { Artifact, Attempt, GenerationParams, Job, JobEvent, Task } from './job.entity';
import { bestAttempt, toArtifactView, toJobSummary, toJobView, toProgressView, type JobRows } from './job-view';

/** Answers questions about jobs; changes nothing. */
@Injectable()
export class JobsReader {
  constructor(
    @Inject(ANSWERS_DB) private readonly db: DataSource,
    @Inject(ANSWERS_FLEET) private readonly fleets: FleetReader,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async get(id: string): Promise<JobView> {
    const [rows] = await this.rows([await this.job(id)]);
    if (!rows) throw notFound('job', id);
    const now = this.clock.now();
    return toJobView(rows, await this.fleets.read(), now);
  }

  async progress(id: string): Promise<ProgressView> {
    const [rows] = await this.rows([await this.job(id)]);
    if (!rows) throw notFound('job', id);
    const now = this.clock.now();
    return toProgressView(rows, await this.fleets.read(), now);
  }

  async list(input: InputOf<typeof listJobsRequest>): Promise<Page<JobSummary>> {
    const query = this.db.manager.createQueryBuilder(Job, 'job').orderBy('job.id', 'DESC').take(input.limit + 1);
    const after = decodeCursor(input.cursor);
    if (after !== null) query.andWhere('job.id < :after', { after });
    if (input.project_id !== undefined) query.andWhere('job.project_id = :project', { project: input.project_id });
    if (input.state !== undefined) query.andWhere('job.state = :state', { state: input.state });
    if (input.job_type !== undefined) query.andWhere('job.job_type = :type', { type: input.job_type });
    if (input.gpu !== undefined) query.andWhere('exists (select 1 from attempt a where a.job_id = job.id and a.gpu = :gpu)', { gpu: input.gpu });
    const jobs = await query.getMany();
    const rows = new Map((await this.rows(jobs)).map((row) => [row.job.id, row]));
    const now = this.clock.now();
    const fleet = await this.fleets.read();
    return toPage(jobs, input.limit, (job) => toJobSummary(rows.get(job.id) ?? { job, tasks: [], attempts: [] }, fleet, now));
  }

  async artifacts({ id, limit, cursor }: InputOf<typeof listJobArtifactsRequest>): Promise<Page<ArtifactView>> {
    const job = await this.job(id);
    const query = this.db.manager.createQueryBuilder(Artifact, 'artifact').where('artifact.job_id = :id', { id }).orderBy('artifact.id', 'DESC').take(limit + 1);
    const after = decodeCursor(cursor);
    if (after !== null) query.andWhere('artifact.id < :after', { after });
    const artifacts = await query.getMany();
    const [rows] = await this.rows([job]);
    const attempts = new Map(rows?.attempts.map((attempt) => [attempt.id, attempt]));
    const best = new Set(rows?.tasks.flatMap((task) => bestAttempt(rows.attempts.filter((attempt) => attempt.taskId === task.id))?.id ?? []));
    return toPage(artifacts, limit, (artifact) => toArtifactView(artifact, attemptOf(attempts, artifact), best.has(artifact.attemptId)));
  }

  async artifact({ id }: InputOf<typeof getArtifactRequest>): Promise<ArtifactView> {
    const artifact = await this.db.manager.findOneBy(Artifact, { id });
    if (artifact === null) throw notFound('artifact', id);
    const attempts = await this.db.manager.findBy(Attempt, { taskId: artifact.taskId });
    return toArtifactView(artifact, attemptOf(new Map(attempts.map((attempt) => [attempt.id, attempt])), artifact), bestAttempt(attempts)?.id === artifact.attemptId);
  }

  async events({ id, after, limit }: InputOf<typeof listJobEventsRequest>): Promise<{ items: JobEventView[] }> {
    await this.job(id);
    const events = await this.db.manager.createQueryBuilder(JobEvent, 'event').where('event.job_id = :id and event.seq > :after', { id, after }).orderBy('event.seq').take(limit).getMany();
    return { items: events.map((event) => ({ job_id: event.jobId, seq: event.seq, type: event.type, at: event.at.toISOString(), data: event.data })) };
  }

  async params(id: string): Promise<{ items: JobParamsView[] }> {
    await this.job(id);
    const params = await this.db.manager.findBy(GenerationParams, { jobId: id });
    const attempts = new Map((await this.db.manager.findBy(Attempt, { jobId: id })).map((attempt) => [attempt.id, attempt]));
    const items = params.flatMap((entry) => {
      const attempt = attempts.get(entry.attemptId);
      if (!attempt) return [];
      return {
        attempt_id: entry.attemptId, attempt: attempt.n, task_id: attempt.taskId, gpu: attempt.gpu, graph: entry.graph, graph_sha256: entry.graphSha256, parameters: entry.parameters, plan: entry.plan,
        workflow: entry.workflow, workflow_version: entry.workflowVersion, comfyui_version: entry.comfyuiVersion, device: entry.device, pytorch_version: entry.pytorchVersion,
        recorded_at: entry.recordedAt.toISOString(),
      };
    });
    return { items: items.sort((a, b) => (a.recorded_at < b.recorded_at ? -1 : 1)) };
  }

  private async job(id: string): Promise<Job> {
    const job = await this.db.manager.findOneBy(Job, { id });
    if (job === null) throw notFound('job', id);
    return job;
  }

  private async rows(jobs: readonly Job[]): Promise<JobRows[]> {
    if (jobs.length === 0) return [];
    const ids = In(jobs.map((job) => job.id));
    const [tasks, attempts] = await Promise.all([
      this.db.manager.find(Task, { where: { jobId: ids }, order: { idx: 'ASC' } }),
      this.db.manager.find(Attempt, { where: { jobId: ids }, order: { n: 'ASC', dispatchedAt: 'ASC' } }),
    ]);
    return jobs.map((job) => ({ job, tasks: tasks.filter((task) => task.jobId === job.id), attempts: attempts.filter((attempt) => attempt.jobId === job.id) }));
  }
}

function attemptOf(attempts: ReadonlyMap<string, Attempt>, artifact: Artifact): Attempt {
  const attempt = attempts.get(artifact.attemptId);
  if (!attempt) throw new Error(`artifact ${artifact.id} belongs to no attempt`);
  return attempt;
}
