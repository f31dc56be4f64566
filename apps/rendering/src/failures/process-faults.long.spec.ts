import { createTestDatabase, startTestNats, waitFor, type TestNats } from '@tower/testing';
import { FaultBench, story } from '../../harness/fault-bench';

/**
 * Rows of the failure catalogue that take a server's process, worker, node or machine. Real: PostgreSQL, NATS, HTTP,
 * two simulated cards as processes.
 */

let nats: TestNats;
let bench: FaultBench;

beforeAll(async () => {
  nats = await startTestNats();
  bench = await FaultBench.open({ natsUrl: nats.url, database: await createTestDatabase('rendering'), waitFor });
  // What has rendered once since its start is no longer given the patience of a first run.
  await bench.rendered();
});
afterAll(async () => {
  await bench.close();
  await nats.close();
});
afterEach(() => bench.rest());

const long = { steps: 100, width: 1024, height: 1024 };

it.each([
  ['row 1: a server that crashes in the middle', 'crash@KSampler/2'],
  ['row 16: a process that a hard fault of the driver ends', 'crash@KSampler/2=134'],
])('%s loses the attempt, and the task is rendered again', async (_row, fault) => {
  await bench.small.fault(fault);
  const id = await bench.request();
  await waitFor(() => !bench.small.isRunning(), { timeoutMs: 30_000, describe: 'the crash' });
  await bench.small.start();
  const job = await bench.ended(id);
  expect(job.status).toBe('completed');
  expect(story(job)[0]).toBe('rtx3060: process_gone');
  expect(job.tasks[0]?.attempts.map((attempt) => attempt.state)).toEqual(['lost', 'succeeded']);
});

it('row 1: a task under which the same card dies twice is kept away from it', async () => {
  await bench.small.fault('crash@KSampler/2');
  const id = await bench.request();
  for (let death = 1; death <= 2; death++) {
    await waitFor(() => !bench.small.isRunning(), { timeoutMs: 45_000, describe: `death ${death}` });
    if (death === 1) await bench.big.kill();
    await bench.small.start();
    if (death === 1) await bench.small.fault('crash@KSampler/2');
    else await bench.big.start();
  }
  const job = await bench.ended(id);
  expect(story(job)).toEqual(['rtx3060: process_gone', 'rtx3060: poison_job', 'rx9070xt: rendered after other_gpu']);
});

it('row 2: a server that is not up yet is waited for, and the job says so', async () => {
  await bench.small.kill();
  await bench.big.kill();
  await bench.state(bench.small, 'down', /does not answer/);
  await bench.state(bench.big, 'down');
  const id = await bench.request();
  expect((await bench.harness.job(id)).stage).toMatch(/rtx3060 \(http.*\) does not answer/);
  await bench.small.start();
  expect(story(await bench.ended(id))).toEqual(['rtx3060: rendered']);
});

it('row 3: a hanging node is interrupted by its id; a disobedient card takes no more till it restarts', async () => {
  await bench.small.fault('hang@KSampler/2');
  const job = await bench.rendered();
  expect(story(job)).toEqual(['rtx3060: hung', 'rx9070xt: rendered after other_gpu']);
  expect(job.tasks[0]?.attempts[0]?.error).toMatchObject({
    code: 'comfyui_hung',
    message: expect.stringContaining('does not obey') as string,
  });
  await bench.state(bench.small, 'unhealthy', /restart this ComfyUI$/);
  expect(story(await bench.rendered())).toEqual(['rx9070xt: rendered']);
  await bench.small.kill();
  await bench.small.start();
  await bench.state(bench.small, 'idle');
});

it('row 3: a node that hangs but obeys costs the attempt, not the card', async () => {
  await bench.rendered();
  await bench.small.fault('hang-interruptible@KSampler/2');
  const job = await bench.rendered();
  expect(story(job)).toEqual(['rtx3060: hung', 'rx9070xt: rendered after other_gpu']);
  await bench.state(bench.small, 'idle');
});

it('row 4: a card whose driver hangs is told from one that is away', async () => {
  await bench.small.fault('gpu-driver-hang@KSampler/1');
  const job = await bench.rendered();
  expect(job.status).toBe('completed');
  expect(story(job).at(-1)).toBe('rx9070xt: rendered after other_gpu');
  await bench.state(bench.small, 'unhealthy', /GPU driver does not|restart this ComfyUI/);
});

it('row 5: a server whose worker died is found out, and its prompts go elsewhere', async () => {
  await bench.rendered();
  await bench.small.fault('zombie-worker');
  const job = await bench.rendered();
  expect(story(job)).toEqual(['rtx3060: hung', 'rx9070xt: rendered after other_gpu']);
  await bench.state(bench.small, 'unhealthy', /restart this ComfyUI$/);
});

it("row 5: a dead worker that holds somebody else's prompt is left to them; work goes to the other card", async () => {
  await bench.small.fault('zombie-worker');
  const post = (body: object) => fetch(`${bench.small.url}/prompt`, { method: 'POST', body: JSON.stringify(body) });
  const graph = {
    '1': { class_type: 'EmptyImage', inputs: { width: 64, height: 64, batch_size: 1, color: 0 } },
    '2': { class_type: 'SaveImage', inputs: { images: ['1', 0], filename_prefix: 'theirs' } },
  };
  await post({ prompt: graph });
  await bench.state(bench.small, 'shared', /somebody else/);
  expect(story(await bench.rendered())).toEqual(['rx9070xt: rendered']);
});

it('row 15: a poisoned process is restarted before it is used again, and the task goes to the other card', async () => {
  await bench.small.fault('poison@KSampler/1');
  const job = await bench.rendered();
  expect(story(job)).toEqual(['rtx3060: poisoned', 'rx9070xt: rendered after other_gpu']);
  await bench.state(bench.small, 'unhealthy', /illegal memory access.*restart this ComfyUI$/);
  expect(story(await bench.rendered())).toEqual(['rx9070xt: rendered']);
});

it('row 33: a first run that tunes kernels is not taken for hung', async () => {
  await bench.small.kill();
  await bench.state(bench.small, 'down');
  await bench.small.start();
  await bench.state(bench.small, 'idle');
  await bench.small.fault({ kind: 'kernel-tuning', node: 'KSampler', ms: 8_000 });
  expect(story(await bench.rendered())).toEqual(['rtx3060: rendered']);
});

it('row 34: a machine that runs out of memory is named in the status', async () => {
  await bench.small.fault('ram-leak=1000000');
  await bench.rendered();
  const warned = await waitFor(
    async () => (await bench.gpu(bench.small)).warnings.find((warning) => /memory free/.test(warning)),
    { timeoutMs: 40_000, describe: 'the warning' },
  );
  expect(warned).toMatch(/restart this ComfyUI when it is idle/);
});

it('row 37: a second process that ends at once leaves the first one and its jobs alone', async () => {
  await bench.small.fault('second-instance');
  expect((await bench.rendered(long)).status).toBe('completed');
});
