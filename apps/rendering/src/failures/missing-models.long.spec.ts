import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GenerationModel, GpuConfig, JobView } from '@tower/contracts';
import { findFfmpeg } from '@tower/imaging';
import { claimFile } from '@tower/kit';
import { ModelAcceptance, ModelStore } from '@tower/models';
import {
  createTestDatabase,
  FileServer,
  itNeeds,
  safetensors,
  startTestNats,
  waitFor,
  wholeFile,
  type TestNats,
} from '@tower/testing';
import { FaultBench } from '../../harness/fault-bench';
import { Gpu } from '../cards/card.entity';

/**
 * Jobs whose model file no card has when they are asked for. Real: PostgreSQL, NATS, HTTP, ffmpeg, downloads, two
 * simulated cards as processes.
 */
jest.setTimeout(240_000);

const file = 'wan_2.1_vae.safetensors';
const film = {
  job_type: 'full_video',
  workflow: 'video-wan21-t2v',
  preset: 'draft',
  prompt: 'a train in the night',
  auto_quality_check: false,
} as const;
const withFfmpeg = itNeeds(findFfmpeg(), 'ffmpeg');

let nats: TestNats;
let server: FileServer;
let folder: string;
let bench: FaultBench;

beforeAll(async () => {
  nats = await startTestNats();
  server = await FileServer.start(safetensors(50_000));
});
afterAll(async () => {
  await server.stop();
  await nats.close();
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tower-missing-'));
  for (const card of ['rtx3060', 'rx9070xt']) mkdirSync(join(folder, card));
  server.answer(wholeFile);
});
afterEach(async () => {
  await bench.close();
  rmSync(folder, { recursive: true, force: true });
});

const vae = (): GenerationModel => ({
  name: file,
  folder: 'vae',
  url: `${server.origin}/vae.safetensors`,
  source: 'https://example.org/wan',
  sha256: server.sha256,
  bytes: server.content.length,
  licence: 'MIT',
  needs_acceptance: false,
});
const place = (card: string): string => join(folder, card, 'vae', file);

/** Two cards without the file, up and looked at. The manifest knows these models. */
async function open(
  models: GenerationModel[],
  patienceMs: number,
  prefers: Partial<Record<string, GpuConfig['prefers']>> = {},
): Promise<void> {
  const configs = Object.fromEntries(
    ['rtx3060', 'rx9070xt'].map((card) => [
      card,
      { models_folder: join(folder, card), ...(prefers[card] && { prefers: prefers[card] }) },
    ]),
  );
  bench = await FaultBench.open(
    { natsUrl: nats.url, database: await createTestDatabase('rendering'), waitFor },
    {
      flags: ['--fault', `missing-model@${file}`],
      models: new ModelStore(models, new ModelAcceptance([]), { spareBytes: 0, firstBackoffMs: 1 }),
      configs,
      limits: { missingModelMs: patienceMs },
    },
  );
  await waitFor(
    async () =>
      (await bench.harness.db.manager.find(Gpu)).every(
        ({ inventory }) => inventory?.models?.['vae']?.includes(file) === false,
      ),
    { timeoutMs: 30_000, describe: 'both cards to be looked at' },
  );
}

const stage = async (id: string): Promise<string> => (await bench.harness.job(id)).stage;
const stepsOf = (job: JobView): string[] =>
  (job.tasks[0]?.recovery ?? []).map(({ step, because, gpu }) => `${step} on ${gpu} because of ${because}`);

withFfmpeg(
  'is downloaded once to the card that prefers the work, for every task that waits for it, and the jobs complete there',
  async () => {
    await open([vae()], 60_000, { rtx3060: ['image'], rx9070xt: ['video'] });
    const ids = [await bench.request({ ...film, count: 2 }), await bench.request({ ...film, preset: 'low' })];
    await waitFor(() => existsSync(place('rx9070xt')), { timeoutMs: 30_000, describe: 'the download' });
    await bench.big.clearFaults();
    for (const id of ids) {
      const job = await bench.ended(id, 150_000);
      expect(job.status).toBe('completed');
      expect(stepsOf(job)).toEqual(['download_model on rx9070xt because of missing_model']);
      expect(job.tasks.flatMap(({ attempts }) => attempts.map(({ gpu, recovery }) => [gpu, recovery?.step]))).toEqual(
        job.tasks.map(() => ['rx9070xt', 'download_model']),
      );
    }
    expect(server.asked).toHaveLength(1);
    expect(existsSync(place('rtx3060'))).toBe(false);
  },
);

it('fails the job after the patience when nobody can fetch it, and says file, folder and source', async () => {
  await open([], 15_000);
  const id = await bench.request(film);
  await waitFor(async () => /lacks models\/vae\/wan_2\.1_vae/.test(await stage(id)), {
    timeoutMs: 20_000,
    describe: 'the job to say what it waits for',
  });
  const job = await bench.ended(id, 150_000);
  expect(job).toMatchObject({ status: 'failed', error: { code: 'model_missing' }, tasks: [{ attempts: [] }] });
  expect(job.error?.message).toMatch(
    /rtx3060 lacks models\/vae\/wan_2\.1_vae\.safetensors \(get it from .*; rx9070xt lacks models\/vae\/wan_2\.1/,
  );
  expect(job.error?.hint).toContain(`wan_2.1_vae.safetensors belongs into ${place('rtx3060')}`);
});

withFfmpeg('is found within the patience when a person puts it there, and the job goes on', async () => {
  await open([], 20_000);
  const id = await bench.request(film);
  await waitFor(async () => /lacks models\/vae/.test(await stage(id)), {
    timeoutMs: 10_000,
    describe: 'the job to wait',
  });
  await bench.small.clearFaults();
  expect((await bench.ended(id, 150_000)).status).toBe('completed');
});

withFfmpeg('is waited for as long as a card is down that may have it', async () => {
  await open([], 3_000);
  await bench.big.kill();
  await bench.state(bench.big, 'down');
  const id = await bench.request(film);
  const until = Date.now() + 12_000;
  await waitFor(
    async () => {
      expect(await stage(id)).toMatch(/^Waiting: rtx3060 lacks models\/vae.*; rx9070xt \(http.*\) does not answer.*$/);
      return Date.now() > until;
    },
    { timeoutMs: 30_000, describe: 'four times the patience' },
  );
  await bench.big.start();
  await bench.big.clearFaults();
  expect((await bench.ended(id, 150_000)).status).toBe('completed');
});

withFfmpeg('is waited for while another process is fetching it', async () => {
  await open([vae()], 3_000);
  await bench.big.kill();
  mkdirSync(join(folder, 'rtx3060', 'vae'));
  const outcome = await claimFile(`${place('rtx3060')}.lock`, { isShared: true });
  if (!('claim' in outcome)) throw new Error('the claim is taken');
  const id = await bench.request(film);
  await waitFor(async () => /^Downloading wan_2\.1_vae\.safetensors to rtx3060/.test(await stage(id)), {
    timeoutMs: 30_000,
    describe: 'the job to wait for the file',
  });
  const until = Date.now() + 5_000;
  await waitFor(async () => Date.now() > until && /^Downloading/.test(await stage(id)), {
    timeoutMs: 15_000,
    describe: 'the job to wait on',
  });
  writeFileSync(place('rtx3060'), server.content);
  outcome.claim.release();
  await bench.small.clearFaults();
  expect((await bench.ended(id, 150_000)).status).toBe('completed');
  expect(server.asked).toEqual([]);
});

it('is not fetched again where it lies and the server does not list it; the error asks why', async () => {
  await open([vae()], 4_000);
  for (const card of ['rtx3060', 'rx9070xt']) {
    mkdirSync(join(folder, card, 'vae'));
    writeFileSync(place(card), server.content);
  }
  const job = await bench.ended(await bench.request(film), 150_000);
  expect(job.error).toMatchObject({
    code: 'model_missing',
    hint: expect.stringMatching(/does not list it: is models_folder .* the folder that this server reads\?/) as string,
  });
  expect(server.asked).toEqual([]);
});

it('gives a task back to the only card that is left, though that failed it before', async () => {
  await open([], 60_000);
  await Promise.all([bench.small, bench.big].map((card) => card.kill()));
  await Promise.all([bench.small, bench.big].map((card) => bench.state(card, 'down')));
  const id = await bench.request({ auto_quality_check: false });
  await bench.harness.db.query(`update task set excluded_gpus = '["rtx3060","rx9070xt"]' where job_id = $1`, [id]);
  await bench.small.start();
  expect((await bench.ended(id, 150_000)).status).toBe('completed');
});
