import type { EntityManager } from 'typeorm';

/** Whoever deletes uploads does so alone: a file is not deleted while it is being given its place once more. */
export const lockUploads = (tx: EntityManager, how: 'shared' | 'alone'): Promise<unknown> =>
  tx.query(
    `select pg_advisory_xact_lock${how === 'shared' ? '_shared' : ''}(hashtextextended('rendering:uploads', 0))`,
  );
