import { newId } from '@tower/kit';
import { createTestDatabase, startTestNats, waitFor, type TestNats } from '@tower/testing';
import { FaultBench } from '../harness/fault-bench';

/** Real here: PostgreSQL, HTTP and two simulated cards as processes; the leader is a process of its own. */

let nats: TestNats;
let bench: FaultBench;

beforeAll(async () => {
  nats = await startTestNats();
});
afterAll(() => nats.close());
beforeEach(async () => {
  const database = await createTestDatabase('rendering');
  bench = await FaultBench.open({ natsUrl: nats.url, database, waitFor }, { timeScale: 0.1 });
});
afterEach(() => bench.close());

const context = () => ({ correlationId: newId() });
const ada = { who: 'Ada', reason: 'a new fan' };
const small = 'rtx3060';
const big = 'rx9070xt';

const drain = (name: string) => bench.harness.steering.cards.drain({ context: context(), name, body: ada });
const resume = (name: string) =>
  bench.harness.steering.cards.resume({ context: context(), name, body: { who: 'Ada' } });
const claim = (name: string, megabytes: number, seconds: number, idempotencyKey?: string) =>
  bench.harness.steering.cards.claim({
    context: { ...context(), ...(idempotencyKey === undefined ? {} : { idempotencyKey }) },
    name,
    body: { megabytes, seconds, who: 'Blender' },
  });
const order = (body: { job_id: string; before?: string; after?: string }) =>
  bench.harness.steering.queue.order({ context: context(), body });
const withdraw = (id: string) => bench.harness.steering.queue.withdraw({ context: context(), id });
const change = (id: string, body: { priority?: 'urgent' | 'normal'; deadline_at?: string | null }) =>
  bench.harness.steering.jobs.change({ context: context(), id, body });
const pauseJob = (id: string) => bench.harness.steering.jobs.pause({ context: context(), id, body: ada });
const resumeJob = (id: string) => bench.harness.steering.jobs.resume({ context: context(), id, body: { who: 'Ada' } });
const retry = (id: string, idempotencyKey = newId()) =>
  bench.harness.steering.jobs.retry({ context: { ...context(), idempotencyKey }, id });
const pauseQueue = () => bench.harness.steering.queue.pause({ context: context(), body: ada });
const resumeQueue = () => bench.harness.steering.queue.resume({ context: context(), body: { who: 'Ada' } });

const stageOf = async (id: string) => (await bench.harness.reader.get(id, true)).stage;
/** Longer than a look of the leader takes. */
const aWhile = () => new Promise((resolve) => setTimeout(resolve, 1_500));
const told = async (type: string): Promise<Record<string, unknown>[]> => {
  const rows: { payload: { data: Record<string, unknown> } }[] = await bench.harness.db.query(
    "select payload from outbox where payload->>'type' = $1 order by id",
    [`rendering.v1.${type}`],
  );
  return rows.map(({ payload }) => payload.data);
};
/** Jobs in the order in which they began. */
const begun = async (...ids: string[]) => {
  const rows: { job_id: string }[] = await bench.harness.db.query(
    'select job_id from attempt where job_id = any($1) order by dispatched_at',
    [ids],
  );
  return rows.map(({ job_id }) => job_id);
};
/** Both cards are out of use, so that what is asked for now waits. */
const drainBoth = () => Promise.all([drain(small), drain(big)]);
const gaplessEvents = async (id: string) => {
  const { items } = await bench.harness.reader.events({ id, after: 0, limit: 1_000 });
  expect(items.map(({ seq }) => seq)).toEqual(items.map((_, index) => index + 1));
  return items.map(({ type }) => type.replace('rendering.v1.', ''));
};

describe('a card that is drained', () => {
  it('ends what it has and gets nothing new, also from the next leader, until it is resumed', async () => {
    await drain(big);
    const running = await bench.request();
    await waitFor(async () => (await bench.harness.job(running)).gpu === small, {
      timeoutMs: 15_000,
      describe: 'the job to run on the card that is left',
    });
    expect(await drain(small)).toMatchObject({ drained: { by: 'Ada', reason: 'a new fan' } });
    expect((await bench.ended(running)).status).toBe('completed');
    const waiting = await bench.request();
    expect(await stageOf(waiting)).toMatch(/^Waiting: rtx3060 is drained by Ada since \S+: a new fan; rx9070xt is/);
    await bench.restartScheduler();
    await aWhile();
    expect((await bench.harness.job(waiting)).status).toBe('queued');
    await resume(small);
    expect((await bench.ended(waiting)).gpus).toEqual([small]);
  });

  it('and rests after failures is not tried until it is resumed, and says both', async () => {
    await bench.small.fault('disk-full');
    await bench.rendered();
    await bench.state(bench.small, 'unhealthy', /No space left/);
    await drainBoth();
    // A light prompt that was on its way when the card was drained ends.
    await aWhile();
    await bench.small.clearFaults();
    const sent = bench.small.executed().length;
    const waiting = await bench.request();
    // Longer than the longest rest here.
    await new Promise((resolve) => setTimeout(resolve, 6_000));
    expect(bench.small.executed()).toHaveLength(sent);
    expect(await bench.harness.steering.reader.get(small, true)).toMatchObject({
      state: 'unhealthy',
      detail: expect.stringMatching(/No space left.*; tried again at \S+, but not while it is drained$/) as string,
      drained: { by: 'Ada' },
    });
    expect(await stageOf(waiting)).toMatch(/No space left.*but not while it is drained; rtx3060 is drained by Ada/);
    await resume(small);
    expect((await bench.ended(waiting)).gpus).toEqual([small]);
  });

  it('stays drained by the first word about it, and is told once', async () => {
    const first = await drain(big);
    expect((await drain(big)).drained).toEqual(first.drained);
    await resume(big);
    expect((await resume(big)).drained).toBeNull();
    expect(await told('gpu_drained')).toEqual([{ gpu: big, by: 'Ada', reason: 'a new fan' }]);
    expect(await told('gpu_resumed')).toEqual([{ gpu: big, by: 'Ada' }]);
    await expect(drain('nope')).rejects.toMatchObject({
      code: 'gpu_unknown',
      message: 'there is no card nope; there are rtx3060, rx9070xt',
    });
  });
});

describe('memory that another program claims', () => {
  it('is made free, holds back what does not fit, and ends by itself', async () => {
    await drain(big);
    expect((await bench.rendered()).status).toBe('completed');
    const held = async () =>
      (await (await fetch(`${bench.small.url}/system_stats`)).json()) as { devices: { vram_free: number }[] };
    const before = (await held()).devices[0]?.vram_free ?? 0;
    expect(await claim(small, 11_000, 6)).toMatchObject({ memory_freed: false, ended_at: null });
    const waiting = await bench.request();
    expect(await stageOf(waiting)).toMatch(/Blender claimed 10\.7 GB of rtx3060: 1\.3 GB are left, this needs about/);
    const seen = await waitFor(
      async () => {
        const card = await bench.harness.steering.reader.get(small, true);
        return card.claims[0]?.memory_freed === true ? card : undefined;
      },
      { timeoutMs: 5_000, describe: 'the models to be unloaded' },
    );
    expect(seen.memory).toMatchObject({ claimed_mb: 11_000, left_mb: 12_288 - 11_000 });
    expect((await held()).devices[0]?.vram_free).toBeGreaterThan(before);
    expect((await bench.harness.job(waiting)).status).toBe('queued');
    expect((await bench.ended(waiting)).status).toBe('completed');
    expect((await bench.harness.steering.reader.get(small, true)).claims).toEqual([]);
    expect(await told('gpu_claim_ended')).toMatchObject([{ gpu: small, who: 'Blender', how: 'expired' }]);
  });

  it('does not hold back what fits beside it', async () => {
    await drain(big);
    await claim(small, 2_000, 600);
    expect((await bench.rendered()).gpus).toEqual([small]);
  });

  it('can be released, once and twice, and all of one program together', async () => {
    const { cards } = bench.harness.steering;
    const one = await claim(small, 2_000, 600);
    const two = await claim(small, 3_000, 600);
    const release = (which: { claim_id?: string; who?: string }) =>
      cards.release({ context: context(), name: small, ...which });
    const ended = await release({ claim_id: one.id });
    expect(ended.released).toMatchObject([{ id: one.id, remaining_seconds: 0 }]);
    expect((await release({ claim_id: one.id })).released).toEqual(ended.released);
    expect((await release({ who: 'Krita' })).released).toEqual([]);
    expect((await release({ who: 'Blender' })).released).toMatchObject([{ id: two.id }]);
    expect(await told('gpu_claim_ended')).toMatchObject([{ how: 'released' }, { how: 'released' }]);
    await expect(release({ claim_id: newId() })).rejects.toMatchObject({ code: 'claim_not_found' });
  });

  it('is refused where there is not so much', async () => {
    const field = { options: { fields: [{ pointer: '/megabytes' }] } };
    await expect(claim(small, 12_289, 60)).rejects.toMatchObject({ code: 'claim_too_large', ...field });
    const first = await claim(small, 12_288, 60, 'key');
    expect(await claim(small, 12_288, 60, 'key')).toEqual(first);
    await expect(claim(small, 1, 60)).rejects.toMatchObject({ code: 'gpu_memory_claimed', ...field });
  });
});

describe('a job that waits', () => {
  it('gets another place in line with another priority, and a deadline', async () => {
    await drainBoth();
    const [first, second] = [await bench.request(), await bench.request()];
    const deadline = '2099-01-01T00:00:00.000Z';
    expect(await change(second, { priority: 'urgent', deadline_at: deadline })).toMatchObject({
      priority: 'urgent',
      deadline_at: deadline,
      gpu_queue_position: 1,
    });
    await change(second, { priority: 'urgent' });
    expect(await change(second, { deadline_at: null })).toMatchObject({ priority: 'urgent', deadline_at: null });
    await resume(small);
    await Promise.all([first, second].map((id) => bench.ended(id)));
    expect(await begun(first, second)).toEqual([second, first]);
    const events = await gaplessEvents(second);
    expect(events.filter((type) => type === 'job_reprioritised')).toHaveLength(2);
    await expect(change(second, { priority: 'normal' })).rejects.toMatchObject({ code: 'job_already_over' });
  });

  it('takes no deadline that is past', async () => {
    const id = await bench.request();
    await expect(change(id, { deadline_at: '2020-01-01T00:00:00Z' })).rejects.toMatchObject({
      code: 'deadline_past',
      options: { fields: [{ pointer: '/deadline_at' }] },
    });
  });

  it('is not started while it is paused, whoever leads, nor is what comes back of it', async () => {
    await drainBoth();
    const [paused, other] = [await bench.request({ count: 2 }), await bench.request()];
    expect(await pauseJob(paused)).toMatchObject({
      status: 'queued',
      stage: expect.stringMatching(/^Paused by Ada since \S+: a new fan$/) as string,
      paused: { by: 'Ada' },
      gpu_queue_position: null,
    });
    expect((await pauseJob(paused)).paused).toEqual((await bench.harness.job(paused)).paused);
    await bench.restartScheduler();
    await Promise.all([resume(small), resume(big)]);
    expect((await bench.ended(other)).status).toBe('completed');
    await aWhile();
    expect(await begun(paused)).toEqual([]);
    await resumeJob(paused);
    expect((await bench.ended(paused)).status).toBe('completed');
    const events = await gaplessEvents(paused);
    expect(events).toEqual(expect.arrayContaining(['job_paused', 'job_resumed']));
    expect(events.filter((type) => type === 'job_paused')).toHaveLength(1);
  });

  it('may be cancelled while it is paused', async () => {
    await drainBoth();
    const id = await bench.request();
    await pauseJob(id);
    expect(await bench.harness.jobs.cancel({ context: context(), id, reason: '' })).toMatchObject({
      status: 'cancelled',
      paused: null,
    });
    await expect(resumeJob(id)).rejects.toMatchObject({ code: 'job_already_over' });
  });
});

describe('a task that is on its card while its job is paused', () => {
  it('ends there, and is not tried again when it is lost', async () => {
    await drain(big);
    const id = await bench.request();
    await waitFor(async () => (await begun(id)).length === 1, { timeoutMs: 15_000, describe: 'the job to start' });
    await pauseJob(id);
    await bench.small.kill();
    await bench.small.start();
    await waitFor(async () => /^Paused by Ada/.test(await stageOf(id)), {
      timeoutMs: 30_000,
      describe: 'the lost task to wait',
    });
    await bench.state(bench.small, 'idle');
    await aWhile();
    expect(await begun(id)).toEqual([id]);
    await resumeJob(id);
    expect((await bench.ended(id)).status).toBe('completed');
  });
});

describe('an order by hand', () => {
  it('holds against the age of jobs, forward and backward', async () => {
    await drainBoth();
    const [a, b, c, d] = [await bench.request(), await bench.request(), await bench.request(), await bench.request()];
    await order({ job_id: d, before: b });
    await order({ job_id: a, after: c });
    await order({ job_id: d, before: b });
    expect((await bench.harness.reader.get(d, true)).gpu_queue_position).toBe(1);
    expect(await stageOf(b)).toMatch(/^Waiting: /);
    await resume(small);
    await Promise.all([a, b, c, d].map((id) => bench.ended(id)));
    expect(await begun(a, b, c, d)).toEqual([d, b, c, a]);
    await waitFor(async () => ((await bench.harness.db.query('select 1 from queue_order')) as unknown[]).length === 0, {
      timeoutMs: 10_000,
      describe: 'the orders to end with their jobs',
    });
    expect(await gaplessEvents(d)).toContain('job_ordered');
  });

  it('is taken back with all that was ordered of the job, and told once each', async () => {
    await drainBoth();
    const [a, b, c] = [await bench.request(), await bench.request(), await bench.request()];
    await order({ job_id: c, before: a });
    await order({ job_id: c, before: b });
    await order({ job_id: a, after: b });
    expect((await bench.harness.reader.get(c, true)).gpu_queue_position).toBe(1);
    expect(await withdraw(c)).toEqual({
      job_id: c,
      withdrawn: [
        { job_id: c, before: a, after: null },
        { job_id: c, before: b, after: null },
      ],
    });
    expect((await bench.harness.reader.get(c, true)).gpu_queue_position).toBe(3);
    expect(await withdraw(c)).toEqual({ job_id: c, withdrawn: [] });
    expect((await told('job_order_withdrawn')).map(({ jobId, before }) => [jobId, before])).toEqual([
      [c, a],
      [c, b],
    ]);
    await resume(small);
    await Promise.all([a, b, c].map((id) => bench.ended(id)));
    expect(await begun(a, b, c)).toEqual([b, a, c]);
    expect((await gaplessEvents(c)).filter((type) => type === 'job_order_withdrawn')).toHaveLength(2);
    await expect(withdraw(newId())).rejects.toMatchObject({ code: 'job_not_found' });
  });

  it('does not start what comes after on a free card, and lets it pass what no card can take', async () => {
    await pauseQueue();
    const [first, then] = [await bench.request(), await bench.request()];
    await order({ job_id: then, after: first });
    await drain(big);
    await resumeQueue();
    await Promise.all([first, then].map((id) => bench.ended(id)));
    expect(await begun(first, then)).toEqual([first, then]);
    await drainBoth();
    const [late, blocked] = [await bench.request(), await bench.request()];
    await order({ job_id: blocked, before: late });
    await bench.harness.db.query(
      `update task set excluded_gpus = '["rtx3060"]', kind = kind || 'b' where job_id = $1`,
      [blocked],
    );
    await resume(small);
    expect((await bench.ended(late)).status).toBe('completed');
    expect(await begun(blocked)).toEqual([]);
  });

  it('is refused where it makes no sense', async () => {
    await drainBoth();
    const [a, b, c] = [await bench.request(), await bench.request(), await bench.request()];
    const field = (pointer: string) => ({ options: { fields: [{ pointer }] } });
    await expect(order({ job_id: a, before: a })).rejects.toMatchObject({
      code: 'order_with_itself',
      ...field('/before'),
    });
    await order({ job_id: a, before: b });
    await order({ job_id: b, before: c });
    await expect(order({ job_id: a, after: c })).rejects.toMatchObject({
      code: 'order_is_a_circle',
      message: expect.stringContaining([c, a, b, c].join(', ')) as string,
      ...field('/after'),
    });
    await change(b, { priority: 'urgent' });
    await order({ job_id: c, before: a });
    await expect(order({ job_id: b, before: a })).rejects.toMatchObject({
      code: 'priorities_differ',
      ...field('/before'),
    });
    await expect(order({ job_id: newId(), before: a })).rejects.toMatchObject({ code: 'job_not_found' });
    await bench.harness.jobs.cancel({ context: context(), id: c, reason: '' });
    await expect(order({ job_id: a, after: c })).rejects.toMatchObject({
      code: 'job_already_over',
      ...field('/after'),
    });
  });
});

describe('a queue that is paused', () => {
  it('starts nothing, says so, survives leaders, and goes on', async () => {
    const running = await bench.request();
    await waitFor(async () => (await begun(running)).length === 1, { timeoutMs: 15_000, describe: 'a start' });
    expect(await pauseQueue()).toMatchObject({ paused: { by: 'Ada', reason: 'a new fan' } });
    await pauseQueue();
    const waiting = await bench.request();
    expect(await stageOf(waiting)).toMatch(/^Waiting: the queue is paused by Ada since \S+: a new fan$/);
    expect((await bench.ended(running)).status).toBe('completed');
    await bench.restartScheduler();
    await aWhile();
    expect((await bench.harness.job(waiting)).status).toBe('queued');
    expect(await resumeQueue()).toEqual({ paused: null });
    await resumeQueue();
    expect((await bench.ended(waiting)).status).toBe('completed');
    expect([await told('queue_paused'), await told('queue_resumed')].map((list) => list.length)).toEqual([1, 1]);
  });
});

describe('a job that ended', () => {
  it('is asked for again by a new one with the seeds of what is missing', async () => {
    await drainBoth();
    const id = await bench.request({ count: 3, seed: 70, priority: 'high' });
    await bench.harness.db.query("update task set state = 'done' where job_id = $1 and idx = 1", [id]);
    await expect(retry(id)).rejects.toMatchObject({ code: 'job_not_over' });
    await bench.harness.jobs.cancel({ context: context(), id, reason: '' });
    const before = await gaplessEvents(id);
    const again = await retry(id, 'key');
    expect(again).toMatchObject({ retry_of: id, status: 'queued', count: 2, priority: 'high', paused: null });
    expect(again.tasks.map(({ seed }) => seed)).toEqual([70, 72]);
    expect((await retry(id, 'key')).id).toBe(again.id);
    await expect(retry(id)).rejects.toMatchObject({ code: 'job_already_retried' });
    expect(await gaplessEvents(id)).toEqual(before);
    await resume(small);
    expect(await bench.ended(again.id)).toMatchObject({ status: 'completed', images_complete: 2 });
    await expect(retry(again.id)).rejects.toMatchObject({ code: 'job_completed' });
  });

  it('gets other seeds where quality rejected what the old ones made', async () => {
    const { job_id } = await bench.harness.request({ seed: 5, max_regenerations: 0 });
    await waitFor(() => bench.harness.judge('failed').then((judged) => judged === 1), {
      timeoutMs: 30_000,
      describe: 'a picture to judge',
    });
    expect((await bench.harness.job(job_id)).status).toBe('rejected');
    const again = await retry(job_id);
    expect(again.tasks[0]?.seed).not.toBe(5);
  });
});

it('tells of a card what it runs, what comes next and how it was used', async () => {
  await drain(big);
  expect((await bench.rendered()).status).toBe('completed');
  const running = await bench.request({ steps: 60 });
  // Where both waited, the shorter one would go first.
  await waitFor(async () => (await bench.harness.job(running)).status === 'processing', {
    timeoutMs: 15_000,
    describe: 'the long one to run',
  });
  const next = await bench.request();
  const card = await waitFor(
    async () => {
      const seen = await bench.harness.steering.reader.get(small, true);
      const isTold = seen.running.length > 0 && seen.next.length > 0 && seen.last_hour.estimates.judged > 0;
      return seen.state === 'busy' && isTold ? seen : undefined;
    },
    { timeoutMs: 15_000, describe: 'one to run, one to wait, and one to be judged' },
  );
  expect(card).toMatchObject({
    state: 'busy',
    current_job_id: running,
    running: [{ job_id: running, workflow: 'anime-still-sd15', attempt: 1 }],
    next: [{ job_id: next, priority: 'normal' }],
    next_total: 1,
    last_hour: { model_swaps: 0, model_swaps_unknown: null, estimates: { judged: 1 } },
  });
  const { items } = await bench.harness.steering.reader.list({ limit: 1 });
  expect(items.map(({ name }) => name)).toEqual([small]);
});
