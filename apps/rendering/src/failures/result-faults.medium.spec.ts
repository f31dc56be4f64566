import { setTimeout as sleep } from 'node:timers/promises';
import { createTestDatabase, startTestNats, waitFor, type TestNats } from '@tower/testing';
import { FaultBench, story } from '../../harness/fault-bench';
import { GenerationParams } from '../jobs/generation-params.entity';

/**
 * Rows of the failure catalogue about what a graph needs and what comes out. Real: PostgreSQL, NATS, HTTP, two
 * simulated cards as processes.
 */

let nats: TestNats;
let bench: FaultBench;

beforeAll(async () => {
  nats = await startTestNats();
  bench = await FaultBench.open(
    { natsUrl: nats.url, database: await createTestDatabase('rendering'), waitFor },
    { limits: { missingModelMs: 1_000 } },
  );
  await bench.rendered();
});
afterAll(async () => {
  await bench.close();
  await nats.close();
});
afterEach(() => bench.rest());

/**
 * Drops the small card's socket, after which its server is read anew; again where the socket was just not connected,
 * waiting for its next try.
 */
const dropUntil = (seen: () => Promise<boolean>, describe: string): Promise<boolean> =>
  waitFor(
    async () => {
      if (await seen()) return true;
      await bench.small.fault('drop-socket');
      await sleep(1_000);
      return seen();
    },
    { timeoutMs: 30_000, describe },
  );

it('row 9: a full disk takes the card out of service until a light prompt goes through', async () => {
  await bench.small.fault('disk-full');
  const job = await bench.rendered();
  expect(story(job)).toEqual(['rtx3060: disk_full', 'rx9070xt: rendered after other_gpu']);
  await bench.state(bench.small, 'unhealthy', /No space left/);
  expect(story(await bench.rendered())).toEqual(['rx9070xt: rendered']);
  await bench.small.clearFaults();
  await bench.state(bench.small, 'idle');
});

it('row 11: a node that a card does not know sends the task to one that does', async () => {
  await bench.small.fault('missing-class@VAEDecode');
  const job = await bench.rendered();
  expect(story(job)).toEqual(['rtx3060: missing_node', 'rx9070xt: rendered after other_gpu']);
  expect(job.tasks[0]?.attempts[0]?.error?.message).toMatch(/VAEDecode does not exist/);
});

it('row 12: a pack that did not load is noticed when the server comes back, and its card is not asked', async () => {
  const has = async (name: string): Promise<boolean> =>
    (await bench.gpu(bench.small)).inventory?.nodes.includes(name) ?? false;
  expect(await has('VHS_VideoCombine')).toBe(true);
  await bench.small.fault('pack-import-failed@VideoHelper');
  await dropUntil(async () => !(await has('VHS_VideoCombine')), 'the pack to be missed');
});

it.each([
  ['hip', 'HIP out of memory'],
  ['nvidiaNative', 'CUDA out of memory'],
  ['cudaError', 'CUDA error: out of memory'],
  ['hostRam', 'out_of_memory'],
])('row 14: memory that runs out in the words of %s is met with an emptied card first', async (word, text) => {
  await bench.small.fault({ kind: 'oom', node: 'KSampler', word });
  const job = await bench.rendered();
  expect(story(job)).toEqual(['rtx3060: out_of_memory', 'rtx3060: rendered after free_models']);
  expect(JSON.stringify(job.tasks[0]?.attempts[0]?.error)).toContain(text);
});

it.each(['black-image@VAEDecode', 'nan-image@VAEDecode'])(
  'row 17: a black picture (%s) counts as failed and gets another seed',
  async (fault) => {
    await bench.small.fault(fault);
    const id = await bench.request();
    const job = await bench.ended(id);
    const attempts = job.tasks[0]?.attempts ?? [];
    expect(attempts[0]).toMatchObject({ outcome: 'black_output' });
    expect(attempts[1]?.recovery?.step).toBe('other_seed');
    expect(attempts[1]?.seed).not.toBe(attempts[0]?.seed);
    expect(job.status).toBe('completed');
    expect(story(job).at(-1)).toMatch(/^rx9070xt: rendered/);
  },
);

it('row 18: success without a file is a failure, tried elsewhere, where nothing is remembered of it', async () => {
  await bench.small.fault('blocker@VAEDecode');
  expect(story(await bench.rendered())).toEqual(['rtx3060: blocked', 'rx9070xt: rendered after other_gpu']);
});

it('row 19: files that are gone when they are fetched are rendered again under another name', async () => {
  await bench.small.fault('delete-files');
  const job = await bench.ended(await bench.request(), 90_000);
  expect(job.status).toBe('completed');
  const [first, second] = story(job);
  expect(first).toBe('rtx3060: outputs_missing');
  expect(second).toMatch(/: rendered(_from_cache)? after again$/);
  const [lost, again] = job.tasks[0]?.attempts ?? [];
  expect(lost?.prompt_id).not.toBe(again?.prompt_id);
});

it.each(['empty-file@SaveImage', 'truncated-file@SaveImage'])(
  'row 31: a file that is not whole (%s) is a failure, whatever the server says',
  async (fault) => {
    await bench.small.fault(fault);
    const job = await bench.ended(await bench.request(), 90_000);
    expect(job.status).toBe('completed');
    expect(job.tasks[0]?.attempts[0]).toMatchObject({ state: 'failed', outcome: 'outputs_missing' });
  },
);

it('rows 27, 28 and 29: every attempt writes under its own prefix, without what a server would replace', async () => {
  await bench.small.fault('file-race', 'blocker@VAEDecode');
  const job = await bench.rendered();
  const params = await bench.harness.db.manager.findBy(GenerationParams, { jobId: job.id });
  const prefixes = params.flatMap(({ graph }) =>
    Object.values(graph as Record<string, { inputs: Record<string, unknown> }>).flatMap(
      (node) => node.inputs['filename_prefix'] ?? [],
    ),
  );
  expect(prefixes).toHaveLength(2);
  expect(new Set(prefixes).size).toBe(2);
  for (const prefix of prefixes) expect(prefix).toMatch(/^tower\/[0-9a-f-]{36}\/001-a\d+$/);
});

it('row 30: a temp folder that is wiped takes nothing of ours along', async () => {
  await bench.small.fault('wipe-temp');
  expect(story(await bench.rendered())).toEqual(['rtx3060: rendered']);
});

it('row 32: a download that fails at first use is tried once more', async () => {
  await bench.small.fault('download-failed@KSampler');
  const job = await bench.rendered();
  const [first, second] = story(job);
  expect(first).toBe('rtx3060: network');
  expect(second).toMatch(/: rendered after again$/);
});

it('row 36: a server whose nodes have changed is not given what it would refuse, and says why', async () => {
  const drifts = async (): Promise<boolean> =>
    Object.keys((await bench.gpu(bench.small)).inventory?.misfits ?? {}).length > 0;
  await bench.small.fault('version-drift@KSampler');
  await dropUntil(drifts, 'the drift to be noticed');
  const { warnings } = await bench.gpu(bench.small);
  expect(warnings.join()).toMatch(/does not fit workflow anime-still-sd15.*KSampler\.resolution_steps/);
  expect(story(await bench.rendered())).toEqual(['rx9070xt: rendered']);
  await bench.small.clearFaults();
  await dropUntil(async () => !(await drifts()), 'the drift to be gone');
});

// The last ones: cards have been seen without the file, and are read again only by and by.
it('row 10: a model that a card lost sends the task to a card that has it', async () => {
  await bench.small.fault('missing-model@anime_sd15.safetensors');
  const job = await bench.rendered({ model_name: 'anime_sd15.safetensors' });
  expect(job.status).toBe('completed');
  expect(story(job).at(-1)).toMatch(/^rx9070xt: rendered/);
});

it('row 10: a model that no card has any more is waited for, then the job fails with its file and folder', async () => {
  const id = await bench.request({ model_name: 'anime_sd15.safetensors', count: 1 });
  await bench.ended(id);
  await Promise.all(
    [bench.small, bench.big].map((card) => card.fault({ kind: 'missing-model', node: 'anime_sd15.safetensors' })),
  );
  const job = await bench.ended(await bench.request({ model_name: 'anime_sd15.safetensors' }));
  expect(job).toMatchObject({
    status: 'failed',
    error: {
      code: 'model_missing',
      message: expect.stringContaining('rtx3060 lacks models/checkpoints/anime_sd15.safetensors') as string,
      hint: expect.stringMatching(
        /anime_sd15\.safetensors belongs into models\/checkpoints of (rtx3060|rx9070xt)/,
      ) as string,
    },
  });
});
