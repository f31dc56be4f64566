import { databaseFor, Lease } from '@tower/db';
import { createLogger, newId, systemClock } from '@tower/kit';
import { createTestDatabase, waitFor, type TestDatabase } from '@tower/testing';
import type { DataSource } from 'typeorm';
import { jobEntities, Task } from '../jobs/job.entity';
import { heldFor, letGoOverheld, maxLosses, pauseAfterLossMs } from './held-tasks';
import { schedulerLease } from './scheduler-lease';

/** Real here: PostgreSQL and a lease. */

let database: TestDatabase;
let db: DataSource;
let lease: Lease;
let fence: string;

beforeEach(async () => {
  database = await createTestDatabase('rendering');
  db = await databaseFor({
    url: database.url,
    schema: 'rendering',
    service: 'rendering',
    entities: jobEntities,
  }).initialize();
  lease = new Lease(db, schedulerLease, 'spec', systemClock, createLogger('held', 'silent'));
  lease.start();
  fence = await waitFor(() => lease.held());
});
afterEach(async () => {
  await lease.stop();
  await db.destroy();
  await database.drop();
});

async function held(seconds: number, changes: Partial<Task> = {}): Promise<string> {
  const id = newId();
  const notBefore = await heldFor(db.manager, seconds * 1_000);
  await db.manager.insert(Task, {
    id,
    jobId: newId(),
    idx: 0,
    state: 'queued',
    seed: 1,
    attempts: 0,
    losses: 1,
    regenerations: 0,
    excludedGpus: [],
    notBefore,
    error: null,
    createdAt: new Date(),
    ...changes,
  });
  return id;
}
const isHeld = async (id: string): Promise<boolean> =>
  (await db.manager.findOneByOrFail(Task, { id })).notBefore !== null;

it('lets go what is held back longer than any pause, and nothing else', async () => {
  const longest = pauseAfterLossMs(maxLosses - 1) / 1_000;
  const wantsModel = { gpu: 'rtx3060', folder: 'vae', name: 'a.safetensors', receivedBytes: 0, totalBytes: null };
  const ids = [
    await held(3_600),
    await held(longest),
    await held(7 * 24 * 3_600, { wantsModel }),
    await held(3_600, { state: 'cancelled' }),
  ];
  await letGoOverheld(db, fence);
  expect(await Promise.all(ids.map(isHeld))).toEqual([false, true, true, true]);
});

it('lets nothing go for a process that no longer leads', async () => {
  const id = await held(3_600);
  await expect(letGoOverheld(db, String(Number(fence) - 1))).rejects.toMatchObject({ code: 'lease_lost' });
  expect(await isHeld(id)).toBe(true);
});
