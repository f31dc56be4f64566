import { gpuConfig, isOver, type CalibrationStarted, type JobView } from '@tower/contracts';
import { newId } from '@tower/kit';
import {
  createTestDatabase,
  SimProcess,
  startTestNats,
  waitFor,
  type TestDatabase,
  type TestNats,
} from '@tower/testing';
import { RenderingHarness } from '../harness/rendering-harness';
import { Gpu } from './cards/card.entity';
import { Attempt } from './jobs/attempt.entity';
import { JobEvent } from './jobs/job-event.entity';
import { RuntimeSample } from './jobs/runtime-sample.entity';
import { Task } from './jobs/task.entity';

/** Real here: PostgreSQL, NATS, HTTP, and two simulated cards as processes. */

let nats: TestNats;
let database: TestDatabase;
let cards: SimProcess[];
let harness: RenderingHarness;

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
    cards.map(({ name, url }) => gpuConfig.parse({ name, url })),
  );
  await harness.startLeader();
  await waitFor(async () => (await harness.db.manager.countBy(Gpu, { state: 'idle' })) === 2, {
    timeoutMs: 15_000,
    describe: 'both cards to be known',
  });
});
afterEach(async () => {
  await harness.close();
  await Promise.all([database.drop(), ...cards.map((card) => card.rest())]);
});

const calibrate = (gpu: string, workflow?: string): Promise<CalibrationStarted> =>
  harness.calibrations.calibrate({
    context: { correlationId: newId() },
    gpu,
    ...(workflow === undefined ? {} : { workflow }),
  });

const over = (ids: readonly string[]): Promise<JobView[]> =>
  waitFor(
    async () => {
      const jobs = await Promise.all(ids.map((id) => harness.job(id)));
      return jobs.every(({ status }) => isOver(status)) ? jobs : undefined;
    },
    { timeoutMs: 45_000, describe: 'all jobs to be over' },
  );

it('measures a card on that card alone, labelled, unjudged, and out of the way in the library', async () => {
  const { jobs, skipped, gpu } = await calibrate('rtx3060', 'anime-still-sd15');
  expect(gpu).toBe('rtx3060');
  expect(skipped).toEqual([]);
  const ids = jobs.map(({ job_id }) => job_id);
  for (const view of await over(ids))
    expect(view).toMatchObject({
      status: 'completed',
      calibration: true,
      only_gpu: 'rtx3060',
      gpus: ['rtx3060'],
      steps: 4,
    });
  const samples = await harness.db.manager.findBy(RuntimeSample, { gpu: 'rtx3060' });
  expect(samples).toHaveLength(jobs.reduce((sum, { count }) => sum + count, 0));
  expect(await harness.db.manager.countBy(RuntimeSample, { gpu: 'rx9070xt' })).toBe(0);
  const [first = ''] = ids;
  expect(await harness.db.manager.findOneByOrFail(JobEvent, { jobId: first, seq: 1 })).toMatchObject({
    data: { calibration: true, onlyGpu: 'rtx3060' },
  });
  const [file] = (await harness.reader.artifacts({ id: first, limit: 1 })).items;
  expect(file?.path).toMatch(/^calibration\//);
  // What was measured is no prior any more, once it was read anew.
  await waitFor(
    async () => {
      const { presets } = await harness.estimate({ model_name: jobs[0]?.model_name });
      return presets.some(({ basis }) => !basis.startsWith('prior'));
    },
    { timeoutMs: 15_000, describe: 'an estimate that rests on what was measured' },
  );
});

it('begins nothing while anything else waits for that card, however late that came', async () => {
  await harness.stopLeaders();
  const { jobs } = await calibrate('rtx3060', 'anime-still-sd15');
  const asked = await harness.request({ count: 5, priority: 'low', auto_quality_check: false });
  await harness.startLeader();
  await over([...jobs.map(({ job_id }) => job_id), asked.job_id]);
  const attempts = await harness.db.manager.find(Attempt, { order: { dispatchedAt: 'ASC' } });
  const lastAsked = attempts.findLastIndex(({ jobId }) => jobId === asked.job_id);
  const firstMeasured = attempts.findIndex(({ jobId }) => jobId !== asked.job_id);
  expect(lastAsked).toBeLessThan(firstMeasured);
});

it('is refused by name, and not begun twice', async () => {
  await expect(calibrate('nowhere')).rejects.toMatchObject({ kind: 'not_found', code: 'gpu_unknown' });
  await expect(calibrate('rtx3060', 'nothing')).rejects.toMatchObject({ code: 'workflow_unknown' });
  await expect(calibrate('rtx3060', 'interpolate-rife')).rejects.toMatchObject({
    code: 'nothing_to_calibrate',
    message: expect.stringContaining('it works on a film of yours'),
  });
  await harness.stopLeaders();
  const { jobs } = await calibrate('rtx3060', 'anime-still-sd15');
  await expect(calibrate('rtx3060')).rejects.toMatchObject({ kind: 'conflict', code: 'calibration_underway' });
  for (const { job_id } of jobs)
    await harness.jobs.cancel({ context: { correlationId: newId() }, id: job_id, reason: '' });
  expect(await harness.db.manager.countBy(Task, { state: 'cancelled' })).toBe(3);
  await calibrate('rtx3060', 'anime-still-sd15');
});
