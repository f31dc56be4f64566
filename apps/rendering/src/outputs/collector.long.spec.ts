// Real: PostgreSQL, NATS, HTTP, files, two simulated cards as processes.
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { newId } from '@tower/kit';
import { createTestDatabase, startTestNats, waitFor, type TestNats, type SimProcess } from '@tower/testing';
import { FaultBench, shortLimits, story, type BenchOptions } from '../../harness/fault-bench';
import { Attempt } from '../jobs/attempt.entity';
import { Job } from '../jobs/job.entity';

/** Longer than all the tries that a bad output gets, at a round of the leader each. */
const longerThanTriesMs = 2_000 + shortLimits.outputTries.most * 1_000;

let nats: TestNats;
let bench: FaultBench;

beforeAll(async () => {
  nats = await startTestNats();
});
afterAll(() => nats.close());
afterEach(() => bench.close());

async function open(options: BenchOptions = {}): Promise<void> {
  bench = await FaultBench.open(
    { natsUrl: nats.url, database: await createTestDatabase('rendering'), waitFor },
    options,
  );
}

const incoming = (): string => join(bench.harness.libraryRoot, '.incoming');
const unfinished = (): string[] => readdirSync(incoming());
const failed = (): Promise<number> => bench.harness.db.manager.countBy(Attempt, { state: 'failed' });
const starts = (...cards: SimProcess[]): number => cards.flatMap((card) => card.executed('start')).length;

/**
 * A job whose picture lies finished on the small card's disk, while the library takes nothing: a file lies where its
 * first folder should be.
 */
async function finishedOnCard(): Promise<string> {
  await bench.bothIdle();
  const id = await bench.request({ width: 512, height: 512, steps: 20 });
  await waitFor(() => starts(bench.small) === 1, { timeoutMs: 30_000, describe: 'the card to work' });
  rmSync(incoming(), { recursive: true });
  writeFileSync(incoming(), 'in the way');
  await waitFor(() => bench.harness.db.manager.findOneBy(Attempt, { jobId: id, state: 'collecting' }), {
    timeoutMs: 30_000,
    describe: 'the picture to be finished',
  });
  return id;
}

/** The library takes files again, from the moment that the scheduler notices. */
const mend = (): void => {
  rmSync(incoming());
  mkdirSync(incoming());
};

it('keeps a finished output while the library takes nothing, gives out no work, and says why', async () => {
  await open();
  const id = await finishedOnCard();
  const waiting = await bench.request();
  await waitFor(() => bench.harness.disks.isFailing('library'), {
    timeoutMs: 30_000,
    describe: 'the library to refuse the picture',
  });
  await sleep(longerThanTriesMs);
  const stage = "Waiting: the library's disk cannot be used (EEXIST). Look at what lies there.";
  expect(await bench.harness.job(id)).toMatchObject({ status: 'processing', stage });
  expect(await bench.harness.job(waiting)).toMatchObject({
    status: 'queued',
    stage,
    estimate: { remaining_seconds: null },
  });
  expect(starts(bench.small, bench.big)).toBe(1);
  expect(await bench.metric('tower_disk_free_bytes')).toBeGreaterThan(0);
  mend();
  expect(story(await bench.ended(id))).toEqual(['rtx3060: rendered']);
  expect((await bench.ended(waiting)).status).toBe('completed');
  expect(await failed()).toBe(0);
  for (const card of [bench.small, bench.big])
    expect((await bench.gpu(card)).health).toMatchObject({ failuresInRow: 0, trouble: null });
  expect(unfinished()).toEqual([]);
}, 120_000);

it('fetches a finished output after its server was away for longer than outputs get tries', async () => {
  await open({ limits: { silentMs: 120_000 } });
  const id = await finishedOnCard();
  await bench.small.kill();
  mend();
  await sleep(longerThanTriesMs);
  expect(await bench.harness.job(id)).toMatchObject({
    status: 'processing',
    stage: expect.stringMatching(/^rtx3060 \(http.*\) does not answer.*; waiting for it to come back$/) as string,
  });
  await bench.small.start();
  expect(story(await bench.ended(id))).toEqual(['rtx3060: rendered']);
  expect(starts(bench.small, bench.big)).toBe(1);
}, 120_000);

it('renders again elsewhere when the server of a finished output stays away', async () => {
  await open({ limits: { silentMs: 6_000 } });
  const id = await finishedOnCard();
  await bench.small.kill();
  mend();
  const job = await bench.ended(id);
  expect(job.tasks[0]?.attempts.map((attempt) => [attempt.gpu, attempt.state])).toEqual([
    ['rtx3060', 'lost'],
    ['rx9070xt', 'succeeded'],
  ]);
  expect(job.tasks[0]?.attempts[0]?.outcome).toMatch(
    /^rtx3060 has not answered for \d+ s while its output waited to be fetched$/,
  );
  expect(unfinished()).toEqual([]);
});

it('leaves nothing of outputs that are not kept', async () => {
  await open();
  await bench.small.fault('black-image@VAEDecode');
  await bench.rendered();
  await bench.small.clearFaults();
  await bench.small.fault('truncated-file@SaveImage');
  await bench.rendered();
  expect(await failed()).toBeGreaterThan(1);
  expect(unfinished()).toEqual([]);
}, 120_000);

it('removes at its start what killed processes left, and of a waiting output when its turn comes', async () => {
  await open();
  const id = await finishedOnCard();
  const attempt = await bench.harness.db.manager.findOneByOrFail(Attempt, { jobId: id });
  await bench.harness.stopLeaders();
  mend();
  const [own, ownerless, derived] = [`${attempt.id}-0-${newId()}`, `${newId()}-0-${newId()}`, `${newId()}.tmp`];
  for (const name of [own, ownerless, derived]) writeFileSync(join(incoming(), name), 'half a film');
  await bench.restartScheduler();
  await waitFor(() => !existsSync(join(incoming(), ownerless)), {
    timeoutMs: 30_000,
    describe: 'the new leader to clean up',
  });
  await bench.ended(id);
  expect(unfinished()).toEqual([]);
});

it('makes no folder outside for a project that calls its own so', async () => {
  await open();
  const id = await bench.request();
  await bench.harness.db.manager.update(Job, { id }, { projectSlug: '../escape' });
  const job = await bench.ended(id);
  expect(job).toMatchObject({ status: 'failed', error: { code: 'output_unstorable' } });
  expect(existsSync(join(bench.harness.libraryRoot, '..', 'escape'))).toBe(false);
  expect(unfinished()).toEqual([]);
});
