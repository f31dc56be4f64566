import { Inject, Injectable } from '@nestjs/common';
import type { UtilisationView } from '@tower/contracts';
import { CLOCK, type Clock } from '@tower/kit';
import { ANSWERS_DB } from '@tower/service';
import type { DataSource, EntityManager } from 'typeorm';
import { SharedRead } from '../planning/shared-read';
import { loadedSince, utilisationOf, utilisationWindowSeconds, type PastAttempt } from './utilisation';

/** Milliseconds for which all who ask are told the same; longer where reading takes long. */
const sharedMs = 2_000;
/** Attempts of a card before the window that are read: whether one reaches into it, and what it had loaded. */
const before = 2;

type StoredAttempt = PastAttempt & { gpu: string };

/** What the attempts of a card tell of it. */
export interface CardUse {
  lastHour: UtilisationView;
  /** By key, of files that an attempt of the last hour, or one of the two before, had to load. */
  loadedSince: ReadonlyMap<string, Date>;
}

/** How the cards were used in the last hour, from their attempts. */
@Injectable()
export class UtilisationReader {
  private readonly shared: SharedRead<ReadonlyMap<string, CardUse>>;

  constructor(
    @Inject(ANSWERS_DB) private readonly db: DataSource,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {
    this.shared = new SharedRead(clock, () => this.look());
  }

  /** By card; of all that are configured. */
  read(): Promise<ReadonlyMap<string, CardUse>> {
    return this.shared.getWithinReason(sharedMs);
  }

  private async look(): Promise<ReadonlyMap<string, CardUse>> {
    const now = this.clock.now();
    const from = new Date(now.getTime() - utilisationWindowSeconds * 1000);
    const attempts = await pastAttempts(this.db.manager, from);
    const names: { name: string }[] = await this.db.manager.query('select name from gpu where configured');
    return new Map(
      names.map(({ name }) => {
        const own = attempts.filter(({ gpu }) => gpu === name);
        return [name, { lastHour: utilisationOf(own, now), loadedSince: loadedSince(own) }];
      }),
    );
  }
}

/** Of each configured card, in the order in which they were sent; by the index `attempt_on_gpu` alone. */
const pastAttempts = (tx: EntityManager, from: Date): Promise<StoredAttempt[]> =>
  tx.query(
    `select a.gpu, a.dispatched_at as "dispatchedAt", a.ended_at as "endedAt", j.model_name as "modelName",
       case when a.n = 1 then t.created_at end as "waitedSince", a.estimate, a.missing,
       case when a.outcome = 'rendered' then a.seconds end as seconds
     from gpu g cross join lateral (
       (select * from attempt where gpu = g.name and dispatched_at > $1)
       union all
       (select * from attempt where gpu = g.name and dispatched_at <= $1 order by dispatched_at desc limit ${before})
     ) a join task t on t.id = a.task_id join job j on j.id = a.job_id
     where g.configured order by a.dispatched_at`,
    [from],
  );
