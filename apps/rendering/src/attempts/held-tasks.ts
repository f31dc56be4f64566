import type { DataSource, EntityManager } from 'typeorm';
import { endHoldsLonger, isAnyHeldLonger } from '../jobs/task-store';
import { underFence } from '../leadership';

/** Losses of one task to restarts and dropped connections before somebody has to look. */
export const maxLosses = 6;

/** Milliseconds that a task waits after its n-th loss. */
export const pauseAfterLossMs = (losses: number): number => 500 * 2 ** losses;

/**
 * Milliseconds that a task waits for a card's folders to be read again, after the card did not list what it was sent.
 * While they are read, however long that takes, the card is given nothing.
 */
export const untilListedMs = 2_000;

const longestPauseMs = pauseAfterLossMs(maxLosses);

/** The moment in so many milliseconds by the database's clock, which is the one that the queue is read by. */
export async function heldFor(tx: EntityManager, ms: number): Promise<Date> {
  const rows: { at: Date }[] = await tx.query('select clock_timestamp() + make_interval(secs => $1) as at', [
    ms / 1000,
  ]);
  const [row] = rows;
  if (row === undefined) throw new Error('the database did not say what time it is');
  return row.at;
}

/**
 * Tasks that are held back longer than any pause lasts are let go: the clock was set back since. Level-triggered, so
 * that such a step costs a task no more than its pause. Downloads hold their tasks until they are done, and are left
 * alone.
 */
export async function letGoOverheld(db: DataSource, fence: string): Promise<void> {
  // A fence locks a row of the lease, which is written then; usually there is nothing to do.
  if (await isAnyHeldLonger(db.manager, longestPauseMs / 1000))
    await underFence(db, fence, (tx) => endHoldsLonger(tx, longestPauseMs / 1000));
}
