import { isUniqueViolation, Outbox } from '@tower/db';
import { Metrics, newId, systemClock } from '@tower/kit';
import { createTestDatabase, waitFor } from '@tower/testing';
import { startLeading, type LeadingProcess } from '../../harness/leading-process';
import { newAttempt, type BookedCard } from '../attempts/new-attempt';
import { noParts } from '../workflows/composition';
import { RenderingMetrics } from '../rendering.metrics';
import { Attempt } from './attempt.entity';
import { GenerationParams } from './generation-params.entity';
import { jobEntities } from './job-entities';
import { JobEvent } from './job-event.entity';
import { JobStore } from './job-store';
import { Job } from './job.entity';
import { Task } from './task.entity';

/** Real here: PostgreSQL and a lease. */

const store = new JobStore(
  new Outbox('rendering', systemClock),
  new RenderingMetrics(new Metrics('rendering')),
  systemClock,
);
let leading: LeadingProcess;

beforeEach(async () => {
  leading = await startLeading({ database: await createTestDatabase('rendering'), waitFor }, jobEntities);
});
afterEach(() => leading.stop());

async function inLine(count = 1): Promise<Job> {
  const { manager } = leading.db;
  const job = manager.create(Job, {
    ...{ id: newId(), projectId: newId(), projectSlug: 'night-train', characterIds: [], jobType: 'still_image' },
    ...{ workflow: 'a', workflowVersion: 1, preset: 'draft', priority: 'normal', rank: 2, state: 'pending', seq: 0 },
    ...{ prompt: 'p', negativePrompt: '', fullPrompt: 'p', fullNegativePrompt: '', modelName: 'm', cfgScale: null },
    ...{ width: 64, height: 64, steps: 1, samplerName: null, scheduler: null, frames: 1, fps: null, warnings: [] },
    ...{ parameters: { steps: 1 }, parts: noParts, images: {}, seed: 9_007_199_254_740_991, count, deadlineAt: null },
    ...{ autoQualityCheck: false, maxRegenerations: 0, error: null, correlationId: newId(), createdAt: new Date() },
    ...{ queuedAt: null, startedAt: null, renderedAt: null, endedAt: null, allowDegrade: false },
  } as Partial<Job>);
  const tasks = Array.from({ length: count }, (_, idx) => ({
    ...{ id: newId(), jobId: job.id, idx, rank: 2, kind: 'k', seed: job.seed - idx, createdAt: job.createdAt },
  }));
  const asked = { jobType: 'still_image', workflow: 'a', count, priority: 'normal' } as const;
  await store.enqueue(manager, job, tasks, asked);
  return job;
}

/** The job and one of its tasks as they are now, with an attempt for this card. */
async function bookingOf(jobId: string, gpu = 'rtx3060', idx = 0) {
  const { manager } = leading.db;
  const job = await manager.findOneByOrFail(Job, { id: jobId });
  const task = await manager.findOneByOrFail(Task, { jobId, idx });
  const at = { name: gpu, url: 'http://card:8188', inventory: {}, infos: {}, resident: [], isBusy: false };
  const forecast = { seconds: 3.5, low: 2.5, high: 5, p80: 4.2, basis: 'measured' };
  const card = { ...at, forecast } as unknown as BookedCard;
  const attempt = newAttempt(task, card, { fence: leading.fence, estimatedSeconds: 3.5, at: new Date() });
  const params = {
    ...{ attemptId: attempt.id, jobId, graph: { '1': { class_type: 'A', inputs: { text: '花 "quoted" $1' } } } },
    ...{
      graphSha256: 'x',
      parameters: {},
      promptChoices: [],
      workflow: 'a',
      workflowVersion: 1,
      recordedAt: new Date(),
    },
    ...{ comfyuiVersion: null, device: null, pytorchVersion: null, plan: task.plan, parts: job.parts },
  };
  return { job, task, attempt, params };
}
type BookingOf = Awaited<ReturnType<typeof bookingOf>>;

const book = (booking: BookingOf, fence = leading.fence): Promise<boolean> =>
  store.book(leading.db, fence, booking, {
    ...{ taskId: booking.task.id, attemptId: booking.attempt.id, attempt: 1, gpu: booking.attempt.gpu },
    ...{ promptId: booking.attempt.promptId, seed: booking.attempt.seed, estimatedSeconds: 3.5 },
  });

const types = async (jobId: string): Promise<[number, string][]> =>
  (await leading.db.manager.find(JobEvent, { where: { jobId }, order: { seq: 'ASC' } })).map(({ seq, type }) => [
    seq,
    type.replace(/^.*\./, ''),
  ]);

/** What a booking that came to nothing must not have touched. */
async function untouched(jobId: string, seq: number): Promise<void> {
  const { manager } = leading.db;
  expect(await manager.countBy(Attempt, { jobId, state: 'dispatching' })).toBe(0);
  expect(await manager.countBy(GenerationParams, { jobId })).toBe(0);
  expect(await manager.findOneByOrFail(Job, { id: jobId })).toMatchObject({ seq });
  expect(await types(jobId)).toHaveLength(seq);
}

it('writes attempt, graph, task, job, history and outbox as they are given', async () => {
  const { id } = await inLine();
  const booking = await bookingOf(id);
  expect(await book(booking)).toBe(true);
  const { manager } = leading.db;
  const read = await bookingOf(id);
  expect(read.job).toEqual(booking.job);
  expect(read.job).toMatchObject({ state: 'processing', startedAt: booking.attempt.dispatchedAt, seq: 4 });
  expect(read.task).toMatchObject({ state: 'rendering', attempts: 1, seed: 9_007_199_254_740_991 });
  expect(await manager.findOneByOrFail(Attempt, { jobId: id })).toMatchObject(booking.attempt);
  expect(await manager.findOneByOrFail(GenerationParams, { jobId: id })).toEqual(booking.params);
  expect((await types(id)).map(([seq]) => seq)).toEqual([1, 2, 3, 4]);
  const sent: { seq: number; type: string }[] = await leading.db.query(
    "select (payload->'data'->>'seq')::int as seq, payload->>'type' as type from outbox order by id",
  );
  expect(sent.map(({ seq, type }) => [seq, type.replace(/^.*\./, '')])).toEqual(await types(id));
});

it('announces the start of a job once, however many of its tasks are given out', async () => {
  const { id } = await inLine(2);
  expect(await book(await bookingOf(id, 'one', 0))).toBe(true);
  expect(await book(await bookingOf(id, 'two', 1))).toBe(true);
  expect((await types(id)).filter(([, type]) => type.includes('started'))).toHaveLength(1);
  expect((await leading.db.manager.findOneByOrFail(Job, { id })).seq).toBe(5);
});

it('writes nothing for what changed since it was read', async () => {
  const { id } = await inLine();
  const cancelled = await bookingOf(id);
  await leading.db.transaction(async (tx) => store.cancel(tx, await store.lock(tx, id), 'on request'));
  expect(await book(cancelled)).toBe(false);
  await untouched(id, 3);
  const other = await inLine();
  const moved = await bookingOf(other.id);
  await leading.db.query("update task set kind = 'another' where job_id = $1", [other.id]);
  expect(await book(moved)).toBe(false);
  await untouched(other.id, 2);
  const held = await inLine();
  const paused = await bookingOf(held.id);
  await leading.db.query('update task set paused = true where job_id = $1', [held.id]);
  expect(await book(paused)).toBe(false);
  await untouched(held.id, 2);
});

it('waits for a change of the job that is under way, and then writes nothing', async () => {
  const { id } = await inLine();
  const booking = await bookingOf(id);
  let booked: Promise<boolean> | undefined;
  await leading.db.transaction(async (tx) => {
    await store.cancel(tx, await store.lock(tx, id), 'on request');
    booked = book(booking);
    await waitFor(
      async () =>
        (
          (await leading.db.query(
            "select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like 'with fence%'",
          )) as unknown[]
        ).length > 0,
    );
  });
  expect(await booked).toBe(false);
  await untouched(id, 3);
});

it('writes nothing for a process that no longer leads', async () => {
  const { id } = await inLine();
  await expect(book(await bookingOf(id), leading.formerFence)).rejects.toMatchObject({ code: 'lease_lost' });
  await untouched(id, 2);
});

it('writes nothing for a card that is taken', async () => {
  const { id } = await inLine(2);
  const both = await Promise.all([bookingOf(id, 'one', 0), bookingOf(id, 'one', 1)]);
  const ended = await Promise.allSettled(both.map((booking) => book(booking)));
  // Either the second one finds the job changed, or the card taken.
  expect(ended.filter((one) => one.status === 'fulfilled' && one.value)).toHaveLength(1);
  const left = ended[0]?.status === 'fulfilled' && ended[0].value ? 1 : 0;
  const refused = await book(await bookingOf(id, 'one', left)).catch((error: unknown) => error);
  expect(isUniqueViolation(refused)).toBe(true);
  expect(await leading.db.manager.countBy(Attempt, { jobId: id })).toBe(1);
});
