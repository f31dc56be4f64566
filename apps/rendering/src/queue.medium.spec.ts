import { commandRejected, generateRequest, gpuConfig } from '@tower/contracts';
import { Outbox } from '@tower/db';
import { newId, systemClock } from '@tower/kit';
import {
  createTestDatabase,
  startTestNats,
  waitFor,
  SimProcess,
  type TestDatabase,
  type TestNats,
} from '@tower/testing';
import { projectId, RenderingHarness } from '../harness/rendering-harness';
import { CommandsService } from './requests/commands.service';
import { DecisionsReader } from './views/decisions/decisions.reader';

/** Real here: PostgreSQL, NATS, HTTP and one simulated card as a process, which takes pictures and nothing else. */

const films = { job_type: 'animation_loop', count: 64, auto_quality_check: false } as const;
const limit = 1_200;

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
  harness = await RenderingHarness.on(
    database.url,
    nats.url,
    [gpuConfig.parse({ name: card.name, url: card.url, prefers: ['image'], only: true })],
    { queueLimit: limit },
  );
});
afterEach(async () => {
  await harness.close();
  await Promise.all([database.drop(), card.rest()]);
});

const completed = (id: string) =>
  waitFor(async () => (await harness.job(id)).status === 'completed', {
    timeoutMs: 45_000,
    describe: `job ${id} to be completed`,
  });

it('serves a picture card past more than a thousand films that it does not take', async () => {
  for (let n = 0; n < 17; n++) await harness.request({ ...films, model_name: 'anime_sd15.safetensors' });
  const still = await harness.request({ auto_quality_check: false, model_name: 'anime_sd15.safetensors' });
  await harness.startLeader();
  await completed(still.job_id);
  // Not only what comes next, but also what was left out for a while.
  const held = await harness.request({ auto_quality_check: false, model_name: 'anime_sd15.safetensors' });
  await harness.db.query(
    "update task set not_before = now() + interval '1 second' where job_id = $1 and state = 'queued'",
    [held.job_id],
  );
  await completed(held.job_id);
});

it('never reads as waiting between two states of a job that is under way', async () => {
  await harness.startLeader();
  const { job_id } = await harness.request({ steps: 30 });
  const stages: string[] = [];
  await waitFor(
    async () => {
      const { status, stage } = await harness.job(job_id);
      if (status !== 'queued') stages.push(stage);
      if (status === 'quality_check') await harness.judge();
      return status === 'completed';
    },
    { timeoutMs: 45_000, describe: 'the job to be completed' },
  );
  expect(stages.length).toBeGreaterThan(3);
  expect(stages.filter((stage) => stage.startsWith('Waiting'))).toEqual([]);
});

describe('what is decided', () => {
  /** The jobs in the order in which they were given out. */
  const given = async (): Promise<string[]> =>
    ((await harness.db.query('select job_id from attempt order by dispatched_at')) as { job_id: string }[]).map(
      (attempt) => attempt.job_id,
    );

  it('lets no more than five in a row go past an older one because their model is loaded, at any look', async () => {
    const small = { auto_quality_check: false, model_name: 'anime_sd15.safetensors', width: 256, height: 256 };
    const first = await harness.request(small);
    const other = await harness.request({ auto_quality_check: false, model_name: 'anime_sdxl.safetensors' });
    const younger = [];
    for (let n = 0; n < 9; n++) younger.push(await harness.request(small));
    await harness.startLeader();
    await completed(other.job_id);
    await Promise.all(younger.map(({ job_id }) => completed(job_id)));
    const order = await given();
    expect(order[0]).toBe(first.job_id);
    expect(order.indexOf(other.job_id)).toBe(6);
    const [decision] = (await new DecisionsReader(harness.db).ofJob({ id: other.job_id, limit: 5 })).items;
    expect(decision?.tasks).toMatchObject([{ gpu: card.name, reason: 'passed_over' }]);
  });

  it('is kept for each attempt, and decided again as it was', async () => {
    const { job_id: id } = await harness.request({ auto_quality_check: false, count: 2 });
    await harness.startLeader();
    await completed(id);
    const decisions = new DecisionsReader(harness.db);
    const attempts: { id: string; decision_id: string; task_id: string }[] = await harness.db.query(
      'select id, decision_id, task_id from attempt order by dispatched_at desc',
    );
    // The record follows the prompt.
    const { items } = await waitFor(async () => {
      const page = await decisions.ofJob({ id, limit: 5 });
      return page.items.length === 2 ? page : undefined;
    }, 5_000);
    expect(items).toMatchObject(
      attempts.map((attempt) => ({
        id: attempt.decision_id,
        replay: 'same',
        differences: [],
        planner_version: 1,
        tasks: [{ task_id: attempt.task_id, attempt_id: attempt.id, gpu: card.name }],
      })),
    );
    expect(items[1]).toMatchObject({
      waiting: 2,
      tasks: [{ cards: [{ gpu: card.name, chosen: true, takes_it: true }] }],
    });
    const first = await decisions.ofJob({ id, limit: 1 });
    const second = await decisions.ofJob({ id, limit: 1, cursor: first.next_cursor });
    expect([...first.items, ...second.items]).toEqual(items);
    expect(second.next_cursor).toBeUndefined();
    await expect(decisions.ofJob({ id: newId(), limit: 5 })).rejects.toMatchObject({ code: 'job_not_found' });
  });

  it('is done though nobody can write it down', async () => {
    await harness.db.query('drop table planning_decision');
    const { job_id: id } = await harness.request({ auto_quality_check: false });
    await harness.startLeader();
    await completed(id);
    expect(await harness.metrics.registry.metrics()).toMatch(/rendering_decisions_total\{outcome="lost"[^}]*\} 1/);
  });
});

describe('a full queue', () => {
  const full = (count: number) =>
    harness.request({ count, auto_quality_check: false, model_name: 'anime_sd15.safetensors' });

  it('takes nothing more, says so, and takes again when there is room', async () => {
    const jobs = [];
    for (let waiting = 0; waiting + 60 <= limit; waiting += 60) jobs.push(await full(60));
    await expect(full(1)).rejects.toMatchObject({
      kind: 'too_many',
      code: 'queue_full',
      options: { retryAfterMs: 60_000 },
    });
    // What was taken under a key stays taken.
    await harness.jobs.cancel({ context: { correlationId: newId() }, id: jobs[0]?.job_id ?? '', reason: '' });
    await expect(full(61)).rejects.toMatchObject({ code: 'queue_full' });
    const last = await harness.request(
      { count: 60, auto_quality_check: false, model_name: 'anime_sd15.safetensors' },
      'the-last',
    );
    await expect(full(1)).rejects.toMatchObject({ code: 'queue_full' });
    expect(
      (
        await harness.request(
          { count: 60, auto_quality_check: false, model_name: 'anime_sd15.safetensors' },
          'the-last',
        )
      ).job_id,
    ).toBe(last.job_id);
    expect(await harness.db.query("select count(*)::int as count from task where state = 'queued'")).toEqual([
      { count: limit },
    ]);
  });

  it('refuses commands over NATS with the same code', async () => {
    for (let waiting = 0; waiting + 60 <= limit; waiting += 60) await full(60);
    const commands = new CommandsService(harness.db, new Outbox('rendering', systemClock), harness.jobs);
    const id = newId();
    await commands.requestJob({
      id,
      data: generateRequest.parse({ project_id: projectId, job_type: 'still_image', prompt: 'at the window' }),
    });
    const [answer] = (await harness.db.query('select payload from outbox where subject like $1', [
      `%${commandRejected.type}%`,
    ])) as { payload: { data: object } }[];
    expect(answer?.payload.data).toMatchObject({ commandId: id, code: 'queue_full' });
  });
});

it('counts whether a job was ready in time', async () => {
  const ask = (time_budget_seconds: number) => harness.request({ time_budget_seconds, auto_quality_check: false });
  const [kept, missed] = [await ask(300), await ask(0.001)];
  await harness.startLeader();
  await Promise.all([completed(kept.job_id), completed(missed.job_id)]);
  expect(await harness.job(kept.job_id)).toMatchObject({ deadline_outlook: 'kept' });
  expect(await harness.job(missed.job_id)).toMatchObject({ deadline_outlook: 'missed' });
  const counted = await harness.metrics.registry.metrics();
  expect(counted).toMatch(/rendering_deadlines_ended_total\{outcome="kept"[^}]*\} 1/);
  expect(counted).toMatch(/rendering_deadlines_ended_total\{outcome="missed"[^}]*\} 1/);
  expect(counted).toMatch(/rendering_jobs_ended_total\{state="completed",job_type="still_image"[^}]*\} 2/);
  expect(counted).toMatch(/rendering_queue_wait_seconds_count\{[^}]*priority="normal"[^}]*\} 2/);
});

it('tells Prometheus which cards take work, and what memory they have', async () => {
  await harness.startLeader();
  const told = await waitFor(
    async () => {
      const text = await harness.metrics.registry.metrics();
      return /rendering_gpu_takes_work\{[^}]*\} 1/.test(text) ? text : undefined;
    },
    { timeoutMs: 20_000, describe: 'a card to take work' },
  );
  expect(told).toMatch(/rendering_gpu_memory_megabytes\{gpu="[^}]*\} \d{4,}/);
  expect(told).toMatch(/rendering_gpu_memory_free_megabytes\{gpu="[^}]*\} \d+/);
});
