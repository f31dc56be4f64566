import { newId } from '@tower/kit';
import { createTestDatabase, startTestNats, waitFor, type TestNats } from '@tower/testing';
import { FaultBench, story } from '../../harness/fault-bench';
import { Attempt } from '../jobs/attempt.entity';

/**
 * Rows of the failure catalogue between the server and us: sockets, HTTP, its queue and history, interrupts. Real:
 * PostgreSQL, NATS, HTTP, two simulated cards as processes.
 */

let nats: TestNats;
let bench: FaultBench;

beforeAll(async () => {
  nats = await startTestNats();
  bench = await FaultBench.open({ natsUrl: nats.url, database: await createTestDatabase('rendering'), waitFor });
  await bench.rendered();
});
afterAll(async () => {
  await bench.close();
  await nats.close();
});
afterEach(() => bench.rest());

const starts = (promptId: string): number =>
  [bench.small, bench.big].flatMap((card) => card.executed('start')).filter((line) => line.prompt_id === promptId)
    .length;
const slow = { steps: 60, width: 768, height: 768 };

it.each([
  ['row 6: a socket that is dropped while a prompt samples', 'drop-socket@progress'],
  ['row 6: a socket that neither speaks nor answers', 'dead-socket'],
  ['row 6: a publisher that stands still', 'stall-publisher=4000'],
  ['row 8: an event loop that stands still', 'block-loop@KSampler/2=4000'],
  ['row 8: a history that is slow', 'slow-history=1500'],
  ['row 20: somebody who takes over our client id', 'steal-client-id'],
  ['messages of packs and of later versions', 'unknown-messages'],
  ['a progress bar that starts anew', 'progress-reset'],
  ['previews of a pack with their own header', 'vhs-preview-frame'],
  ['JSON with NaN, Infinity and 2^64-1', 'nan-in-json'],
  ['a progress state of thousands of nodes', 'huge-progress-state=2000'],
  ['a history that is late', 'history-delay=1500'],
])('%s costs no attempt', async (_row, fault) => {
  await bench.small.fault(fault);
  const job = await bench.rendered();
  expect(story(job)).toEqual(['rtx3060: rendered']);
});

it('row 7: a socket that hears nothing is noticed at the next prompt and made anew', async () => {
  const before = await bench.metric('rendering_deaf_sockets_total');
  await bench.small.fault('deaf-socket');
  expect(story(await bench.rendered(slow))).toEqual(['rtx3060: rendered']);
  await waitFor(async () => (await bench.metric('rendering_deaf_sockets_total')) > before, {
    timeoutMs: 10_000,
    describe: 'the deaf socket to be counted',
  });
});

it.each([
  ['row 21: a prompt that is accepted and answered with 500', 'accepted-500'],
  ['row 22: an acceptance that never arrives', 'reply-lost'],
  ['row 22: an acceptance that comes late', 'reply-late=3000'],
])('%s is found and not sent again', async (_row, fault) => {
  await bench.small.fault(fault);
  const job = await bench.rendered();
  expect(story(job)).toEqual(['rtx3060: rendered']);
  expect(starts(job.tasks[0]?.attempts[0]?.prompt_id ?? '')).toBe(1);
});

it('a server that refuses prompts for their own sake is not blamed, and takes the next one', async () => {
  await bench.small.fault({ kind: 'refuse-prompt', times: 3, amount: 413 });
  for (let n = 0; n < 3; n++) {
    const job = await bench.rendered();
    expect(story(job)).toEqual(['rtx3060: invalid', 'rx9070xt: rendered after other_gpu']);
    expect(job.tasks[0]?.attempts[0]?.error).toMatchObject({
      code: 'comfyui_refused_413',
      message: expect.stringContaining('Maximum request body size 104857600 exceeded.') as string,
    });
  }
  expect((await bench.gpu(bench.small)).health).toMatchObject({ failuresInRow: 0, trouble: null });
  expect(story(await bench.rendered())).toEqual(['rtx3060: rendered']);
});

it('row 23: an entry that is gone from the history does not lose the picture, because its name is known', async () => {
  await bench.small.fault('evict-history=0');
  const job = await bench.rendered();
  expect(job.tasks[0]?.attempts.map((attempt) => attempt.state)).toEqual(['succeeded']);
  expect(story(job)[0]).toMatch(/^rtx3060: rendered(_and_found)?$/);
  expect((await bench.harness.reader.artifacts({ id: job.id, limit: 5 })).items).toHaveLength(1);
});

it('row 24: a queue that somebody cleared loses the attempt, and the task is rendered again', async () => {
  await bench.small.fault('clear-queue');
  const job = await bench.rendered();
  expect(job.status).toBe('completed');
  expect(job.tasks[0]?.attempts.length).toBeLessThanOrEqual(2);
});

it('row 25: a prompt that somebody interrupts is tried once more, and then left to people', async () => {
  await bench.small.fault('human-interrupt@KSampler/2');
  const [first, second] = story(await bench.rendered());
  expect(first).toBe('rtx3060: interrupted');
  expect(second).toMatch(/: rendered after again$/);
  await bench.rest();
  for (const card of [bench.small, bench.big])
    await card.fault({ kind: 'human-interrupt', node: 'KSampler', tick: 2, times: 2 });
  const job = await bench.rendered();
  expect(job).toMatchObject({
    status: 'failed',
    error: { code: 'comfyui_interrupted', message: expect.stringContaining('interrupted it twice') as string },
  });
});

it.each(['lose-interrupt', 'swallow-interrupt@KSampler'])(
  'row 26: an interrupt that has no effect (%s) is repeated until the prompt is gone',
  async (fault) => {
    const id = await bench.request({ steps: 150, width: 1024, height: 1024 });
    await waitFor(() => bench.small.executed('start').length > bench.small.executed('end').length, {
      timeoutMs: 20_000,
      describe: 'the prompt to start',
    });
    await bench.small.fault(fault);
    await bench.harness.jobs.cancel({ context: { correlationId: newId() }, id, reason: '' });
    await bench.state(bench.small, 'idle');
    expect(bench.small.executed('end').at(-1)?.outcome).toBe('interrupted');
  },
);

it('row 26: an interrupt that hits the next prompt does not count against it', async () => {
  const id = await bench.request({ steps: 150, width: 1024, height: 1024 });
  await waitFor(() => bench.small.executed('start').length > bench.small.executed('end').length, {
    timeoutMs: 20_000,
    describe: 'the prompt to start',
  });
  await bench.small.fault('collateral-interrupt');
  await bench.harness.jobs.cancel({ context: { correlationId: newId() }, id, reason: '' });
  await bench.state(bench.small, 'idle');
  const job = await bench.rendered();
  expect(job.status).toBe('completed');
  expect(story(job).every((chapter) => /rendered|interrupt_collateral/.test(chapter))).toBe(true);
});

it('row 35: a clock that is an hour ahead changes no measured time', async () => {
  await bench.small.fault('clock-skew=3600000');
  const job = await bench.rendered();
  const id = job.tasks[0]?.attempts[0]?.id ?? '';
  const { seconds, timings } = await bench.harness.db.manager.findOneByOrFail(Attempt, { id });
  expect(seconds).toBeGreaterThan(0);
  for (const part of [seconds, timings?.load, timings?.sampling, timings?.fixed]) {
    expect(part).toBeLessThan(60);
    expect(part).toBeGreaterThanOrEqual(0);
  }
});

it('row 38: every prompt id is a canonical UUID, which newer servers insist on', async () => {
  const job = await bench.rendered();
  for (const attempt of job.tasks[0]?.attempts ?? [])
    expect(attempt.prompt_id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});
