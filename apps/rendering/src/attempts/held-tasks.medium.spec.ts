import { newId } from '@tower/kit';
import { createTestDatabase, waitFor } from '@tower/testing';
import { startLeading, type LeadingProcess } from '../../harness/leading-process';
import { jobEntities } from '../jobs/job-entities';
import { Task } from '../jobs/task.entity';
import { heldFor, letGoOverheld, maxLosses, pauseAfterLossMs } from './held-tasks';

/** Real here: PostgreSQL and a lease. */

let leading: LeadingProcess;

beforeEach(async () => {
  leading = await startLeading({ database: await createTestDatabase('rendering'), waitFor }, jobEntities);
});
afterEach(() => leading.stop());

async function held(seconds: number, changes: Partial<Task> = {}): Promise<string> {
  const id = newId();
  const notBefore = await heldFor(leading.db.manager, seconds * 1_000);
  await leading.db.manager.insert(Task, {
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
  (await leading.db.manager.findOneByOrFail(Task, { id })).notBefore !== null;

it('lets go what is held back longer than any pause, and nothing else', async () => {
  const longest = pauseAfterLossMs(maxLosses - 1) / 1_000;
  const wantsModel = { gpu: 'rtx3060', folder: 'vae', name: 'a.safetensors', receivedBytes: 0, totalBytes: null };
  const ids = [
    await held(3_600),
    await held(longest),
    await held(7 * 24 * 3_600, { wantsModel }),
    await held(3_600, { state: 'cancelled' }),
  ];
  await letGoOverheld(leading.db, leading.fence);
  expect(await Promise.all(ids.map(isHeld))).toEqual([false, true, true, true]);
});

it('lets nothing go for a process that no longer leads', async () => {
  const id = await held(3_600);
  await expect(letGoOverheld(leading.db, leading.formerFence)).rejects.toMatchObject({ code: 'lease_lost' });
  expect(await isHeld(id)).toBe(true);
});
