import { databaseFor, Lease } from '@tower/db';
import { createLogger, systemClock } from '@tower/kit';
import type { DataSource } from 'typeorm';
import { schedulerLease } from '../src/leadership';
import type { BenchResources } from './fault-bench';

/** What the leader's writes need, and no more of the service: a real PostgreSQL, and the scheduler's lease, held. */
export interface LeadingProcess {
  readonly db: DataSource;
  /** Of the lease that is held. */
  readonly fence: string;
  /** Fences of processes that led before, and lead no longer. */
  readonly formerFence: string;
  stop(): Promise<void>;
}

/** Drops the database in the end; `entities` are those that the spec reads and writes. */
export async function startLeading(
  { database, waitFor }: Pick<BenchResources, 'database' | 'waitFor'>,
  entities: NonNullable<Parameters<typeof databaseFor>[0]['entities']>,
): Promise<LeadingProcess> {
  const options = { url: database.url, schema: 'rendering', service: 'rendering', entities };
  const db = await databaseFor(options).initialize();
  const lease = new Lease(db, schedulerLease, 'spec', systemClock, createLogger('lease', 'silent'));
  lease.start();
  const fence = await waitFor(() => lease.held(), { timeoutMs: 10_000, describe: 'the lease to be held' });
  return {
    db,
    fence,
    formerFence: String(Number(fence) - 1),
    stop: async () => {
      await lease.stop();
      await db.destroy();
      await database.drop();
    },
  };
}
