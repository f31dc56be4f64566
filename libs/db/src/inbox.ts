import type { DataSource, EntityManager } from 'typeorm';

/**
 * Runs `work` in a transaction unless this consumer has handled the event before; the note that it did commits with the
 * work. Resolves to false for a repeat.
 */
export function handleOnce(
  db: DataSource,
  consumer: string,
  eventId: string,
  work: (tx: EntityManager) => Promise<void>,
): Promise<boolean> {
  return db.transaction(async (tx) => {
    const noted: unknown[] = await tx.query(
      'insert into inbox (consumer, event_id) values ($1, $2) on conflict do nothing returning 1',
      [consumer, eventId],
    );
    if (noted.length === 0) return false;
    await work(tx);
    return true;
  });
}

/** Cheap look before long work; only `handleOnce` decides. */
export async function wasHandled(db: DataSource, consumer: string, eventId: string): Promise<boolean> {
  const found: unknown[] = await db.query('select 1 from inbox where consumer = $1 and event_id = $2', [
    consumer,
    eventId,
  ]);
  return found.length > 0;
}
