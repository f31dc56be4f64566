import { gpuConfig } from '@tower/contracts';
import {
  createTestDatabase,
  startTestNats,
  waitFor,
  SimProcess,
  type TestDatabase,
  type TestNats,
} from '@tower/testing';
import { RenderingHarness } from '../../harness/rendering-harness';

/** Real here: PostgreSQL, NATS, HTTP and one simulated card as a process. */

let database: TestDatabase;
let nats: TestNats;
let card: SimProcess;
let harness: RenderingHarness;

beforeAll(async () => {
  [nats, card] = await Promise.all([startTestNats(), new SimProcess('rx9070xt', 'rx9070xt').start()]);
});
afterAll(async () => {
  await Promise.all([nats.close(), card.close()]);
});

beforeEach(async () => {
  database = await createTestDatabase('rendering');
  harness = await RenderingHarness.on(database.url, nats.url, [
    gpuConfig.parse({ name: card.name, url: card.url, prefers: ['image'] }),
  ]);
});
afterEach(async () => {
  await harness.close();
  await Promise.all([database.drop(), card.rest()]);
});

const statusOf = async (id: string): Promise<string> => (await harness.job(id)).status;

it.each([
  ['its template was taken away', `update job set workflow = 'night-train' where id = $1`, 'workflow_gone'],
  [
    'its template makes no graph of it',
    `update task set plan = '{"steps":["cpu_text_encoder"]}' where job_id = $1`,
    'workflow_makes_no_graph',
  ],
] as const)('fails a waiting task when %s, and serves the ones behind it', async (_, accident, code) => {
  const first = (await harness.request({ auto_quality_check: false })).job_id;
  const second = (await harness.request({ auto_quality_check: false })).job_id;
  await harness.db.query(accident, [first]);
  await harness.startLeader();

  await waitFor(async () => (await statusOf(first)) === 'failed', { timeoutMs: 20_000 });
  const failed = await harness.job(first);
  expect(failed.error).toMatchObject({ code });
  expect(failed.tasks[0]?.attempts).toEqual([]);
  await waitFor(async () => (await statusOf(second)) === 'completed', { timeoutMs: 30_000 });
});

it('fails a task whose input picture is not recorded, and serves the ones behind it', async () => {
  const first = (await harness.request({ auto_quality_check: false })).job_id;
  const parameters = { start_image: 'nobody', model_name: 'RealESRGAN_x4plus_anime_6B.pth', width: 768, height: 1152 };
  await harness.db.query(`update job set workflow = 'upscale-esrgan', parameters = $2 where id = $1`, [
    first,
    JSON.stringify(parameters),
  ]);
  const second = (await harness.request({ auto_quality_check: false })).job_id;
  await harness.startLeader();

  await waitFor(async () => (await statusOf(first)) === 'failed', { timeoutMs: 20_000 });
  expect((await harness.job(first)).error).toMatchObject({ code: 'image_missing' });
  await waitFor(async () => (await statusOf(second)) === 'completed', { timeoutMs: 30_000 });
});
