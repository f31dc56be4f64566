import type { Metrics } from '@tower/kit';
import type { DataSource } from 'typeorm';
import { z } from 'zod';

/** What a pool of pg says of itself; TypeORM does not know its type. */
const pgDriver = z.object({
  master: z.object({ totalCount: z.int(), idleCount: z.int(), waitingCount: z.int() }),
});

/** Connections of one pool, and who waits for one. */
export interface PoolUse {
  busy: number;
  idle: number;
  waiting: number;
}

/** How a pool is used at this moment; all zero while it is not connected. */
export function poolUse(db: DataSource): PoolUse {
  if (!db.isInitialized) return { busy: 0, idle: 0, waiting: 0 };
  const { totalCount, idleCount, waitingCount } = pgDriver.parse(db.driver).master;
  return { busy: totalCount - idleCount, idle: idleCount, waiting: waitingCount };
}

/** Declared once per process. */
export class DatabaseMetrics {
  private readonly connections = this.metrics.gauge({
    name: 'tower_database_connections',
    help: 'Connections to the database for own work and for answers, and those who wait for one',
    labels: { pool: ['work', 'answers'], state: ['busy', 'idle', 'waiting'] },
  });

  constructor(private readonly metrics: Metrics) {}

  note(pool: 'work' | 'answers', { busy, idle, waiting }: PoolUse): void {
    this.connections.set({ pool, state: 'busy' }, busy);
    this.connections.set({ pool, state: 'idle' }, idle);
    this.connections.set({ pool, state: 'waiting' }, waiting);
  }
}
