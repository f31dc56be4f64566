import { Inject, Injectable } from '@nestjs/common';
import {
  askedPreset,
  isOver,
  type cancelJobRequest,
  type GenerateRequest,
  type InputOf,
  type JobAccepted,
  type JobView,
  type requestJobRequest,
  type ShortGenerateRequest,
} from '@tower/contracts';
import { earlierAnswer, onceByKeyTogether } from '@tower/db';
import { AppError } from '@tower/kit';
import { ANSWERS_DB } from '@tower/service';
import { DataSource } from 'typeorm';
import { JobStore } from '../jobs/job-store';
import { JobsReader } from '../views/jobs.reader';
import { toAccepted } from './job-accepted';
import { JobIntake } from './job-intake';
import { RequestGround } from './request-ground';
import { RequestPlanning } from './request-planning';

const requestScope = 'request_job';

/** What people ask of jobs: new ones, and that they be cancelled. */
@Injectable()
export class RequestsService {
  constructor(
    @Inject(ANSWERS_DB) private readonly db: DataSource,
    private readonly ground: RequestGround,
    private readonly planning: RequestPlanning,
    private readonly intake: JobIntake,
    private readonly store: JobStore,
    private readonly reader: JobsReader,
  ) {}

  /** What the older short form asks for; its project is the one for work that names none. */
  full(short: ShortGenerateRequest, correlationId: string): Promise<GenerateRequest> {
    return this.ground.full(short, correlationId);
  }

  /**
   * Accepts a job or says exactly what is wrong with it; throws `queue_full` when too much waits already. Nothing is
   * promised before the row is committed.
   */
  async request({ context, body }: InputOf<typeof requestJobRequest>): Promise<JobAccepted> {
    // Whether the standard preset is named or left out, it is the same request.
    const asked = { ...body, preset: askedPreset(body) };
    // Asked beside the rest: nearly every request is new, and a card may wait for it.
    const { manager } = this.db;
    const { idempotencyKey: key } = context;
    const [repeat, ground, arrival] = await Promise.allSettled([
      earlierAnswer<JobAccepted>(manager, requestScope, key, asked),
      this.ground.under(body),
      this.intake.arrival(manager),
    ]);
    if (repeat.status === 'rejected') throw repeat.reason;
    // A repeat gets its first answer, whatever has become of the project, the workflows or the neighbours since.
    if (repeat.value !== undefined) return repeat.value;
    if (ground.status === 'rejected') throw ground.reason;
    if (arrival.status === 'rejected') throw arrival.reason;
    const planned = await this.planning.plan(body, ground.value);
    this.planning.admit(planned);
    const { wish, resolved, timing, line } = planned;
    const roomIn = (tasks: number): number | undefined => line.snapshot.roomIn(tasks, line.now);
    const { slug: projectSlug } = await ground.value.project;
    const where = { projectSlug, timing, roomIn, arrival: arrival.value };
    const admitted = await this.intake.prepare(manager, context, wish, resolved, where);
    const answer = toAccepted(admitted, planned);
    return onceByKeyTogether(manager, { scope: requestScope, key, request: asked }, answer, (claim) =>
      this.intake.put(manager, admitted, claim),
    );
  }

  /** Cancelling twice is the same as once; a job that ended otherwise stays as it is. */
  async cancel({ id, reason }: InputOf<typeof cancelJobRequest>): Promise<JobView> {
    await this.db.transaction(async (tx) => {
      const job = await this.store.lock(tx, id);
      if (job.state === 'cancelled') return;
      if (isOver(job.state))
        throw new AppError(
          'conflict',
          'job_already_over',
          `job ${id} has ended as ${job.state}; there is nothing left to cancel`,
        );
      await this.store.cancel(tx, job, reason === '' ? 'cancelled on request' : reason);
    });
    return this.reader.get(id);
  }
}
