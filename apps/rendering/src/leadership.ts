import { Inject, Injectable } from '@nestjs/common';
import { NotificationListener, requireFence, writeUnderFence, type Part } from '@tower/db';
import { LOGGER, type Logger } from '@tower/kit';
import { DATABASE_URL } from '@tower/service';
import type { DataSource, EntityManager } from 'typeorm';

/** Lease under which one rendering process acts on the cards. */
export const schedulerLease = 'gpu-scheduler';

/** What the database says when there may be work for the leader; the trigger on `task` says it as well. */
export const workChannel = 'rendering_work';

/**
 * One transaction of a leader: nothing of it is written unless the lease still has this fence, and the lease does not
 * change hands before the commit. Throws `lease_lost` when it has.
 */
export function underFence<Result>(
  db: DataSource,
  fence: string,
  write: (tx: EntityManager) => Promise<Result>,
): Promise<Result> {
  return db.transaction(async (tx) => {
    await requireFence(tx, schedulerLease, fence);
    return write(tx);
  });
}

/**
 * As `underFence`, in one statement: one round trip and one commit. Everything that `parts` write depends on the part
 * `fence`; `answer` lists columns of what comes back. Throws `lease_lost` when the lease has moved on.
 */
export function underFenceTogether<Answer extends object>(
  db: DataSource,
  fence: string,
  parts: Readonly<Record<string, Part>>,
  answer: string,
): Promise<Answer> {
  return writeUnderFence(db.manager, schedulerLease, fence, parts, answer);
}

/**
 * Word of new work. The database tells it to every process; one that has itself committed work rings, because the way
 * round takes other processes' turns, which on a busy machine is milliseconds for a card that waits.
 */
@Injectable()
export class WorkBell {
  private readonly listener: NotificationListener;
  private heard: () => void = () => undefined;

  constructor(@Inject(DATABASE_URL) databaseUrl: string, @Inject(LOGGER) logger: Logger) {
    this.listener = new NotificationListener(databaseUrl, workChannel, () => this.ring(), logger);
  }

  /** `heard` is called whenever there may be something to do, until it is stopped. */
  start(heard: () => void): void {
    this.heard = heard;
    this.listener.start();
  }

  async stop(): Promise<void> {
    this.heard = () => undefined;
    await this.listener.stop();
  }

  /** This process has committed work that can be given out. */
  ring(): void {
    this.heard();
  }
}

/**
 * Makes the leader look at once, when the transaction commits. For changes of waiting tasks that move none: of new and
 * moved ones the trigger tells.
 */
export async function wakeLeader(tx: EntityManager): Promise<void> {
  await tx.query("select pg_notify($1, '')", [workChannel]);
}
