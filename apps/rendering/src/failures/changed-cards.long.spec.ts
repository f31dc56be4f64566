import { gpuConfig, type JobView } from '@tower/contracts';
import {
  createTestDatabase,
  startTestNats,
  waitFor,
  SimProcess,
  type TestDatabase,
  type TestNats,
} from '@tower/testing';
import { RenderingHarness } from '../../harness/rendering-harness';
import { Gpu } from '../cards/card.entity';
import { Attempt } from '../jobs/attempt.entity';
import { Task } from '../jobs/task.entity';

/**
 * Tower stopped, other cards configured, Tower started. Real: PostgreSQL, NATS, HTTP, two simulated cards as processes
 * that go on meanwhile.
 */

/** A busy machine renders slowly. */
jest.setTimeout(240_000);

let nats: TestNats;
let database: TestDatabase;
let harness: RenderingHarness;
let first: SimProcess;
let second: SimProcess;

beforeAll(async () => {
  nats = await startTestNats();
});
afterAll(() => nats.close());
beforeEach(async () => {
  database = await createTestDatabase('rendering');
  [first, second] = await Promise.all([
    new SimProcess('rtx3060', 'rtx3060', 0.1).start(),
    new SimProcess('rx9070xt', 'rx9070xt', 0.1).start(),
  ]);
  harness = await RenderingHarness.on(database.url, nats.url, []);
});
afterEach(async () => {
  await harness.close();
  await Promise.all([first.close(), second.close()]);
  await database.drop();
});

const configured = (cards: Record<string, SimProcess>) => ({
  gpus: Object.entries(cards).map(([name, card]) => gpuConfig.parse({ name, url: card.url })),
});
/** Long enough to be met in the middle by what is done next. */
const long = { auto_quality_check: false, width: 1024, height: 1024, steps: 60 };
const request = async (): Promise<string> =>
  (await harness.request({ ...long, seed: Math.floor(Math.random() * 1e9) })).job_id;

/** Starts a scheduler with these cards, waits until every job is on one of them, and stops it. */
async function runningOn(cards: Record<string, SimProcess>, ids: readonly string[]): Promise<void> {
  const leader = await harness.startLeader('before', configured(cards));
  await waitFor(async () => (await harness.db.manager.countBy(Attempt, { state: 'running' })) === ids.length, {
    timeoutMs: 90_000,
    describe: 'the prompts to run',
  });
  await leader.stop();
}

const completed = async (id: string): Promise<JobView> => {
  await waitFor(async () => (await harness.job(id)).ended_at !== null, {
    timeoutMs: 120_000,
    describe: `job ${id} to end`,
  });
  const job = await harness.job(id);
  expect(job.status).toBe('completed');
  return job;
};
const attemptsOf = (job: JobView): string[] =>
  (job.tasks[0]?.attempts ?? []).map(({ gpu, state, outcome }) => `${gpu}: ${state}, ${outcome ?? ''}`);
const starts = (card: SimProcess): number => card.executed('start').length;

it('renders again elsewhere what ran on a card that was taken out, and counts it against nobody', async () => {
  const id = await request();
  await runningOn({ old: first }, [id]);
  await harness.startLeader('after', configured({ mycard: second }));
  expect(attemptsOf(await completed(id))).toEqual([
    'old: lost, old is no longer configured',
    'mycard: succeeded, rendered',
  ]);
  expect(await harness.db.manager.findOneByOrFail(Task, { jobId: id })).toMatchObject({
    losses: 0,
    recovery: [],
    excludedGpus: [],
  });
});

it('renders again what waited to be fetched from a card that was taken out, and fetches the rest', async () => {
  const ids = await Promise.all([request(), request()]);
  await runningOn({ old: first, mycard: second }, ids);
  await harness.db.query(
    `update attempt set state = 'collecting', ended_at = now(), seconds = 1,
       outputs = '[{"filename":"gone_1.png","subfolder":"","type":"output"}]' where gpu = 'old'`,
  );
  await harness.startLeader('after', configured({ mycard: second }));
  const stories = (await Promise.all(ids.map(completed))).map(attemptsOf).sort();
  expect(stories).toEqual([
    ['mycard: succeeded, rendered'],
    ['old: lost, old is no longer configured', 'mycard: succeeded, rendered'],
  ]);
});

it('goes on with what runs on a card that was renamed, and renders it once', async () => {
  const id = await request();
  await runningOn({ old: first }, [id]);
  await harness.startLeader('after', configured({ renamed: first }));
  expect(attemptsOf(await completed(id))).toEqual(['renamed: succeeded, rendered']);
  expect(starts(first)).toBe(1);
});

it('finds both prompts again when two cards exchanged their names', async () => {
  const ids = await Promise.all([request(), request()]);
  await runningOn({ left: first, right: second }, ids);
  await harness.startLeader('after', configured({ left: second, right: first }));
  for (const job of await Promise.all(ids.map(completed)))
    expect(attemptsOf(job)).toEqual([expect.stringMatching(/^(left|right): succeeded, rendered$/)]);
  expect([starts(first), starts(second)]).toEqual([1, 1]);
});

it('gives up a prompt whose card is another server now', async () => {
  const id = await request();
  await runningOn({ mycard: first }, [id]);
  await harness.startLeader('after', configured({ mycard: second }));
  expect(attemptsOf(await completed(id))).toEqual([
    'mycard: lost, mycard is another ComfyUI server now',
    'mycard: succeeded, rendered',
  ]);
});

it('lets jobs wait when no card is left, and takes their prompts off one that comes back renamed', async () => {
  const id = await request();
  await first.fault('hang-interruptible@KSampler/2');
  await runningOn({ old: first }, [id]);
  const without = await harness.startLeader('without', { gpus: [] });
  await waitFor(async () => (await harness.job(id)).status === 'queued', {
    timeoutMs: 60_000,
    describe: 'the job to wait again',
  });
  expect((await harness.job(id)).stage).toMatch(/no card is configured/);
  expect(await harness.db.manager.findBy(Gpu, { configured: true })).toEqual([]);
  await without.stop();

  await first.clearFaults();
  await harness.startLeader('after', configured({ back: first }));
  expect(attemptsOf(await completed(id))).toEqual([
    'old: lost, old is no longer configured',
    'back: succeeded, rendered',
  ]);
  expect(first.executed('end').map(({ outcome }) => outcome)).toEqual(['interrupted', 'success']);
});
