import type { EntityManager } from 'typeorm';

/**
 * When a job that comes now takes its place in the queue, which is served in the order of arrival: now, or just after
 * the newest job that is not over where the clock was set back since that one came. Lists sort by ids of that moment.
 */
export async function arrivalOf(tx: EntityManager, now: Date): Promise<Date> {
  // One look at the end of an index.
  const rows: { at: Date | null }[] = await tx.query('select max(created_at) as at from job where ended_at is null');
  const newest = rows[0]?.at ?? null;
  return newest === null || newest < now ? now : new Date(newest.getTime() + 1);
}
