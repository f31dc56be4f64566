import { createTestDatabase, startTestNats, waitFor, type TestNats } from '@tower/testing';
import { FaultBench, story } from '../../harness/fault-bench';

/** Servers that do not take a prompt. Real: PostgreSQL, NATS, HTTP, two simulated cards as processes. */
jest.setTimeout(240_000);

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

const words = '500 Internal Server Error Server got itself in trouble';

it('tries a prompt once more whose server answered 500 and has nothing of it, and blames nobody', async () => {
  await bench.small.fault({ kind: 'refuse-prompt', amount: 500 });
  const job = await bench.rendered();
  expect(job.status).toBe('completed');
  expect(story(job)[0]).toBe('rtx3060: not_taken');
  expect(story(job)[1]).toMatch(/: rendered after again$/);
  expect((await bench.gpu(bench.small)).health).toMatchObject({ failuresInRow: 0, trouble: null });
});

it('fails a job that no server takes with the words of the last one, and both cards go on', async () => {
  for (const card of [bench.small, bench.big]) await card.fault({ kind: 'refuse-prompt', amount: 500, times: 5 });
  const job = await bench.ended(await bench.request(), 120_000);
  expect(job).toMatchObject({
    status: 'failed',
    error: { code: 'comfyui_prompt_not_taken', message: expect.stringContaining(words) as string },
  });
  for (const card of [bench.small, bench.big]) {
    await card.clearFaults();
    expect((await bench.gpu(card)).health).toMatchObject({ failuresInRow: 0, trouble: null });
  }
  expect((await bench.rendered()).status).toBe('completed');
});

it('fails a job that every server refuses at once, with the words of one', async () => {
  for (const card of [bench.small, bench.big]) await card.fault({ kind: 'refuse-prompt', amount: 422, times: 5 });
  const job = await bench.rendered();
  expect(job).toMatchObject({
    status: 'failed',
    error: { code: 'comfyui_refused_422', message: expect.stringContaining('422: the request is refused') as string },
  });
  expect(story(job)).toEqual(['rtx3060: invalid', 'rx9070xt: invalid after other_gpu']);
});
