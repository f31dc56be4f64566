import { Inject, Injectable } from '@nestjs/common';
import { RequestClient } from '@tower/bus';
import {
  getProjectRequest,
  isOver,
  jobPaused,
  jobReprioritised,
  jobResumed,
  type changeJobRequest,
  type InputOf,
  type JobView,
  type pauseJobRequest,
  type resumeJobRequest,
  type retryJobRequest,
} from '@tower/contracts';
import { earlierAnswer, onceByKey } from '@tower/db';
import { AppError, CLOCK, type Clock } from '@tower/kit';
import { DataSource, IsNull, type EntityManager } from 'typeorm';
import { JobStore } from '../jobs/job-store';
import { Job } from '../jobs/job.entity';
import { rankOf } from '../jobs/queue-place';
import { pauseTasks, rerankTasks } from '../jobs/task-store';
import { Task } from '../jobs/task.entity';
import { JobsReader } from '../views/jobs.reader';
import { deadlineOf } from './deadline';
import { JobIntake } from './job-intake';
import { archivedProject } from './request-ground';

const retryScope = 'retry_job';

/** What people do with a job that is there: change its place in line, hold it, and ask for it again. */
@Injectable()
export class JobSteering {
  constructor(
    private readonly db: DataSource,
    private readonly store: JobStore,
    private readonly intake: JobIntake,
    private readonly reader: JobsReader,
    private readonly neighbours: RequestClient,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Throws `job_already_over`, and `deadline_past` with the field. */
  async change({ id, body }: InputOf<typeof changeJobRequest>): Promise<JobView> {
    const { deadline_at: given } = body;
    // Null takes it away, and where nothing is said it stays.
    const deadlineAt =
      given === null || given === undefined ? given : deadlineOf({ deadline_at: given }, this.clock.now());
    await this.db.transaction(async (tx) => {
      const job = await this.lockUnended(tx, id, 'there is nothing left to change');
      const { priority = job.priority } = body;
      const isSame =
        priority === job.priority && (deadlineAt === undefined || isSameMoment(deadlineAt, job.deadlineAt));
      if (isSame) return;
      const changes = {
        priority,
        rank: job.calibration ? job.rank : rankOf[priority],
        ...(deadlineAt === undefined ? {} : { deadlineAt }),
      };
      if (priority !== job.priority) {
        await rerankTasks(tx, id, changes.rank);
        await tx.query('delete from queue_order where first_job = $1 or then_job = $1', [id]);
      }
      await this.store.change(tx, job, changes);
      const facts = { priority, deadlineAt: job.deadlineAt?.toISOString() ?? null };
      await this.store.record(tx, job, jobReprioritised, facts);
    });
    return this.reader.get(id, true);
  }

  /** Pausing a paused job changes nothing: the first word about it stays. Throws `job_already_over`. */
  async pause({ id, body }: InputOf<typeof pauseJobRequest>): Promise<JobView> {
    await this.db.transaction(async (tx) => {
      const job = await this.lockUnended(tx, id, 'there is nothing left to pause');
      if (job.paused !== null) return;
      const { who: by, reason } = body;
      await pauseTasks(tx, id, true);
      await this.store.change(tx, job, { paused: { by, reason, since: this.clock.now().toISOString() } });
      await this.store.record(tx, job, jobPaused, { by, reason });
    });
    return this.reader.get(id, true);
  }

  /** Throws `job_already_over`. */
  async resume({ id, body }: InputOf<typeof resumeJobRequest>): Promise<JobView> {
    await this.db.transaction(async (tx) => {
      const job = await this.lockUnended(tx, id, 'there is nothing left to go on with');
      if (job.paused === null) return;
      await pauseTasks(tx, id, false);
      await this.store.change(tx, job, { paused: null });
      await this.store.record(tx, job, jobResumed, { by: body.who });
    });
    return this.reader.get(id, true);
  }

  /**
   * A new job for what an ended one did not bring: nothing leaves the states that are ends, and what was told of them
   * stays true.
   * @throws AppError `job_not_over`, `job_completed`, `job_already_retried`, `project_archived`, `queue_full`
   */
  async retry({ context, id }: InputOf<typeof retryJobRequest>): Promise<JobView> {
    const repeat = await earlierAnswer<{ id: string }>(this.db.manager, retryScope, context.idempotencyKey, { id });
    if (repeat !== undefined) return this.reader.get(repeat.id);
    const { projectId } = await this.db.transaction((tx) => this.store.lock(tx, id));
    const project = await this.neighbours.ask(getProjectRequest, { id: projectId });
    if (project.archived_at !== null) throw archivedProject(project.id);
    const again = await this.db.transaction((tx) =>
      onceByKey(tx, retryScope, context.idempotencyKey, { id }, async () => {
        const job = await this.store.lock(tx, id);
        await assertRetryable(tx, job);
        const tasks = await tx.find(Task, { where: { jobId: id }, order: { idx: 'ASC' } });
        const missing = tasks.filter(({ state }) => state !== 'done');
        return { id: (await this.intake.repeat(tx, context, job, missing)).id };
      }),
    );
    return this.reader.get(again.id, true);
  }

  private async lockUnended(tx: EntityManager, id: string, nothingLeft: string): Promise<Job> {
    const job = await this.store.lock(tx, id);
    if (isOver(job.state))
      throw new AppError('conflict', 'job_already_over', `job ${id} has ended as ${job.state}; ${nothingLeft}`);
    return job;
  }
}

const isSameMoment = (a: Date | null, b: Date | null): boolean => a?.getTime() === b?.getTime();

async function assertRetryable(tx: EntityManager, { id, state }: Job): Promise<void> {
  if (!isOver(state))
    throw new AppError(
      'conflict',
      'job_not_over',
      `job ${id} is ${state}, and goes on by itself; cancel it first to ask again`,
    );
  if (state === 'completed')
    throw new AppError(
      'conflict',
      'job_completed',
      `job ${id} brought everything that was asked for; for more, POST /generate`,
    );
  const again = await tx.findOne(Job, { where: { retryOf: id, endedAt: IsNull() }, select: { id: true, state: true } });
  if (again !== null)
    throw new AppError(
      'conflict',
      'job_already_retried',
      `job ${again.id} repeats job ${id} already, and is ${again.state}; wait for it, or cancel it first`,
    );
}
