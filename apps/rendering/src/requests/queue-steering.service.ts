import { Inject, Injectable } from '@nestjs/common';
import {
  isOver,
  jobOrdered,
  jobOrderWithdrawn,
  queuePaused,
  queueResumed,
  type InputOf,
  type orderQueueRequest,
  type pauseQueueRequest,
  type QueueOrderView,
  type QueuePauseView,
  type resumeQueueRequest,
  type WithdrawnOrdersView,
  type withdrawOrderRequest,
} from '@tower/contracts';
import { Outbox } from '@tower/db';
import { AppError, CLOCK, invalid, type Clock } from '@tower/kit';
import { DataSource, type EntityManager } from 'typeorm';
import { JobStore } from '../jobs/job-store';
import type { Job } from '../jobs/job.entity';
import { QueueOrder } from '../jobs/queue-order.entity';
import { QueuePause } from '../jobs/queue-pause.entity';
import type { HandOrder } from '../planning/hand-order';
import { circleWith } from './order-circle';

/** Orders that may hold at once; whoever gives out work reads all of them at each look. */
const maxOrders = 256;
/** Those who order, one at a time: a circle may be made by two at once. */
const orderLock = "select pg_advisory_xact_lock(hashtext('rendering.queue_order'))";

/** What people do with the queue as a whole: stop and serve it, and put one job before another. */
@Injectable()
export class QueueSteering {
  constructor(
    private readonly db: DataSource,
    private readonly outbox: Outbox,
    private readonly store: JobStore,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Pausing a paused queue changes nothing: the first word about it stays. */
  pause({ context, body }: InputOf<typeof pauseQueueRequest>): Promise<QueuePauseView> {
    return this.db.transaction(async (tx) => {
      const { who: by, reason } = body;
      const begun: unknown[] = await tx.query(
        'insert into queue_pause (by, reason, since) values ($1, $2, clock_timestamp()) ' +
          'on conflict do nothing returning 1',
        [by, reason],
      );
      if (begun.length > 0) await this.outbox.add(tx, queuePaused, { by, reason }, context);
      return pauseIn(tx);
    });
  }

  resume({ context, body }: InputOf<typeof resumeQueueRequest>): Promise<QueuePauseView> {
    return this.db.transaction(async (tx) => {
      const ended = await tx.delete(QueuePause, { id: 1 });
      if (ended.affected === 1) await this.outbox.add(tx, queueResumed, { by: body.who }, context);
      return pauseIn(tx);
    });
  }

  /**
   * Saying it twice is the same as once.
   * @throws AppError `order_with_itself`, `job_not_found`, `job_already_over`, `priorities_differ`,
   * `order_is_a_circle`,
   *   `too_many_orders`
   */
  order({ body }: InputOf<typeof orderQueueRequest>): Promise<QueueOrderView> {
    const { job_id: moved, before, after } = body;
    const other = before ?? after ?? moved;
    const field = before === undefined ? '/after' : '/before';
    const [first, then] = before === undefined ? [other, moved] : [moved, other];
    return this.db.transaction(async (tx) => {
      if (moved === other)
        throw invalid('order_with_itself', 'a job goes neither before nor after itself', [
          { pointer: field, message: 'must be another job than job_id' },
        ]);
      await tx.query(orderLock);
      const jobs = new Map<string, Job>();
      // Always in the same order, so that two who lock the same jobs do not wait for each other.
      for (const id of [moved, other].sort()) jobs.set(id, await this.store.lock(tx, id));
      const [job, partner] = [jobs.get(moved), jobs.get(other)];
      if (job === undefined || partner === undefined) throw new Error('a job that was locked is not there');
      assertWaits(job, '/job_id');
      assertWaits(partner, field);
      assertAlike(job, partner, field);
      await this.enter(tx, { first, then, moved }, field);
      await this.store.record(tx, job, jobOrdered, before === undefined ? { after: other } : { before: other });
      return { job_id: moved, before: before ?? null, after: after ?? null };
    });
  }

  /**
   * Takes back every order by which a job was moved; one that nothing was ordered of stays as it is.
   * @throws AppError `job_not_found`
   */
  withdraw({ id }: InputOf<typeof withdrawOrderRequest>): Promise<WithdrawnOrdersView> {
    return this.db.transaction(async (tx) => {
      await tx.query(orderLock);
      const job = await this.store.lock(tx, id);
      const held = await tx.find(QueueOrder, { where: { movedJob: id }, order: { at: 'ASC' } });
      await tx.delete(QueueOrder, { movedJob: id });
      for (const { firstJob, thenJob } of held)
        await this.store.record(
          tx,
          job,
          jobOrderWithdrawn,
          firstJob === id ? { before: thenJob } : { after: firstJob },
        );
      return { job_id: id, withdrawn: held.map(toOrderView) };
    });
  }

  private async enter(tx: EntityManager, order: HandOrder, field: string): Promise<void> {
    const rows = await tx.find(QueueOrder);
    const orders = rows.map(({ firstJob, thenJob, movedJob }) => ({ first: firstJob, then: thenJob, moved: movedJob }));
    const circle = circleWith(orders, order);
    if (circle !== undefined)
      throw new AppError(
        'conflict',
        'order_is_a_circle',
        `that would be a circle, each before the next: ${circle.join(', ')}; DELETE /queue/order/{job id} takes back ` +
          'what was ordered of a job',
        { fields: [{ pointer: field, message: `goes ${field === '/before' ? 'before' : 'after'} job_id already` }] },
      );
    if (orders.length >= maxOrders)
      throw new AppError(
        'conflict',
        'too_many_orders',
        `${maxOrders} orders hold already; they end when their jobs are over, or get another priority, and ` +
          'DELETE /queue/order/{job id} takes back what was ordered of a job',
      );
    await tx.save(QueueOrder, {
      firstJob: order.first,
      thenJob: order.then,
      movedJob: order.moved,
      at: this.clock.now(),
    });
  }
}

const toOrderView = ({ firstJob, thenJob, movedJob }: QueueOrder): QueueOrderView =>
  firstJob === movedJob
    ? { job_id: movedJob, before: thenJob, after: null }
    : { job_id: movedJob, before: null, after: firstJob };

function assertWaits({ id, state }: Job, pointer: string): void {
  if (isOver(state))
    throw new AppError('conflict', 'job_already_over', `job ${id} has ended as ${state}; there is nothing to order`, {
      fields: [{ pointer, message: 'must be a job that has not ended' }],
    });
}

function assertAlike(job: Job, other: Job, pointer: string): void {
  if (job.rank === other.rank) return;
  throw new AppError(
    'conflict',
    'priorities_differ',
    `job ${job.id} is ${job.priority} and job ${other.id} is ${other.priority}, and an order holds within a ` +
      `priority: PATCH /jobs/${job.id} with {"priority":"${other.priority}"} first`,
    { fields: [{ pointer, message: `must be a job of priority ${job.priority}` }] },
  );
}

async function pauseIn(tx: EntityManager): Promise<QueuePauseView> {
  const pause = await tx.findOneBy(QueuePause, { id: 1 });
  return {
    paused: pause && { by: pause.by, reason: pause.reason, since: pause.since.toISOString() },
  };
}
