import { gpuConfig, type JobView } from '@tower/contracts';
import type { Clock } from '@tower/kit';
import {
  createTestDatabase,
  startTestNats,
  waitFor,
  SimProcess,
  type TestDatabase,
  type TestNats,
} from '@tower/testing';
import { shortLimits } from '../../harness/fault-bench';
import { RenderingHarness } from '../../harness/rendering-harness';
import { Gpu } from '../cards/card.entity';
import { Attempt } from '../jobs/attempt.entity';
import { Task } from '../jobs/task.entity';

/**
 * Somebody sets the clock of the machine, by hand or by NTP. Real: PostgreSQL, NATS, HTTP, a simulated card as a
 * process. The clock of rendering can be set.
 */

/** A busy machine renders slowly. */
jest.setTimeout(240_000);

const hour = 3_600_000;
let nats: TestNats;
let database: TestDatabase;
let harness: RenderingHarness;
let card: SimProcess;
let shiftMs: number;
const clock: Clock = { now: () => new Date(Date.now() + shiftMs), monotonicMs: () => performance.now() };

beforeAll(async () => {
  nats = await startTestNats();
});
afterAll(() => nats.close());
beforeEach(async () => {
  shiftMs = 0;
  database = await createTestDatabase('rendering');
  card = await new SimProcess('rtx3060', 'rtx3060').start();
  harness = await RenderingHarness.on(database.url, nats.url, [gpuConfig.parse({ name: card.name, url: card.url })], {
    clock,
  });
});
afterEach(async () => {
  await harness.close();
  await card.close();
  await database.drop();
});

const start = () => harness.startLeader(undefined, { clock, limits: shortLimits });
const request = async (): Promise<string> => (await harness.request({ auto_quality_check: false })).job_id;
const ended = async (id: string): Promise<JobView> => {
  await waitFor(async () => (await harness.job(id)).ended_at !== null, {
    timeoutMs: 90_000,
    describe: `job ${id} to end`,
  });
  return harness.job(id);
};
const lostOnce = (id: string) =>
  waitFor(() => harness.db.manager.findOneBy(Task, { jobId: id, losses: 1 }), {
    timeoutMs: 60_000,
    describe: 'the loss',
  });

it('a lost task is tried again in a moment where rendering is an hour ahead of the database', async () => {
  shiftMs = hour;
  await card.fault('crash@KSampler/2');
  const id = await request();
  await start();
  await lostOnce(id);
  await card.start();
  expect((await ended(id)).status).toBe('completed');
});

it('a task that was held back before the clock was set back is let go', async () => {
  const id = await request();
  await harness.db.query(`update task set not_before = now() + interval '1 hour'`);
  await start();
  expect((await ended(id)).status).toBe('completed');
});

it('a card that rests is tried again after its pause when the clock is set back meanwhile', async () => {
  await card.fault('disk-full');
  await start();
  const id = await request();
  await waitFor(async () => (await harness.db.manager.findOneBy(Gpu, { name: card.name }))?.state === 'unhealthy', {
    timeoutMs: 60_000,
    describe: 'the card to rest',
  });
  shiftMs = -hour;
  await card.clearFaults();
  expect((await ended(id)).status).toBe('completed');
});

it('a prompt that another leader was just sending is not given up early because the clock is set forward', async () => {
  await card.fault('hang-interruptible@KSampler/1');
  const id = await request();
  const former = await start();
  await waitFor(() => harness.db.manager.findOneBy(Attempt, { jobId: id, state: 'running' }), {
    timeoutMs: 60_000,
    describe: 'the prompt to run',
  });
  await former.stop();
  await card.kill();
  await card.start();
  await harness.db.query(`update attempt set state = 'dispatching', started_at = null`);
  shiftMs = hour;
  const since = performance.now();
  await start();
  await waitFor(() => harness.db.manager.findOneBy(Attempt, { jobId: id, state: 'lost' }), {
    timeoutMs: 60_000,
    describe: 'the prompt to be given up',
  });
  expect(performance.now() - since).toBeGreaterThan(9_000);
  expect((await ended(id)).status).toBe('completed');
});
