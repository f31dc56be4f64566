import { Inject, Injectable } from '@nestjs/common';
import { askedPreset, type GivenUp, type RequestContext } from '@tower/contracts';
import type { Part } from '@tower/db';
import { AppError, CLOCK, newId, newIdAt, type Clock } from '@tower/kit';
import type { EntityManager } from 'typeorm';
import { JobStore, type NewTask } from '../jobs/job-store';
import { Job } from '../jobs/job.entity';
import { calibrationRank, placeInQueue, rankOf } from '../jobs/queue-place';
import { chooseSeed } from '../jobs/seed';
import type { Task } from '../jobs/task.entity';
import { WorkBell } from '../leadership';
import { Catalogue } from '../workflows/catalogue';
import { arrivalOf } from './arrival';
import { QueueCeiling } from './queue-ceiling';
import type { ResolvedRequest, Wish } from './resolve-request';
import { useUploads } from './used-uploads';

/** A job that is put in line, or is about to be. */
export interface Admitted {
  job: Job;
  tasks: NewTask[];
}

/** Where a job belongs, and how it stands with time. */
export interface Intake {
  projectSlug: string;
  /** The card that the job measures; absent for what somebody asked for. */
  calibrates?: string;
  timing: Timing;
  /** When it takes its place in line; asked for where it is not given. */
  arrival?: Date;
  /** Seconds until so many tasks have left the line; undefined where that is not known. */
  roomIn?: (tasks: number) => number | undefined;
}

/** When a job should be ready, and what it is less for that. */
export interface Timing {
  deadlineAt: Date | null;
  givenUp: GivenUp[];
}

/** Puts jobs in line. */
@Injectable()
export class JobIntake {
  constructor(
    private readonly store: JobStore,
    private readonly ceiling: QueueCeiling,
    private readonly workflows: Catalogue,
    private readonly bell: WorkBell,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /**
   * When a job that comes now takes its place in line; see `arrivalOf`.
   */
  arrival(tx: EntityManager): Promise<Date> {
    return arrivalOf(tx, this.clock.now());
  }

  /**
   * The job and its tasks as they will stand in line, not written yet.
   * @throws AppError `queue_full` when too much waits already, `upload_gone` where a picture was deleted meanwhile
   */
  async prepare(
    tx: EntityManager,
    context: RequestContext,
    wish: Wish,
    resolved: ResolvedRequest,
    { projectSlug, timing, roomIn, calibrates, arrival }: Intake,
  ): Promise<Admitted> {
    const { request, seed } = wish;
    await this.ceiling.admit(tx, request.count, roomIn);
    const at = arrival ?? (await this.arrival(tx));
    await useUploads(tx, resolved.images, at);
    const job = tx.create(Job, {
      ...asAsked(wish),
      ...asResolved(resolved),
      ...timing,
      onlyGpu: calibrates ?? null,
      calibration: calibrates !== undefined,
      ...(calibrates === undefined ? {} : { rank: calibrationRank }),
      ...untouched,
      id: newIdAt(at),
      projectSlug,
      correlationId: context.correlationId,
      createdAt: at,
    });
    const place = placeInQueue(job, resolved.workflow);
    const tasks = Array.from({ length: request.count }, (_, idx) => ({
      id: newId(),
      jobId: job.id,
      idx,
      ...place,
      seed: seed + idx,
      createdAt: at,
    }));
    return { job, tasks };
  }

  /** `prepare` and `write`. */
  async admit(
    tx: EntityManager,
    context: RequestContext,
    wish: Wish,
    resolved: ResolvedRequest,
    intake: Intake,
  ): Promise<Admitted> {
    const admitted = await this.prepare(tx, context, wish, resolved, intake);
    await this.write(tx, admitted);
    return admitted;
  }

  /** As `write`, outside of any transaction: a leader in this process knows as soon as it is done. */
  async put(db: EntityManager, admitted: Admitted, also: Readonly<Record<string, Part>>): Promise<void> {
    await this.write(db, admitted, also);
    this.bell.ring();
  }

  /** Writes them and tells of them, in one statement together with `also`. */
  write(tx: EntityManager, { job, tasks }: Admitted, also: Readonly<Record<string, Part>> = {}): Promise<void> {
    return this.store.enqueue(tx, job, tasks, factsOf(job), also);
  }

  /**
   * Puts a new job in line that asks for these tasks of an old one again; with seeds of their own where quality
   * rejected what the old seeds made.
   * @throws AppError `queue_full` when too much waits already, `workflow_gone` when its template is
   */
  async repeat(tx: EntityManager, context: RequestContext, old: Job, missing: readonly Task[]): Promise<Job> {
    await this.ceiling.admit(tx, missing.length);
    const workflow = this.workflows.find(old.workflow);
    if (workflow === undefined)
      throw new AppError(
        'conflict',
        'workflow_gone',
        `workflow ${old.workflow} is no longer among the templates; put it back, or ask for another one`,
      );
    const now = await arrivalOf(tx, this.clock.now());
    const seeds = missing.map(({ state, seed }) => (state === 'rejected' ? chooseSeed(1) : seed));
    const job = tx.create(Job, {
      ...old,
      ...untouched,
      id: newIdAt(now),
      correlationId: context.correlationId,
      createdAt: now,
      seed: seeds[0] ?? old.seed,
      count: missing.length,
      deadlineAt: old.deadlineAt !== null && old.deadlineAt > now ? old.deadlineAt : null,
      retryOf: old.id,
    });
    const place = placeInQueue(job, workflow);
    const tasks = seeds.map((seed, idx) => ({ id: newId(), jobId: job.id, idx, ...place, seed, createdAt: now }));
    await this.store.enqueue(tx, job, tasks, { ...factsOf(job), retryOf: old.id });
    return job;
  }
}

/** What is told of a job that was asked for. */
const factsOf = (job: Job) => ({
  jobType: job.jobType,
  workflow: job.workflow,
  count: job.count,
  priority: job.priority,
  ...(job.fps === null ? {} : { frames: job.frames, fps: job.fps }),
  ...(job.warnings.length === 0 ? {} : { warnings: job.warnings }),
  ...(job.onlyGpu === null ? {} : { onlyGpu: job.onlyGpu }),
  ...(job.calibration ? { calibration: true } : {}),
  ...(job.deadlineAt === null ? {} : { deadlineAt: job.deadlineAt.toISOString() }),
  ...(job.givenUp.length === 0 ? {} : { givenUp: job.givenUp }),
});

const asAsked = ({ request, prompt, seed }: Wish) => ({
  projectId: request.project_id,
  characterIds: request.character_ids,
  jobType: request.job_type,
  preset: askedPreset(request),
  priority: request.priority,
  rank: rankOf[request.priority],
  prompt: request.prompt,
  negativePrompt: request.negative_prompt,
  fullPrompt: prompt.positive,
  fullNegativePrompt: prompt.negative,
  dynamicPrompts: request.dynamic_prompts,
  allowDegrade: request.allow_degrade,
  seed,
  count: request.count,
  autoQualityCheck: request.auto_quality_check,
  maxRegenerations: request.max_regenerations,
  retryOf: null,
});

/** What the job's row says of what it will be. */
export const asResolved = ({
  workflow,
  values,
  parts,
  images,
  promised,
  warnings,
}: Omit<ResolvedRequest, 'fixed' | 'variant'>) => ({
  workflow: workflow.file.name,
  workflowVersion: workflow.file.version,
  modelName: textOf(values, 'model_name') ?? '',
  width: promised.width,
  height: promised.height,
  steps: Number(values['steps'] ?? 0),
  cfgScale: values['cfg_scale'] === undefined ? null : Number(values['cfg_scale']),
  samplerName: textOf(values, 'sampler_name'),
  scheduler: textOf(values, 'scheduler'),
  frames: promised.frames,
  fps: promised.fps,
  warnings,
  parameters: values,
  parts,
  images,
});

/** What nothing has happened to yet. */
const untouched = {
  state: 'pending',
  seq: 0,
  error: null,
  paused: null,
  queuedAt: null,
  startedAt: null,
  renderedAt: null,
  endedAt: null,
} as const;

/** The value of a parameter that is a name; null where the workflow has none. */
const textOf = (values: ResolvedRequest['values'], name: string): string | null =>
  typeof values[name] === 'string' ? values[name] : null;
