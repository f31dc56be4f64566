import { Inject, Injectable } from '@nestjs/common';
import { deviceModel } from '@tower/comfyui';
import {
  attemptRendered,
  attemptSettled,
  type attemptJudged,
  type DataOf,
  type EventOf,
  type JobError,
} from '@tower/contracts';
import { handleOnce } from '@tower/db';
import { CLOCK, type Clock } from '@tower/kit';
import { DataSource, type EntityManager } from 'typeorm';
import type { Gpu } from '../cards/card.entity';
import { Artifact } from '../jobs/artifact.entity';
import { countAnnouncement, moveAttempt, noteAnnouncement } from '../jobs/attempt-store';
import { Attempt } from '../jobs/attempt.entity';
import { JobEvent } from '../jobs/job-event.entity';
import { JobStore } from '../jobs/job-store';
import type { Job } from '../jobs/job.entity';
import { nextSeed } from '../jobs/seed';
import { Task } from '../jobs/task.entity';
import { underFence } from '../leadership';
import { learnSettling } from '../planning/estimates/settling-times';
import { addSample } from '../planning/estimates/sample.queries';
import type { PromisedResult } from '../workflows/values/planned-values';
import { isMeasured } from './attempts.service';

/** A file of an attempt, as it lies in the library. */
export type StoredFile = Omit<
  Artifact,
  'id' | 'jobId' | 'taskId' | 'attemptId' | 'role' | 'simulated' | 'createdAt'
> & { artifactId: string };

/** What is known of an attempt whose files are in the library. */
export interface Result {
  attempt: Attempt;
  gpu: Gpu;
  promised: PromisedResult;
  /** Through the model, for its steps. */
  passes: number;
  files: readonly StoredFile[];
  /** Sentences about what the files lack of what was promised. */
  lacks: readonly string[];
}

/** The part of a verdict that concerns a job. */
type Judged = Pick<DataOf<typeof attemptJudged>, 'jobId' | 'attemptId' | 'verdict' | 'reasons' | 'scores'>;

/** What becomes of attempts whose files are there: they are registered, judged, and end their task or repeat it. */
@Injectable()
export class ResultsService {
  constructor(
    private readonly db: DataSource,
    private readonly store: JobStore,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Registers the files of an attempt, and tells of them. One that was cancelled meanwhile gets no artifacts. */
  async register(fence: string, result: Result): Promise<void> {
    const { attempt } = result;
    await underFence(this.db, fence, async (tx) => {
      const job = await this.store.lock(tx, attempt.jobId);
      const judge = job.autoQualityCheck;
      if (!(await moveAttempt(tx, attempt.id, { from: 'collecting', to: judge ? 'checking' : 'succeeded' }))) return;
      const task = await tx.findOneByOrFail(Task, { id: attempt.taskId });
      const now = this.clock.now();
      await insertArtifacts(tx, result, now);
      await this.store.warn(tx, job, result.lacks);
      if (isMeasured(attempt)) await addSample(tx, sampleOf(job, result, now));
      await this.store.moveTask(tx, task, judge ? 'checking' : 'done', { error: null });
      const announcedAs = await this.store.record(tx, job, attemptRendered, factsOf(job, result));
      if (judge) await noteAnnouncement(tx, attempt.id, { announcedAs, announcedAt: now });
      await this.store.settle(tx, job);
      if (!judge) await this.learnSettling(tx, job, attempt);
    });
  }

  /** What quality found, as it announced it. */
  async settleVerdict(event: EventOf<typeof attemptJudged>): Promise<void> {
    await handleOnce(this.db, 'rendering', event.id, (tx) =>
      this.applyVerdict(tx, event.data, { causationId: event.id }),
    );
  }

  /**
   * Passing ends the task; failing tries another seed while regenerations are left, unless `error` says why that would
   * be in vain. Applied twice it is the same as once: whoever comes second finds the attempt settled. Judged after it
   * was cancelled, nothing changes here: the scores stay with quality.
   */
  async applyVerdict(
    tx: EntityManager,
    { jobId, attemptId, verdict, reasons, scores }: Judged,
    { causationId, error }: { causationId?: string; error?: JobError } = {},
  ): Promise<void> {
    const job = await this.store.lock(tx, jobId);
    const passed = verdict === 'passed';
    const to = passed ? 'succeeded' : 'rejected';
    if (!(await moveAttempt(tx, attemptId, { from: 'checking', to }, { verdict, scores }))) return;
    const attempt = await tx.findOneByOrFail(Attempt, { id: attemptId });
    const task = await tx.findOneByOrFail(Task, { id: attempt.taskId });
    // Without a seed the same graph would make the same picture.
    const again =
      !passed &&
      error === undefined &&
      task.regenerations < job.maxRegenerations &&
      job.parameters['seed'] !== undefined;
    if (passed) await this.store.moveTask(tx, task, 'done', { error: null });
    else if (again)
      await this.store.moveTask(tx, task, 'queued', {
        regenerations: task.regenerations + 1,
        seed: nextSeed(task.seed),
      });
    else await this.store.moveTask(tx, task, 'rejected', { error: error ?? rejection(reasons, task.regenerations) });
    const facts = { taskId: task.id, attemptId, attempt: attempt.n, gpu: attempt.gpu, verdict, willRegenerate: again };
    await this.store.record(tx, job, attemptSettled, facts, { causationId });
    await this.store.settle(tx, job, { reason: again ? `regenerates: ${reasons.join(', ')}` : '', causationId });
    await this.learnSettling(tx, job, attempt);
  }

  /** Of a result that was just settled: how long that took since its end on the card. */
  private async learnSettling(tx: EntityManager, job: Job, { endedAt }: Attempt): Promise<void> {
    if (endedAt === null) return;
    const seconds = (this.clock.now().getTime() - endedAt.getTime()) / 1000;
    await learnSettling(tx, { workflow: job.workflow, checked: job.autoQualityCheck, seconds });
  }

  /**
   * Tells quality once more of an attempt that waits for its verdict: the same facts under a new id, so that no inbox
   * takes them for what it knows. Quality gives an attempt one verdict however often it hears of it.
   */
  async announceAgain(tx: EntityManager, attempt: Attempt): Promise<void> {
    const { id, jobId } = attempt;
    const job = await this.store.lock(tx, jobId);
    // Judged or cancelled meanwhile.
    if (!(await countAnnouncement(tx, attempt))) return;
    const said = await tx
      .createQueryBuilder(JobEvent, 'event')
      .where("event.job_id = :jobId and event.type = :type and event.data->>'attemptId' = :id", {
        jobId,
        type: attemptRendered.type,
        id,
      })
      .orderBy('event.seq', 'DESC')
      .limit(1)
      .getOneOrFail();
    const facts = said.data as DataOf<typeof attemptRendered>;
    const repeat = attempt.announcedAgain + 1;
    const announcedAs = await this.store.record(tx, job, attemptRendered, { ...facts, repeat });
    await noteAnnouncement(tx, id, { announcedAs, announcedAt: this.clock.now() });
  }
}

async function insertArtifacts(tx: EntityManager, { attempt, gpu, files }: Result, at: Date): Promise<void> {
  await tx.insert(
    Artifact,
    files.map(({ artifactId, ...file }) => ({
      id: artifactId,
      ...file,
      jobId: attempt.jobId,
      taskId: attempt.taskId,
      attemptId: attempt.id,
      role: 'output' as const,
      simulated: gpu.inventory?.simulated ?? false,
      createdAt: at,
    })),
  );
}

const sampleOf = (job: Job, { attempt, gpu, promised, passes }: Result, at: Date): Parameters<typeof addSample>[1] => ({
  attemptId: attempt.id,
  workflow: job.workflow,
  gpu: attempt.gpu,
  device: deviceModel(gpu.inventory?.device),
  modelName: job.modelName,
  width: promised.width,
  height: promised.height,
  steps: job.steps,
  frames: promised.frames,
  plan: attempt.plan,
  seconds: attempt.seconds ?? 0,
  loadSeconds: attempt.timings?.load ?? null,
  samplingSeconds: attempt.timings?.sampling ?? null,
  fixedSeconds: attempt.timings?.fixed ?? null,
  passes,
  missing: attempt.missing,
  at,
});

const factsOf = (
  job: Job,
  { attempt, promised, files }: Result,
): Omit<DataOf<typeof attemptRendered>, 'jobId' | 'projectId' | 'seq' | 'state'> => ({
  taskId: attempt.taskId,
  attemptId: attempt.id,
  attempt: attempt.n,
  gpu: attempt.gpu,
  seconds: attempt.seconds ?? 0,
  expectedWidth: promised.width,
  expectedHeight: promised.height,
  ...(promised.fps === null ? {} : { expectedFrames: promised.frames }),
  jobType: job.jobType,
  characterIds: job.characterIds,
  judge: job.autoQualityCheck,
  files: files.map(({ artifactId, path, sha256, bytes, mediaType, frames }) => ({
    artifactId,
    path,
    sha256,
    bytes,
    mediaType,
    ...(frames === null ? {} : { frames }),
  })),
});

const rejection = (reasons: readonly string[], regenerations: number): JobError => ({
  code: 'quality_rejected',
  message: `no attempt passed ${reasons.join(', ')} (${regenerations + 1} tried)`,
  hint: 'Look at the artifacts; the best one is marked. Another prompt, seed or size may help.',
});
