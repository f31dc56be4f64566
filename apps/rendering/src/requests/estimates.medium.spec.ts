import { gpuConfig, type GenerateRequest } from '@tower/contracts';
import { AppError, newId } from '@tower/kit';
import {
  createTestDatabase,
  FixedClock,
  SimProcess,
  startTestNats,
  waitFor,
  type TestDatabase,
  type TestNats,
} from '@tower/testing';
import { RenderingHarness } from '../../harness/rendering-harness';
import { Gpu } from '../cards/card.entity';
import { JobEvent } from '../jobs/job-event.entity';
import { Job } from '../jobs/job.entity';

/** Real here: PostgreSQL, NATS, and a simulated card as a process that was looked at, and is given nothing. */

const limit = 4;

let nats: TestNats;
let database: TestDatabase;
let card: SimProcess;
let harness: RenderingHarness;
let clock: FixedClock;

const openHarness = (): Promise<RenderingHarness> =>
  RenderingHarness.on(database.url, nats.url, [gpuConfig.parse({ name: card.name, url: card.url })], {
    clock: (clock = new FixedClock()),
    queueLimit: limit,
  });

beforeAll(async () => {
  [nats, database, card] = await Promise.all([
    startTestNats(),
    createTestDatabase('rendering'),
    new SimProcess('rx9070xt', 'rx9070xt').start(),
  ]);
  const looking = await openHarness();
  await looking.startLeader();
  await waitFor(() => looking.db.manager.existsBy(Gpu, { state: 'idle' }), {
    timeoutMs: 15_000,
    describe: 'the card to be known',
  });
  await looking.close();
});
afterAll(async () => {
  await card.close();
  await Promise.all([database.drop(), nats.close()]);
});
beforeEach(async () => {
  harness = await openHarness();
});
/** The card stays known; of jobs nothing does. */
afterEach(async () => {
  await harness.db.query('truncate job, task, job_event, generation_params, outbox, idempotency cascade');
  await harness.close();
});

const jobs = (): Promise<number> => harness.db.manager.count(Job);
const inSeconds = (seconds: number): string => new Date(clock.now().getTime() + seconds * 1000).toISOString();

it('tells of each preset when it would be ready, where and how it is known, and makes nothing', async () => {
  const answer = await harness.estimate({ preset: 'high' });
  expect(answer).toMatchObject({ workflow: 'anime-still-sd15', model_name: 'anime_sd15.safetensors', best: null });
  expect(answer.presets.map(({ preset, width, height, steps }) => [preset, width, height, steps])).toEqual([
    ['draft', 384, 576, 10],
    ['low', 448, 672, 16],
    ['standard', 512, 768, 24],
    ['high', 640, 960, 30],
    ['final', 768, 1152, 40],
  ]);
  const ready = answer.presets.map(({ ready_in }) => ready_in ?? 0);
  expect(ready).toEqual([...ready].sort((a, b) => a - b));
  for (const { gpu, basis, low, high, p80, ready_in, starts_in, finish_at, fits, confidence } of answer.presets) {
    expect({ gpu, starts_in, fits, confidence }).toEqual({
      gpu: 'rx9070xt',
      starts_in: 0,
      fits: null,
      confidence: null,
    });
    expect(basis).toMatch(/^prior/);
    expect(low).toBeLessThan(ready_in ?? 0);
    expect(p80).toBeGreaterThan(ready_in ?? 0);
    expect(high).toBeGreaterThan(p80 ?? 0);
    expect(Date.parse(finish_at ?? '')).toBeGreaterThan(clock.now().getTime());
  }
  expect(answer.chosen).toMatchObject({ preset: 'high', steps: 30, given_up: [] });
  expect(await jobs()).toBe(0);
});

it('tells the same of a request as is told when it is made', async () => {
  await harness.request({ count: 2 });
  const estimate = await harness.estimate({ preset: 'low', count: 2, time_budget_seconds: 500 });
  const accepted = await harness.request({ preset: 'low', count: 2, time_budget_seconds: 500 });
  expect(accepted.estimate).toMatchObject({
    remaining_seconds: estimate.chosen.ready_in,
    low: estimate.chosen.low,
    high: estimate.chosen.high,
    p80: estimate.chosen.p80,
    basis: estimate.chosen.basis,
  });
  expect(accepted).toMatchObject({ preset: 'low', deadline_at: inSeconds(500), deadline_outlook: 'likely' });
});

it.each<[string, Partial<GenerateRequest>]>([
  ['an unknown model', { model_name: 'nowhere.safetensors' }],
  ['a size off the step', { width: 513 }],
  ['an unknown workflow', { workflow: 'nothing' }],
  ['a parameter that there is not', { parameters: { wobble: 1 } }],
  ['a workflow of another kind', { workflow: 'loop-animatediff' }],
  ['a picture that there is not', { start_image: 'in/none.png', workflow: 'upscale-esrgan' }],
  ['a deadline that is over', { deadline_at: '2020-01-01T00:00:00Z' }],
])('refuses %s as a request for it is refused', async (_, body) => {
  const refusal = async (work: Promise<unknown>): Promise<unknown> => {
    const error = await work.catch((thrown: unknown) => thrown);
    if (!(error instanceof AppError)) throw new Error('it was not refused');
    return [error.kind, error.code, error.message, error.options.fields];
  };
  expect(await refusal(harness.estimate(body))).toEqual(await refusal(harness.request(body)));
});

/** What is said of a preset: its middle, and by when it is ready four times of five. */
async function sureOf(preset: 'draft' | 'low' | 'standard'): Promise<{ seconds: number; p80: number }> {
  const { presets } = await harness.estimate({ preset: 'standard' });
  const told = presets.find((one) => one.preset === preset);
  if (typeof told?.ready_in !== 'number' || typeof told.p80 !== 'number') throw new Error('nothing is known');
  return { seconds: told.ready_in, p80: told.p80 };
}

describe('a time budget', () => {
  it('chooses the best that is ready in time, and the job says what that costs', async () => {
    const [low, standard] = [await sureOf('low'), await sureOf('standard')];
    const budget = low.p80 + 0.6 * (standard.p80 - low.p80);
    const wish = { preset: 'standard' as const, time_budget_seconds: budget };
    const estimate = await harness.estimate(wish);
    expect(estimate.best).toBe('low');
    const accepted = await harness.request(wish);
    expect(accepted).toMatchObject({
      preset: 'standard',
      width: 512,
      steps: 16,
      deadline_outlook: 'likely',
      given_up: [{ field: 'steps', asked: 24, given: 16, sentence: '16 steps instead of 24' }],
    });
    expect(estimate.chosen).toMatchObject({ preset: 'standard', steps: 16, fits: true, given_up: accepted.given_up });
    expect(accepted.estimate.p80).toBeLessThanOrEqual(budget + 0.1);
    const job = await harness.job(accepted.job_id);
    expect(job).toMatchObject({ deadline_at: accepted.deadline_at, given_up: accepted.given_up, steps: 16 });
    expect(job.parameters).toMatchObject({ steps: 16, width: 512 });
    const requested = await harness.db.manager.findOneByOrFail(JobEvent, { jobId: job.id, seq: 1 });
    expect(requested.data).toMatchObject({ deadlineAt: accepted.deadline_at, givenUp: accepted.given_up });
  });

  it('without a preset is for the best that there is', async () => {
    const generous = await harness.request({ preset: undefined, time_budget_seconds: 3_600 });
    expect(generous).toMatchObject({ preset: 'final', steps: 40, given_up: [] });
    const scarce = await harness.estimate({ preset: undefined, deadline_at: inSeconds(3_600), count: 2 });
    expect(scarce.best).toBe('final');
    expect(await harness.request({ preset: undefined })).toMatchObject({ preset: 'standard', given_up: [] });
  });

  it('that cannot be kept is told, and the soonest is made', async () => {
    const accepted = await harness.request({ preset: 'standard', time_budget_seconds: 1 });
    expect(accepted).toMatchObject({ preset: 'draft', deadline_outlook: 'unlikely' });
    expect(accepted.given_up.map(({ field }) => field)).toEqual(['preset', 'size', 'steps']);
    clock.setWall(2_000);
    expect(await harness.job(accepted.job_id)).toMatchObject({ deadline_outlook: 'missed' });
  });

  it('goes below the lowest preset only with allow_degrade', async () => {
    const draft = await sureOf('draft');
    const wish = { preset: 'draft' as const, time_budget_seconds: draft.p80 - 0.4 };
    expect(await harness.request(wish)).toMatchObject({ width: 384, given_up: [], deadline_outlook: 'possible' });
    const smaller = await harness.estimate({ ...wish, allow_degrade: true });
    expect(smaller.chosen).toMatchObject({ width: 288, height: 432, fits: true });
    expect(smaller.chosen.given_up.map(({ field }) => field)).toEqual(['size']);
  });

  it('that is strict is refused with the earliest time, and nothing is stored', async () => {
    const wish = { preset: 'standard' as const, deadline_at: inSeconds(2), strict_deadline: true };
    const refusal: unknown = await harness.request(wish).catch((error: unknown) => error);
    if (!(refusal instanceof AppError)) throw new Error('it was not refused');
    expect(refusal).toMatchObject({ kind: 'conflict', code: 'deadline_impossible' });
    const { earliest_seconds, earliest_finish_at } = refusal.options.extensions ?? {};
    expect(earliest_seconds).toBeGreaterThan(2);
    expect(refusal.message).toContain(String(earliest_finish_at));
    expect(await jobs()).toBe(0);
    // The earliest that was told is one that is taken.
    const honest = { ...wish, deadline_at: inSeconds(Number(earliest_seconds) + 0.3) };
    expect(await harness.request(honest)).toMatchObject({ preset: 'draft', deadline_outlook: 'likely' });
    expect(await harness.estimate(wish)).toMatchObject({
      refusal: { code: 'deadline_impossible' },
      chosen: { fits: false },
    });
  });
});

it('repeats the first answer under one key, whether the standard preset is named or left out', async () => {
  const key = newId();
  const first = await harness.request({ preset: undefined, time_budget_seconds: 100 }, key);
  clock.setWall(1_000_000);
  expect(await harness.request({ preset: 'standard', time_budget_seconds: 100 }, key)).toEqual(first);
});

it('says when a full queue is likely to have room, as the plan has it', async () => {
  await harness.request({ count: limit });
  // The line is read anew.
  clock.advance(3_000);
  const retryAfterMs = async (count: number): Promise<number | undefined> => {
    const refusal: unknown = await harness.request({ count }).catch((error: unknown) => error);
    if (!(refusal instanceof AppError)) throw new Error('it was not refused');
    expect(refusal.code).toBe('queue_full');
    return refusal.options.retryAfterMs;
  };
  // The idle card takes the first at once, and the second behind it.
  expect(await retryAfterMs(1)).toBe(1_000);
  const second = await retryAfterMs(2);
  expect(second).toBeGreaterThan(5_000);
  expect(second).toBeLessThan(15_000);
  // So many never fit, whatever leaves.
  expect(await retryAfterMs(limit + 1)).toBe(60_000);
  // To ask for the time is no request.
  expect(await harness.estimate()).toMatchObject({ chosen: { gpu: 'rx9070xt' } });
});

it('explains why a job waits, as planned from what is stored', async () => {
  const plain = { preset: 'high' as const };
  const first = await harness.request(plain);
  const second = await harness.request(plain);
  const hurried = await harness.request({ ...plain, time_budget_seconds: 60 });
  clock.advance(3_000);
  const answer = await harness.reader.explain(second.job_id);
  expect(answer).toMatchObject({ status: 'queued', gpu: 'rx9070xt' });
  const reasons = new Map(answer.ahead.map(({ job_id, reason }) => [job_id, reason]));
  expect(reasons).toEqual(
    new Map([
      [hurried.job_id, 'deadline'],
      [first.job_id, 'older'],
    ]),
  );
  expect(answer.ready_in).toBe((await harness.job(second.job_id)).estimate.remaining_seconds);
  const changes = answer.sooner.map(({ change }) => change);
  expect(changes).toEqual(expect.arrayContaining(['priority: urgent', 'priority: high', 'preset: draft']));
  await harness.jobs.cancel({ context: { correlationId: newId() }, id: first.job_id, reason: '' });
  const over = await harness.reader.explain(first.job_id);
  expect(over.sentences[1]).toMatch(/^It ended as cancelled: .*it was never begun/);
  await expect(harness.reader.explain(newId())).rejects.toMatchObject({ code: 'job_not_found' });
});
