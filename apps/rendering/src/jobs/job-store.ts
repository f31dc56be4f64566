import { Inject, Injectable } from '@nestjs/common';
import {
  attemptDispatched,
  isOver,
  jobCancelled,
  jobCompleted,
  jobFailed,
  jobQueued,
  jobRejected,
  jobRequested,
  jobRendered,
  jobStarted,
  jobTimedOut,
  type DataOf,
  type EventDefinition,
  type JobState,
  type TaskState,
  type JobError,
} from '@tower/contracts';
import { insertion, Outbox, outboxPart, outboxValues, together, type OutboxMessage, type Part } from '@tower/db';
import { AppError, CLOCK, notFound, shorten, type Clock } from '@tower/kit';
import { In, type DataSource, type EntityManager } from 'typeorm';
import { underFenceTogether } from '../leadership';
import { RenderingMetrics } from '../rendering.metrics';
import { Artifact } from './artifact.entity';
import { cancelAttempts } from './attempt-store';
import { Attempt } from './attempt.entity';
import { deadlineEnd } from './deadline-end';
import { GenerationParams } from './generation-params.entity';
import { JobEvent } from './job-event.entity';
import { Job } from './job.entity';
import { kindAfter } from './queue-place';
import { isTaskOver, jobStateOf, jobStatesBefore, taskStatesBefore } from './states';
import { Task } from './task.entity';

type Facts<Definition extends EventDefinition> = Omit<
  DataOf<Definition> & object,
  'jobId' | 'projectId' | 'seq' | 'state'
>;

/** Why something happened, for the events that follow from it. */
interface Because {
  reason?: string;
  gpu?: string;
  causationId?: string | undefined;
}

/** An attempt that is about to be sent, with its job and its task as they were read. */
interface Booking {
  job: Job;
  task: Task;
  attempt: Attempt & { state: 'dispatching' };
  params: GenerationParams;
}

/** A task that nobody has tried yet, in its place in line. */
export type NewTask = Pick<Task, 'id' | 'jobId' | 'idx' | 'rank' | 'kind' | 'seed' | 'createdAt'>;

/**
 * Every write of a job's row and every move of its tasks: guarded by the move tables, numbered without gaps, and
 * announced in the same transaction; `stores.spec.ts` sees to it that there are no others. Callers lock the job first
 * (`lock`), so that changes of one job happen one after the other.
 */
@Injectable()
export class JobStore {
  constructor(
    private readonly outbox: Outbox,
    private readonly metrics: RenderingMetrics,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Takes the job's row lock for the rest of the transaction. */
  async lock(tx: EntityManager, jobId: string): Promise<Job> {
    const job = await tx.findOne(Job, { where: { id: jobId }, lock: { mode: 'pessimistic_write' } });
    if (job === null) throw notFound('job', jobId);
    return job;
  }

  /**
   * Takes a new job, which is `pending`, and its tasks into line, all in one statement together with `also`. Nobody
   * sees the row before the commit, so it is written once, as it stands then; its first event still tells of the state
   * before.
   */
  async enqueue(
    tx: EntityManager,
    job: Job,
    tasks: readonly NewTask[],
    asked: Facts<typeof jobRequested>,
    also: Readonly<Record<string, Part>> = {},
  ): Promise<void> {
    if (!jobStatesBefore('queued').includes(job.state)) throw illegalJobMove(job, 'queued');
    const requested = this.next(job, jobRequested, asked);
    Object.assign(job, { state: 'queued', queuedAt: job.createdAt });
    const queued = this.next(job, jobQueued, { reason: 'accepted' });
    await together(
      tx,
      {
        ...also,
        accepted: insertion(tx, Job, [job]),
        waiting: insertion(
          tx,
          Task,
          tasks.map((task) => ({ ...untried, ...task })),
        ),
        ...this.recording(tx, [requested, queued]),
      },
      'select',
    );
  }

  /**
   * Cancels what of a locked job is not over. The prompts themselves are taken off the cards by the leader, which sees
   * prompts of ours without a live attempt.
   */
  async cancel(tx: EntityManager, job: Job, reason: string): Promise<void> {
    for (const task of await tx.findBy(Task, { jobId: job.id }))
      if (!isTaskOver(task.state)) await this.moveTask(tx, task, 'cancelled');
    await cancelAttempts(tx, job.id, this.clock.now());
    await this.settle(tx, job, { reason });
  }

  /** Writes what people change of a locked job beside its state. Its tasks are for `task-store.ts`. */
  async change(
    tx: EntityManager,
    job: Job,
    changes: Partial<Pick<Job, 'priority' | 'rank' | 'deadlineAt' | 'paused'>>,
  ): Promise<void> {
    await tx.update(Job, { id: job.id }, changes);
    Object.assign(job, changes);
  }

  /** Adds sentences to what a locked job warns of. */
  async warn(tx: EntityManager, job: Job, warnings: readonly string[]): Promise<void> {
    if (warnings.length === 0) return;
    job.warnings = [...job.warnings, ...warnings];
    await tx.update(Job, { id: job.id }, { warnings: job.warnings });
  }

  /** Writes the next event of a locked job, to its own history and to the outbox. Returns the event's id. */
  async record<Definition extends EventDefinition>(
    tx: EntityManager,
    job: Job,
    definition: Definition,
    facts: Facts<Definition>,
    because: Because = {},
  ): Promise<string> {
    const { row, message } = this.next(job, definition, facts, because);
    // One round trip: this happens a dozen times in a job's life, mostly while a card waits for it.
    await tx.query(
      `with numbered as (update job set seq = $2 where id = $1),
            noted as (insert into job_event (job_id, seq, type, at, data) values ($1, $2, $3, $4, $5))
       insert into outbox (stream, subject, msg_id, aggregate, payload) values ($6, $7, $8, $9, $10)`,
      [row.jobId, row.seq, row.type, row.at, JSON.stringify(row.data), ...outboxValues(message)],
    );
    return message.msgId;
  }

  /** The next event of a job that is not written yet. The number counts from here on. */
  private next<Definition extends EventDefinition>(
    job: Job,
    definition: Definition,
    facts: Facts<Definition>,
    because: Because = {},
  ): { row: JobEvent; message: OutboxMessage } {
    job.seq += 1;
    const data = { ...boundedTexts(facts), jobId: job.id, projectId: job.projectId, seq: job.seq, state: job.state };
    const message = this.outbox.message(definition, data as DataOf<Definition>, {
      correlationId: job.correlationId,
      causationId: because.causationId,
    });
    return { row: { jobId: job.id, seq: job.seq, type: definition.type, at: this.clock.now(), data }, message };
  }

  /** Writes events to their job's history and to the outbox; the job's own row gets its number elsewhere. */
  private recording(
    tx: EntityManager,
    events: readonly { row: JobEvent; message: OutboxMessage }[],
    where = '',
  ): { noted: Part; told: Part } {
    return {
      noted: insertion(
        tx,
        JobEvent,
        events.map(({ row }) => row),
        where,
      ),
      told: outboxPart(
        events.map(({ message }) => message),
        where,
      ),
    };
  }

  /** Moves a task of a locked job. Throws `task_illegal_move` when the table does not allow it. */
  async moveTask(
    tx: EntityManager,
    task: Task,
    to: TaskState,
    changes: Partial<Omit<Task, 'id' | 'state' | 'rank' | 'kind'>> = {},
  ): Promise<void> {
    // In line again it stands where its age puts it, among those that recovery decided the same about; held back only
    // when that is said anew.
    const place =
      to === 'queued'
        ? { kind: kindAfter(task.kind, { ...task, ...changes }), notBefore: changes.notBefore ?? null }
        : {};
    const moved = await tx.update(
      Task,
      { id: task.id, state: In(taskStatesBefore(to)) },
      { ...changes, ...place, ...(changes.error ? { error: boundedError(changes.error) } : {}), state: to },
    );
    if (moved.affected !== 1)
      throw new AppError('conflict', 'task_illegal_move', `task ${task.id} cannot become ${to} from ${task.state}`);
    Object.assign(task, changes, place, { state: to });
  }

  /**
   * Gives a waiting task to a card, with its attempt and the graph of it: in one statement under the leader's fence,
   * which takes the job's row lock as every change of a job does. False, and nothing is written, when the job or the
   * task is not as it was read any more. Fails with a unique violation where the card or the task has a live attempt,
   * and with `lease_lost`.
   */
  async book(
    db: DataSource,
    fence: string,
    { job, task, attempt, params }: Booking,
    facts: Facts<typeof attemptDispatched>,
  ): Promise<boolean> {
    // Its tasks were read a moment before it ended.
    if (isOver(job.state)) return false;
    const read = { seq: job.seq, attempts: task.attempts, kind: task.kind };
    const isFirst = job.startedAt === null;
    const began = job.state === 'processing' ? [] : [this.begin(job, attempt)];
    const dispatched = this.next(job, attemptDispatched, facts);
    const tx = db.manager;
    const booked = await underFenceTogether<{ taken: boolean }>(
      db,
      fence,
      {
        locked: {
          sql: 'select 1 from job where id = $1 and seq = $2 and exists (select from fence) for update',
          parameters: [job.id, read.seq],
        },
        taken: {
          sql: `update task set state = 'rendering', attempts = $4 where id = $1 and attempts = $2 and kind = $3
            and state = any($5) and not paused and exists (select from locked) returning 1`,
          parameters: [task.id, read.attempts, read.kind, attempt.n, taskStatesBefore('rendering')],
        },
        moved: {
          sql: `update job set state = $2, started_at = $3, seq = $4 where id = $1 and exists (select from taken)`,
          parameters: [job.id, job.state, job.startedAt, job.seq],
        },
        tried: insertion(tx, Attempt, [attempt], ifTaken),
        composed: insertion(tx, GenerationParams, [params], ifTaken),
        ...this.recording(tx, [...began, dispatched], ifTaken),
      },
      'exists (select from taken) as taken',
    );
    if (!booked.taken) return false;
    Object.assign(task, { state: 'rendering', attempts: attempt.n });
    const waitedMs = attempt.dispatchedAt.getTime() - job.createdAt.getTime();
    if (isFirst) this.metrics.queueWaitSeconds.observe({ priority: job.priority }, Math.max(0, waitedMs / 1000));
    return true;
  }

  /** Whatever its other tasks do, a job with an attempt under way is processing. */
  private begin(job: Job, { gpu, dispatchedAt }: Attempt): { row: JobEvent; message: OutboxMessage } {
    if (!jobStatesBefore('processing').includes(job.state)) throw illegalJobMove(job, 'processing');
    Object.assign(job, { state: 'processing', startedAt: job.startedAt ?? dispatchedAt });
    return this.next(job, jobStarted, { gpu });
  }

  /** Brings a locked job to the state that follows from its tasks, and announces the move if it is one. */
  async settle(tx: EntityManager, job: Job, because: Because = {}): Promise<void> {
    if (isOver(job.state)) return;
    const tasks = await tx.find(Task, { where: { jobId: job.id }, order: { idx: 'ASC' } });
    const to = jobStateOf(
      tasks.map((task) => task.state),
      job.startedAt !== null,
    );
    if (to === job.state) return;
    const now = this.clock.now();
    const error = isOver(to) ? firstError(tasks) : null;
    const changes: Partial<Job> = {
      ...(to === 'queued' && job.queuedAt === null ? { queuedAt: now } : {}),
      ...(to === 'processing' && job.startedAt === null ? { startedAt: now } : {}),
      ...(to === 'quality_check' || (to === 'completed' && job.renderedAt === null) ? { renderedAt: now } : {}),
      ...(isOver(to) ? { endedAt: now, error } : {}),
    };
    const moved = await tx.update(Job, { id: job.id, state: In(jobStatesBefore(to)) }, { ...changes, state: to });
    if (moved.affected !== 1) throw illegalJobMove(job, to);
    Object.assign(job, changes, { state: to });
    await this.announce(tx, job, to, because);
    const outcome = deadlineEnd(job);
    if (outcome !== null) this.metrics.deadlinesEnded.inc({ outcome });
    if (isOver(to)) this.metrics.jobsEnded.inc({ state: to, job_type: job.jobType });
  }

  private async announce(tx: EntityManager, job: Job, to: JobState, because: Because): Promise<string> {
    const totalSeconds =
      job.endedAt === null ? 0 : Math.max(0, (job.endedAt.getTime() - job.createdAt.getTime()) / 1000);
    const error = job.error ?? { code: `job_${to}`, message: because.reason ?? `the job ended as ${to}`, hint: '' };
    switch (to) {
      case 'pending':
        throw new Error('a job never returns to pending');
      case 'queued':
        return this.record(tx, job, jobQueued, { reason: because.reason ?? 'waits for a card' }, because);
      case 'processing':
        return this.record(tx, job, jobStarted, { gpu: because.gpu ?? 'unknown' }, because);
      case 'quality_check':
        return this.record(tx, job, jobRendered, {}, because);
      case 'completed': {
        const firstOnes = {
          where: { jobId: job.id },
          order: { id: 'ASC' },
          select: { id: true },
          take: maxArtifactIds,
        } as const;
        const artifacts = await tx.find(Artifact, firstOnes);
        return this.record(
          tx,
          job,
          jobCompleted,
          { totalSeconds, artifactIds: artifacts.map((artifact) => artifact.id) },
          because,
        );
      }
      case 'rejected':
        return this.record(tx, job, jobRejected, { totalSeconds, error }, because);
      case 'failed':
        return this.record(tx, job, jobFailed, { totalSeconds, error }, because);
      case 'timeout':
        return this.record(tx, job, jobTimedOut, { totalSeconds, error }, because);
      case 'cancelled':
        return this.record(tx, job, jobCancelled, { totalSeconds, reason: because.reason ?? '' }, because);
    }
  }
}

const illegalJobMove = ({ id, state }: Job, to: JobState): AppError =>
  new AppError('conflict', 'job_illegal_move', `job ${id} cannot become ${to} from ${state}`);

const ifTaken = 'where exists (select from taken)';

const untried = {
  state: 'queued' as const,
  attempts: 0,
  losses: 0,
  regenerations: 0,
  excludedGpus: [],
  notBefore: null,
  error: null,
};

/** Of a job's artifacts; a thousand ids are 40 kB of an event. */
const maxArtifactIds = 1_000;

/**
 * Servers, nodes and file systems say what they like, at any length; rows, events and answers hold no more of it than
 * a person reads.
 */
export const boundedError = ({ code, message, hint }: JobError): JobError => ({
  code: shorten(code, 100),
  message: shorten(message, 2_000),
  hint: shorten(hint, 1_000),
});

function boundedTexts<Given extends object>(facts: Given): Given {
  const { error, reason } = facts as { error?: JobError | null; reason?: unknown };
  return {
    ...facts,
    ...(error ? { error: boundedError(error) } : {}),
    ...(typeof reason === 'string' ? { reason: shorten(reason, 2_000) } : {}),
  };
}

/** Of several failing pictures the first one's error speaks, with the count before it. */
function firstError(tasks: Task[]): JobError | null {
  const wrong = tasks.filter((task) => task.error !== null);
  const first = wrong[0]?.error ?? null;
  if (first === null || tasks.length === 1) return first;
  return { ...first, message: `${wrong.length} of ${tasks.length} pictures: ${first.message}` };
}
