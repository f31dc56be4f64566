import { newId } from '@tower/kit';
import { createTestDatabase, startTestNats, waitFor, type TestNats } from '@tower/testing';
import { FaultBench, story } from '../../harness/fault-bench';
import { Attempt } from '../jobs/attempt.entity';
import { Task } from '../jobs/task.entity';

/**
 * What becomes of a prompt that was sent to a card while it worked on another one. Real: PostgreSQL, NATS, HTTP, two
 * simulated cards as processes; all but one drill have but one card up.
 */

let nats: TestNats;
let bench: FaultBench;

beforeAll(async () => {
  nats = await startTestNats();
  bench = await FaultBench.open(
    { natsUrl: nats.url, database: await createTestDatabase('rendering'), waitFor },
    // Whatever a prompt is expected to take, the next one is sent as soon as it runs.
    { prefetchSeconds: 3_600 },
  );
  await bench.rendered();
});
afterAll(async () => {
  await bench.close();
  await nats.close();
});
beforeEach(async () => {
  await bench.big.kill();
  await bench.state(bench.big, 'down');
});
afterEach(() => bench.rest());

const long = { steps: 100, width: 1024, height: 1024 };
const longer = { steps: 150, width: 1536, height: 1536 };
const attemptsOf = (jobId: string): Promise<Attempt[]> =>
  bench.harness.db.manager.find(Attempt, { where: { jobId }, order: { n: 'ASC' } });
const lossesOf = async (jobId: string): Promise<number> =>
  (await bench.harness.db.manager.findOneByOrFail(Task, { jobId })).losses;

/** One that the card works on for some seconds, and one that waits behind it. */
async function two(size = long): Promise<{ first: string; behind: string }> {
  const first = await bench.request(size);
  await waitFor(async () => (await bench.harness.job(first)).progress > 0, {
    timeoutMs: 20_000,
    describe: 'the first to run',
  });
  const behind = await bench.request();
  await isAhead(behind);
  return { first, behind };
}
const isAhead = (jobId: string): Promise<unknown> =>
  waitFor(async () => (await attemptsOf(jobId)).some(({ slot, state }) => slot === 1 && state === 'running'), {
    timeoutMs: 20_000,
    describe: `job ${jobId} to wait behind another one`,
  });
const outcomes = async (jobId: string): Promise<string[]> =>
  (await attemptsOf(jobId)).map(({ gpu, state, outcome }) => `${gpu}: ${state}, ${String(outcome)}`);

it('waits on the card, and is rendered there after the one before it', async () => {
  const { first, behind } = await two();
  expect(await bench.harness.job(behind)).toMatchObject({
    status: 'processing',
    stage: 'Waiting in the queue of rtx3060: a prompt is before it',
    progress: 0,
  });
  expect(story(await bench.ended(first))).toEqual(['rtx3060: rendered']);
  expect(story(await bench.ended(behind))).toEqual(['rtx3060: rendered']);
  expect((await attemptsOf(behind)).map(({ slot, prefetched }) => [slot, prefetched])).toEqual([[0, true]]);
});

it('is taken back for something urgent, which goes first then', async () => {
  const { first, behind } = await two();
  const urgent = await bench.request({ priority: 'urgent' });
  await isAhead(urgent);
  for (const id of [first, urgent, behind]) await bench.ended(id);
  expect(await outcomes(behind)).toEqual([
    `rtx3060: lost, taken back from rtx3060 before it began: job ${urgent} has a higher priority and goes first`,
    'rtx3060: succeeded, rendered',
  ]);
  expect([await outcomes(first), await outcomes(urgent)]).toEqual([
    ['rtx3060: succeeded, rendered'],
    ['rtx3060: succeeded, rendered'],
  ]);
  const [ofUrgent] = await attemptsOf(urgent);
  const second = (await attemptsOf(behind))[1];
  expect(second?.endedAt?.getTime()).toBeGreaterThan(ofUrgent?.endedAt?.getTime() ?? Infinity);
  expect(await lossesOf(behind)).toBe(0);
});

it('is cancelled without a word to the one that runs', async () => {
  const { first, behind } = await two();
  await bench.harness.jobs.cancel({ context: { correlationId: newId() }, id: behind, reason: 'not wanted' });
  const [cancelled] = await attemptsOf(behind);
  await waitFor(
    async () => {
      const queue = await (await fetch(`${bench.small.url}/queue`)).text();
      return !queue.includes(cancelled?.promptId ?? '');
    },
    { timeoutMs: 20_000, describe: 'its prompt to leave the card' },
  );
  expect(story(await bench.ended(first))).toEqual(['rtx3060: rendered']);
  expect(await outcomes(behind)).toEqual(['rtx3060: cancelled, cancelled']);
});

it('goes back in line at nobody’s cost when its server dies under the one before it', async () => {
  const { first, behind } = await two();
  await bench.small.kill();
  await bench.small.start();
  expect((await bench.ended(first)).status).toBe('completed');
  expect((await bench.ended(behind)).status).toBe('completed');
  expect((await outcomes(first))[0]).toMatch(/^rtx3060: lost, process_gone/);
  expect((await outcomes(behind))[0]).toMatch(/^rtx3060: lost, (?!process_gone)/);
  expect(await lossesOf(behind)).toBe(0);
});

it('goes back in line when somebody else takes it out of the queue', async () => {
  const { first, behind } = await two();
  const [ahead] = await attemptsOf(behind);
  await fetch(`${bench.small.url}/queue`, { method: 'POST', body: JSON.stringify({ delete: [ahead?.promptId] }) });
  await bench.ended(first);
  await bench.ended(behind);
  expect((await attemptsOf(behind)).map(({ state }) => state)).toEqual(['lost', 'succeeded']);
  expect(await lossesOf(behind)).toBe(0);
});

it('is followed on by the next leader, as the one before it is', async () => {
  const { first, behind } = await two();
  await bench.restartScheduler();
  for (const id of [first, behind]) expect(story(await bench.ended(id))).toEqual(['rtx3060: rendered']);
});

it('is taken back for another card that is free', async () => {
  const { first, behind } = await two(longer);
  await bench.big.start();
  for (const id of [first, behind]) await bench.ended(id);
  expect(await outcomes(behind)).toEqual([
    'rtx3060: lost, taken back from rtx3060 before it began: rx9070xt is free and can start it now',
    'rx9070xt: succeeded, rendered',
  ]);
});

it('is taken back from a card that is drained, and the one before it ends there', async () => {
  const { first, behind } = await two();
  const { cards } = bench.harness.steering;
  const context = { correlationId: newId() };
  await cards.drain({ context, name: 'rtx3060', body: { who: 'Mai', reason: 'dust' } });
  expect(story(await bench.ended(first))).toEqual(['rtx3060: rendered']);
  await waitFor(async () => (await bench.harness.job(behind)).status === 'queued', {
    timeoutMs: 20_000,
    describe: 'the other one to wait again',
  });
  await cards.resume({ context, name: 'rtx3060', body: { who: 'Mai' } });
  await bench.ended(behind);
  expect((await outcomes(behind))[0]).toMatch(
    /^rtx3060: lost, taken back from rtx3060 before it began: rtx3060 is drained/,
  );
  expect(await lossesOf(behind)).toBe(0);
});

it('is taken back from a card that hangs, and rendered elsewhere', async () => {
  await bench.small.fault('hang@KSampler/20');
  const { first, behind } = await two();
  await bench.state(bench.small, 'unhealthy', /restart this ComfyUI$/, 90_000);
  await bench.big.start();
  for (const id of [first, behind]) expect((await bench.ended(id)).status).toBe('completed');
  expect((await outcomes(first))[0]).toBe('rtx3060: failed, hung');
  expect((await outcomes(behind))[0]).toMatch(/^rtx3060: lost, taken back/);
  expect(await lossesOf(behind)).toBe(0);
});
