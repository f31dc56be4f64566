// Real: every process of a Tower, its public interface, NATS, a restart of the rendering service. Simulated: the cards.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseNatsUrl } from '@tower/bus';
import { commandAccepted, commandRejected, pauseQueue, drainGpu, routes, type JobView } from '@tower/contracts';
import { newId } from '@tower/kit';
import { waitFor } from '@tower/testing';
import { connect } from 'nats';
import { TowerProcess } from './tower-process';

const body = { type: 'image', prompt: 'a girl at the window', quality: 'low' } as const;
const ada = { who: 'Ada', reason: 'a new fan' };

describe('steering by hand', () => {
  let tower: TowerProcess;

  beforeAll(async () => {
    tower = await TowerProcess.start();
  }, 120_000);
  afterAll(() => tower.remove());

  const request = async (): Promise<string> => (await tower.api.call(routes.generate, { body })).job_id;
  const job = (id: string): Promise<JobView> => tower.api.call(routes.getJob, { params: { id } });
  const until = (id: string, condition: (seen: JobView) => boolean, describe: string): Promise<JobView> =>
    waitFor(
      async () => {
        const seen = await job(id);
        return condition(seen) ? seen : undefined;
      },
      { timeoutMs: 60_000, describe },
    );
  const completed = (id: string) => until(id, ({ status }) => status === 'completed', `job ${id} to be completed`);
  const gpus = async () => (await tower.api.call(routes.listGpus, {})).items;
  /** By anybody who speaks HTTP. */
  const answerTo = async (method: string, path: string, data?: unknown) => {
    const response = await fetch(`${tower.url}/api/anime${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(data === undefined ? {} : { body: JSON.stringify(data) }),
    });
    return { status: response.status, ...((await response.json()) as { code?: string; errors?: unknown }) };
  };
  const pointer = (at: string) => [expect.objectContaining({ pointer: at }) as unknown];

  it('lets a drained card end what it has, makes jobs wait with words, across a restart, and goes on', async () => {
    for (const { name } of await gpus()) await tower.api.call(routes.drainGpu, { params: { name }, body: ada });
    const id = await request();
    const waits = /^Waiting: rtx3060 is drained by Ada since \S+: a new fan; rx9070xt is drained by Ada/;
    // Cards that were not asked yet say that first.
    await until(id, ({ stage }) => waits.test(stage), 'the job to wait for drained cards');
    await tower.untilRestarted('rendering', tower.signal('rendering', 'SIGKILL'));
    await until(id, ({ stage }) => waits.test(stage), 'the job to wait with the same words');
    const status = await tower.api.call(routes.getStatus, {});
    expect(status.rendering?.gpus.map(({ drained }) => drained?.by)).toEqual(['Ada', 'Ada']);
    await tower.api.call(routes.resumeGpu, { params: { name: 'rtx3060' }, body: { who: 'Ada' } });
    expect((await completed(id)).gpus).toEqual(['rtx3060']);
    expect(tower.executions('rx9070xt').filter(({ event }) => event !== 'boot')).toEqual([]);
  }, 120_000);

  it('serves one job before another, and holds one that is paused', async () => {
    const command = { id: newId(), data: ada };
    const nats = await connect(parseNatsUrl(readFileSync(join(tower.home, 'nats-publisher.url'), 'utf8').trim()));
    const heard = nats.subscribe(`evt.rendering.v1.*.${command.id}`, { max: 1 });
    await nats.jetstream().publish(pauseQueue.subject, JSON.stringify(command));
    for await (const message of heard) expect(message.json()).toMatchObject({ type: commandAccepted.type });
    const refused = { id: newId(), data: { gpu: 'nope' } };
    const rejected = nats.subscribe(`evt.rendering.v1.*.${refused.id}`, { max: 1 });
    await nats.jetstream().publish(drainGpu.subject, JSON.stringify(refused));
    for await (const message of rejected)
      expect(message.json()).toMatchObject({ type: commandRejected.type, data: { code: 'gpu_unknown' } });
    await nats.close();

    const [first, second, held] = [await request(), await request(), await request()];
    expect((await job(first)).stage).toMatch(/^Waiting: the queue is paused by Ada since \S+: a new fan$/);
    await tower.api.call(routes.orderQueue, { body: { job_id: second, before: first } });
    await tower.api.call(routes.pauseJob, { params: { id: held }, body: ada });
    await tower.api.call(routes.resumeQueue, { body: {} });
    const begun = await Promise.all([first, second].map(async (id) => (await completed(id)).started_at ?? ''));
    expect(begun[1]?.localeCompare(begun[0] ?? '')).toBe(-1);
    expect(await job(held)).toMatchObject({ status: 'queued', paused: { by: 'Ada' } });
    await tower.api.call(routes.resumeJob, { params: { id: held }, body: {} });
    await completed(held);
  }, 120_000);

  it('keeps memory free for another program, and says until when', async () => {
    const claim = await tower.api.call(routes.claimGpuMemory, {
      params: { name: 'rtx3060' },
      body: { megabytes: 12_000, seconds: 3_600, who: 'Blender' },
    });
    const id = await request();
    const waiting = await job(id);
    expect(waiting.stage).toContain(`can start there at ${claim.until}`);
    await tower.api.call(routes.releaseGpuClaim, { params: { name: 'rtx3060', id: claim.id } });
    await completed(id);
  }, 120_000);

  it('asks again for a job that was cancelled', async () => {
    const [name] = (await gpus()).map((gpu) => gpu.name);
    await tower.api.call(routes.drainGpu, { params: { name: name ?? '' }, body: ada });
    const id = await request();
    await tower.api.call(routes.cancelJob, { params: { id }, body: {} });
    const again = await tower.api.call(routes.retryJob, { params: { id }, body: {} });
    expect(again).toMatchObject({ retry_of: id, status: 'queued' });
    await tower.api.call(routes.resumeGpu, { params: { name: name ?? '' }, body: {} });
    await completed(again.id);
  }, 120_000);

  it('refuses what makes no sense, and names the field', async () => {
    const [a, b] = [await request(), await request()];
    await Promise.all([a, b].map((id) => completed(id)));
    expect(await answerTo('POST', '/gpus/nope/drain', ada)).toMatchObject({
      status: 404,
      code: 'gpu_unknown',
      errors: pointer('{name}'),
    });
    expect(
      await answerTo('POST', '/gpus/rtx3060/claims', { megabytes: 999_999, seconds: 5, who: 'Blender' }),
    ).toMatchObject({ status: 400, code: 'claim_too_large', errors: pointer('/megabytes') });
    expect(
      await answerTo('POST', '/gpus/rtx3060/claims', { megabytes: 1, seconds: 86_401, who: 'Blender' }),
    ).toMatchObject({ status: 400, errors: pointer('/seconds') });
    expect(await answerTo('PATCH', `/jobs/${a}`, { deadline_at: '2020-01-01T00:00:00Z' })).toMatchObject({
      status: 400,
      code: 'deadline_past',
      errors: pointer('/deadline_at'),
    });
    expect(await answerTo('PATCH', `/jobs/${a}`, { priority: 'soon' })).toMatchObject({
      status: 400,
      errors: pointer('/priority'),
    });
    expect(await answerTo('POST', '/queue/order', { job_id: a, before: a })).toMatchObject({
      status: 400,
      code: 'order_with_itself',
      errors: pointer('/before'),
    });
    expect(await answerTo('POST', '/queue/order', { job_id: a, before: b })).toMatchObject({
      status: 409,
      code: 'job_already_over',
      errors: pointer('/job_id'),
    });
    expect(await answerTo('DELETE', '/queue/order/nope')).toMatchObject({ status: 400, errors: pointer('{id}') });
    expect(await answerTo('DELETE', `/queue/order/${newId()}`)).toMatchObject({ status: 404, code: 'job_not_found' });
    expect(await answerTo('DELETE', `/queue/order/${a}`)).toMatchObject({ status: 200, withdrawn: [] });
    expect(await answerTo('POST', `/jobs/${a}/retry`)).toMatchObject({ status: 409, code: 'job_completed' });
    expect(await answerTo('POST', '/queue/pause', { why: 'x' })).toMatchObject({ status: 400, code: 'body_invalid' });
  }, 120_000);
});
