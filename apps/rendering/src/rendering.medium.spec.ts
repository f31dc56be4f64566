import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gpuConfig, isOver } from '@tower/contracts';
import { sha256File } from '@tower/imaging';
import { newId } from '@tower/kit';
import {
  createTestDatabase,
  startTestNats,
  waitFor,
  SimProcess,
  type TestDatabase,
  type TestNats,
} from '@tower/testing';
import { RenderingHarness, verdictOn } from '../harness/rendering-harness';
import { Gpu } from './cards/card.entity';
import { Attempt } from './jobs/attempt.entity';
import { RuntimeSample } from './jobs/runtime-sample.entity';

/**
 * Real here: PostgreSQL, NATS, HTTP, files, and the simulated cards as processes. Projects, characters and quality are
 * played.
 */

let database: TestDatabase;
let nats: TestNats;
let cards: SimProcess[];
let harness: RenderingHarness;

const seconds = (n: number): number => n * 1_000;

beforeAll(async () => {
  nats = await startTestNats();
  cards = await Promise.all((['rtx3060', 'rx9070xt'] as const).map((name) => new SimProcess(name, name).start()));
});
afterAll(async () => {
  await Promise.all([nats.close(), ...cards.map((card) => card.close())]);
});

beforeEach(async () => {
  database = await createTestDatabase('rendering');
  harness = await RenderingHarness.on(
    database.url,
    nats.url,
    cards.map((card) =>
      gpuConfig.parse({ name: card.name, url: card.url, prefers: card.name === 'rtx3060' ? ['video'] : ['image'] }),
    ),
  );
});

afterEach(async () => {
  await harness.close();
  await Promise.all([database.drop(), ...cards.map((card) => card.rest())]);
});

async function ended(id: string, verdict: 'passed' | 'failed' = 'passed') {
  return waitFor(
    async () => {
      await harness.judge(verdict);
      const job = await harness.job(id);
      return isOver(job.status) ? job : undefined;
    },
    { timeoutMs: seconds(45), describe: `job ${id} to end` },
  );
}

const seqs = async (id: string): Promise<number[]> =>
  (await harness.reader.events({ id, after: 0, limit: 1000 })).items.map((event) => event.seq);
const gapless = (numbers: number[]): number[] => numbers.map((_, index) => index + 1);

const bothCardsUp = () =>
  waitFor(async () => (await harness.db.manager.countBy(Gpu, { state: 'idle' })) === cards.length, seconds(15));

/** By the cards' own logs: how often each prompt was started, and whether two ever ran at once on one card. */
function overlaps(card: SimProcess): number {
  let running = 0;
  let most = 0;
  for (const line of card.executed()) {
    if (line.event === 'boot') running = 0;
    if (line.event === 'start') most = Math.max(most, ++running);
    if (line.event === 'end') running -= 1;
  }
  return most;
}

it('renders a batch on both cards, checks it and keeps everything about it', async () => {
  await harness.startLeader();
  const accepted = await harness.request({ count: 4, seed: 7, character_ids: [newId()] });
  expect(accepted).toMatchObject({ seed: 7, count: 4, model_name: 'anime_sd15.safetensors', status: 'queued' });

  const job = await ended(accepted.job_id);
  expect(job).toMatchObject({
    status: 'completed',
    progress: 100,
    images_complete: 4,
    gpus: ['rtx3060', 'rx9070xt'],
    full_prompt: '1girl, blue hair, at the window',
    full_negative_prompt: 'lowres',
  });
  expect(job.tasks.map((task) => task.seed)).toEqual([7, 8, 9, 10]);
  expect(job.total_seconds).toBeGreaterThan(0);
  const numbers = await seqs(job.id);
  expect(numbers).toEqual(gapless(numbers));

  const artifacts = (await harness.reader.artifacts({ id: job.id, limit: 50 })).items;
  expect(artifacts).toHaveLength(4);
  for (const artifact of artifacts) {
    expect(artifact).toMatchObject({
      width: 384,
      height: 576,
      media_type: 'image/png',
      simulated: true,
      verdict: 'passed',
      best: true,
    });
    expect(artifact.path).toMatch(/^night-train\/unfiled\/[0-9a-f-]{36}-a1-[1-4]\.png$/);
    expect(await sha256File(join(harness.libraryRoot, artifact.path))).toBe(artifact.sha256);
    const sidecar = JSON.parse(
      await readFile(join(harness.libraryRoot, artifact.path.replace('.png', '.json')), 'utf8'),
    ) as { artifact: { sha256: string }; attempt: { seed: number }; workflow: { graph: object } };
    expect(sidecar).toMatchObject({
      artifact: { sha256: artifact.sha256 },
      attempt: { seed: artifact.seed },
      simulated: true,
    });
    expect(Object.keys(sidecar.workflow.graph)).toContain('10');
    await readFile(join(harness.libraryRoot, '.thumbnails', artifact.sha256.slice(0, 2), `${artifact.sha256}.webp`));
  }
  expect((await harness.reader.params({ id: job.id, limit: 50 })).items).toHaveLength(4);
  for (const card of cards) expect(overlaps(card)).toBe(1);
});

it('regenerates with another seed and ends rejected, with every file kept, when nothing passes', async () => {
  await harness.startLeader();
  const { job_id } = await harness.request({ seed: 1, max_regenerations: 1 });
  const job = await ended(job_id, 'failed');
  expect(job).toMatchObject({ status: 'rejected', error: { code: 'quality_rejected' }, attempt: 2 });
  expect(new Set(job.tasks[0]?.attempts.map((attempt) => attempt.seed)).size).toBe(2);
  const artifacts = (await harness.reader.artifacts({ id: job_id, limit: 50 })).items;
  expect(artifacts.map((artifact) => artifact.best).sort()).toEqual([false, true]);
});

it('learns nothing about a card from what its cache answered', async () => {
  await harness.startLeader();
  await bothCardsUp();
  await ended((await harness.request({ seed: 5 })).job_id);
  const again = await ended((await harness.request({ seed: 5 })).job_id);
  expect(again.tasks[0]?.attempts[0]).toMatchObject({ gpu: 'rx9070xt', outcome: 'rendered_from_cache' });
  expect((await harness.reader.artifacts({ id: again.id, limit: 5 })).items).toHaveLength(1);
  expect(await harness.db.manager.count(RuntimeSample)).toBe(1);
  const counted = await harness.metrics.registry.metrics();
  expect(counted).toMatch(
    /rendering_estimates_judged_total\{work="image",gpu="rx9070xt",cold="yes",service="rendering"\} 1/,
  );
  expect(counted).toMatch(/rendering_estimate_relative_error_ratio_count\{[^}]*cold="yes"[^}]*\} 1/);
  for (const share of ['within_fifth', 'in_interval'])
    expect(counted).toMatch(new RegExp(`rendering_estimates_${share}_total\\{work="image"[^}]*\\} [01]\n`));
  expect(counted).not.toMatch(/rendering_estimates_judged_total\{[^}]*cold="no"/);
});

it('skips the check when nobody wants one, and tells what its card holds then', async () => {
  await harness.startLeader();
  const { job_id } = await harness.request({ auto_quality_check: false });
  const job = await ended(job_id, 'failed');
  expect(job).toMatchObject({ status: 'completed', scores: [] });
  const gpu = job.tasks[0]?.attempts[0]?.gpu ?? '';
  expect((await harness.steering.reader.get(gpu, true)).loaded).toContainEqual({
    file: 'checkpoints/anime_sd15.safetensors',
    since: expect.stringMatching(/^\d{4}-/) as string,
  });
});

it('counts the same verdict once', async () => {
  await harness.startLeader();
  const { job_id } = await harness.request({ max_regenerations: 3 });
  const attempt = await waitFor(
    () => harness.db.manager.findOneBy(Attempt, { jobId: job_id, state: 'checking' }),
    seconds(20),
  );
  const verdict = verdictOn(attempt, 'failed');
  await Promise.all([harness.results.settleVerdict(verdict), harness.results.settleVerdict(verdict)]);
  await harness.results.settleVerdict(verdict);
  await waitFor(async () => (await harness.job(job_id)).attempt === 2, seconds(20));
  expect(
    (await harness.reader.events({ id: job_id, after: 0, limit: 100 })).items.filter((event) =>
      event.type.endsWith('attempt_settled'),
    ),
  ).toHaveLength(1);
});

it('makes one job of one key, and refuses the key for another request', async () => {
  const [first, second] = await Promise.all([
    harness.request({ seed: 3 }, 'key-1'),
    harness.request({ seed: 3 }, 'key-1'),
  ]);
  expect(second.job_id).toBe(first.job_id);
  await expect(harness.request({ seed: 4 }, 'key-1')).rejects.toMatchObject({ code: 'idempotency_key_reused' });
  expect((await harness.reader.list({ limit: 50 })).items).toHaveLength(1);
});

it('refuses a model that no card has, naming those that they have', async () => {
  await harness.startLeader();
  await waitFor(async () => (await harness.request()).estimate.remaining_seconds !== null, seconds(15));
  await expect(harness.request({ model_name: 'dream.safetensors' })).rejects.toMatchObject({
    code: 'model_unknown',
    message: expect.stringContaining('anime_sd15.safetensors') as string,
  });
  await expect(harness.request({ sampler_name: 'magic' })).rejects.toMatchObject({ code: 'parameters_invalid' });
});

it('cancels a waiting job at once and takes a running prompt off the card', async () => {
  await harness.startLeader();
  const running = await harness.request({ count: 2, steps: 150, width: 1024, height: 1024 });
  await waitFor(() => cards.every((card) => card.executed('start').length === 1), seconds(20));
  const waiting = await harness.request();
  const context = { correlationId: newId() };
  expect(await harness.jobs.cancel({ context, id: waiting.job_id, reason: '' })).toMatchObject({ status: 'cancelled' });
  expect(await harness.jobs.cancel({ context, id: running.job_id, reason: 'enough' })).toMatchObject({
    status: 'cancelled',
  });
  expect(await harness.jobs.cancel({ context, id: running.job_id, reason: 'again' })).toMatchObject({
    status: 'cancelled',
  });
  await waitFor(() => cards.every((card) => card.executed('end').some((line) => line.outcome === 'interrupted')), {
    timeoutMs: seconds(10),
    describe: 'both prompts to be interrupted',
  });
  const numbers = await seqs(running.job_id);
  expect(numbers).toEqual(gapless(numbers));
  const next = await harness.request();
  expect(await ended(next.job_id)).toMatchObject({ status: 'completed' });
  await expect(harness.jobs.cancel({ context, id: next.job_id, reason: '' })).rejects.toMatchObject({
    code: 'job_already_over',
  });
});

it('renders again, once, what a killed and restarted server forgot', async () => {
  await harness.startLeader();
  const { job_id } = await harness.request({ steps: 40, width: 1024, height: 1024 });
  const card = await waitFor(() => cards.find((candidate) => candidate.executed('start').length === 1), seconds(20));
  await card.kill();
  await card.start();
  const job = await ended(job_id);
  expect(job.status).toBe('completed');
  expect(job.tasks[0]?.attempts.map((attempt) => attempt.state)).toEqual(['lost', 'succeeded']);
  expect((await harness.reader.artifacts({ id: job_id, limit: 50 })).items).toHaveLength(1);
});

it('finds a prompt whose acceptance it never heard of, and does not send it twice', async () => {
  await Promise.all(cards.map((card) => card.fault({ kind: 'reply-lost' })));
  await harness.startLeader();
  const { job_id } = await harness.request();
  const job = await ended(job_id);
  expect(job.tasks[0]?.attempts.map((attempt) => attempt.state)).toEqual(['succeeded']);
  expect(cards.flatMap((card) => card.executed('start'))).toHaveLength(1);
});

it('empties a card that ran out of memory before it tries the other one', async () => {
  const image = cards.find((card) => card.name === 'rx9070xt');
  await image?.fault({ kind: 'oom', node: 'KSampler', times: 20 });
  await harness.startLeader();
  await bothCardsUp();
  const { job_id } = await harness.request();
  const job = await ended(job_id);
  expect(job.status).toBe('completed');
  const [first, second, ...rest] = job.tasks[0]?.attempts ?? [];
  expect([first, second].map((attempt) => [attempt?.gpu, attempt?.outcome])).toEqual([
    ['rx9070xt', 'out_of_memory'],
    ['rx9070xt', 'out_of_memory'],
  ]);
  expect(second?.recovery?.step).toBe('free_models');
  expect(rest.at(-1)).toMatchObject({ gpu: 'rtx3060', outcome: 'rendered', recovery: { step: 'other_gpu' } });
});

it('lets a second scheduler stand by, and hands over running work when the first stops', async () => {
  const first = await harness.startLeader('first');
  await waitFor(() => first.isLeader(), seconds(10));
  const second = await harness.startLeader('second');
  const { job_id } = await harness.request({ count: 2, steps: 60, width: 1024, height: 1024 });
  await waitFor(() => cards.every((card) => card.executed('start').length === 1), seconds(20));
  expect(second.isLeader()).toBe(false);
  await first.stop();
  const job = await ended(job_id);
  expect(second.isLeader()).toBe(true);
  // Adopted, not sent again: one execution for each picture.
  expect(job.tasks.flatMap((task) => task.attempts.map((attempt) => attempt.n))).toEqual([1, 1]);
  expect(cards.flatMap((card) => card.executed('start'))).toHaveLength(2);
});

it('waits for a card that is down, says so, and goes on when it is back', async () => {
  await Promise.all(cards.map((card) => card.kill()));
  await harness.startLeader();
  const { job_id } = await harness.request({ model_name: 'anime_sd15.safetensors' });
  const job = await waitFor(async () => {
    const view = await harness.job(job_id);
    return view.stage.includes('does not answer') ? view : undefined;
  }, seconds(10));
  expect(job).toMatchObject({ status: 'queued', estimate: { remaining_seconds: null } });
  await Promise.all(cards.map((card) => card.start()));
  expect(await ended(job_id)).toMatchObject({ status: 'completed' });
});

it('respects what somebody queued by hand', async () => {
  const graph = {
    '1': { class_type: 'CheckpointLoaderSimple', inputs: { ckpt_name: 'anime_sd15.safetensors' } },
    '4': { class_type: 'CLIPTextEncode', inputs: { clip: ['1', 1], text: 'by hand' } },
    '9': { class_type: 'EmptyLatentImage', inputs: { width: 1024, height: 1024, batch_size: 1 } },
    '10': {
      class_type: 'KSampler',
      inputs: {
        model: ['1', 0],
        positive: ['4', 0],
        negative: ['4', 0],
        latent_image: ['9', 0],
        seed: 1,
        steps: 60,
        cfg: 7,
        sampler_name: 'euler',
        scheduler: 'normal',
        denoise: 1,
      },
    },
    '11': { class_type: 'VAEDecode', inputs: { samples: ['10', 0], vae: ['1', 2] } },
    '12': { class_type: 'SaveImage', inputs: { images: ['11', 0], filename_prefix: 'hand' } },
  };
  await Promise.all(
    cards.map((card) => fetch(`${card.url}/prompt`, { method: 'POST', body: JSON.stringify({ prompt: graph }) })),
  );
  await harness.startLeader();
  const { job_id } = await harness.request();
  expect(await ended(job_id)).toMatchObject({ status: 'completed' });
  for (const card of cards) expect(overlaps(card)).toBe(1);
  await waitFor(
    () => cards.flatMap((card) => card.executed('end').filter((line) => line.outcome === 'success')).length === 3,
    { timeoutMs: seconds(20), describe: 'both foreign prompts and ours to end well' },
  );
});
