import { createTestDatabase, FixedClock, startTestNats, type TestDatabase, type TestNats } from '@tower/testing';
import { RenderingHarness } from '../../harness/rendering-harness';
import { firstInLine } from '../planning/queue.queries';

/** Real here: PostgreSQL and NATS. */

let nats: TestNats;
let database: TestDatabase;
let harness: RenderingHarness;
let clock: FixedClock;

beforeAll(async () => {
  nats = await startTestNats();
});
afterAll(() => nats.close());
beforeEach(async () => {
  database = await createTestDatabase('rendering');
  clock = new FixedClock();
  harness = await RenderingHarness.on(database.url, nats.url, [], { clock });
});
afterEach(async () => {
  await harness.close();
  await database.drop();
});

const ask = async (priority: 'normal' | 'high' = 'normal'): Promise<string> =>
  (await harness.request({ priority })).job_id;

it('keeps the order of the queue and of the list when the clock is set back and forward', async () => {
  const ids = [await ask(), await ask()];
  clock.setWall(-3_600_000);
  ids.push(await ask(), await ask());
  clock.setWall(7_200_000);
  ids.push(await ask());
  clock.setWall(-7_200_000);
  const urgent = await ask('high');
  expect((await firstInLine(harness.db.manager, 10, 'changed')).map((row) => row.job_id)).toEqual([urgent, ...ids]);
  expect((await harness.reader.list({ limit: 10 })).items.map((job) => job.id)).toEqual([
    urgent,
    ...[...ids].reverse(),
  ]);
});

it('goes by the clock again as soon as nothing from before is left', async () => {
  const first = await ask();
  clock.setWall(-3_600_000);
  await harness.jobs.cancel({ context: { correlationId: first }, id: first, reason: '' });
  expect((await harness.job(await ask())).created_at).toBe(clock.now().toISOString());
});
