import { gpuConfig } from '@tower/contracts';
import { Metrics, systemClock } from '@tower/kit';
import { createTestDatabase, Plans, startTestNats, waitFor, type TestDatabase, type TestNats } from '@tower/testing';
import { historyId, writeHistory } from '../harness/long-history';
import { RenderingHarness } from '../harness/rendering-harness';
import { Gpu } from './cards/card.entity';
import { healthy } from './cards/health/health-policy';
import { inventorySha256 } from './cards/inventory-cache';
import { Attempt } from './jobs/attempt.entity';
import { RuntimeSample } from './jobs/runtime-sample.entity';
import { endHolds } from './jobs/task-store';
import { Task } from './jobs/task.entity';
import { decisionsOf, pruneDecisions } from './planning/decisions/decision-store';
import { addSample, newestSamples, samplesOf } from './planning/estimates/sample.queries';
import { ordinal } from './planning/explain';
import { KindRenewal } from './planning/kind-renewal';
import { MemoryStore } from './planning/memory/memory-store';
import {
  askedBy,
  countWaiting,
  latestAttempts,
  liveAttempts,
  liveWorks,
  marksInLine,
  oldestOfEachKind,
  oldestOfEachRank,
  soonestDeadlines,
} from './planning/queue.queries';
import { PlanningTimes } from './planning/planning-times';
import { SnapshotReader } from './planning/snapshot-reader';
import { RenderingMetrics } from './rendering.metrics';
import { StatusService } from './views/status.service';
import { UtilisationReader } from './views/utilisation.reader';

/**
 * Real here: PostgreSQL with tables as years of use leave them, and NATS. No card answers; what they are is written
 * down.
 */

const size = { finished: 40_000, queued: 8_000 };
const large = ['job', 'task', 'attempt', 'artifact', 'generation_params', 'job_event', 'runtime_sample'];

let database: TestDatabase;
let nats: TestNats;
let harness: RenderingHarness;
let plans: Plans;
let snapshots: SnapshotReader;

const inventory = {
  comfyuiVersion: '0.3.64',
  pytorchVersion: null,
  device: null,
  deviceType: null,
  simulated: true,
  vramMb: 12_288,
  vramFreeMb: null,
  ramFreeMb: null,
  checkpoints: ['anime_sd15.safetensors'],
  samplers: ['euler', 'dpmpp_2m'],
  schedulers: ['normal', 'karras'],
  nodes: [] as string[],
};

beforeAll(async () => {
  nats = await startTestNats();
  database = await createTestDatabase('rendering');
  harness = await RenderingHarness.on(database.url, nats.url, []);
  for (const [position, name] of ['rtx3060', 'rx9070xt'].entries()) {
    const own = {
      ...inventory,
      nodes: harness.workflows
        .all()
        .flatMap((workflow) => Object.values(workflow.graph).map((node) => node.class_type)),
    };
    await harness.db.manager.insert(Gpu, {
      name,
      config: gpuConfig.parse({ name, url: `http://127.0.0.1:${position + 1}` }),
      position,
      state: 'busy',
      detail: '',
      inventory: own as object,
      inventorySha256: inventorySha256(own),
      vramFreeMb: null,
      foreignPrompts: 0,
      lastSeenAt: null,
      configured: true,
      health: healthy,
      warnings: [],
    });
  }
  await writeHistory(harness.db, harness.workflows, size);
  // A kind whose oldest task stands at the very end of the line.
  const last = historyId('job', size.finished + size.queued - 5);
  await harness.db.query("update task set kind = 'of.another.kind' where job_id > $1 and state = 'queued'", [last]);
  await harness.db.query('vacuum analyze task');
  await harness.db.query(
    `insert into runtime_sample (attempt_id, workflow, gpu, model_name, width, height, steps, frames, seconds, at)
     select gen_random_uuid(), 'anime-still-sd15', 'gpu-' || n % 16, 'm', 64 * (n % 60 + 1), 512, 12, 1, 3,
       now() - n * interval '1 second' from generate_series(1, 28000) n`,
  );
  await harness.db.query('vacuum analyze runtime_sample');
  snapshots = new SnapshotReader(
    harness.db,
    harness.workflows,
    new MemoryStore(systemClock),
    harness.disks,
    systemClock,
  );
}, 180_000);

afterAll(async () => {
  await harness.close();
  await database.drop();
  await nats.close();
});

beforeEach(() => {
  plans = Plans.watch(harness.db);
});

const noFaults = async (): Promise<void> => {
  expect(plans.statements.length).toBeGreaterThan(0);
  expect(await plans.faults(large)).toEqual([]);
};

describe('with a long history and a long queue', () => {
  it('a statement that reads all of a table, or sorts it, is seen', async () => {
    await harness.db.query("select count(*) from attempt where outcome like '%cache%'");
    await harness.db.query('select id from job order by prompt, id limit 5');
    expect(await plans.faults(large)).toEqual([
      expect.stringMatching(/^reads all of attempt/),
      expect.stringMatching(/^sorts 48000 rows|^reads all of job/),
      expect.stringMatching(/job/),
    ]);
  });

  it.each<[string, object]>([
    ['all', {}],
    ['of a project', { project_id: historyId('artifact', 7) }],
    ['in a state', { state: 'failed' }],
    ['in a state of a project', { project_id: historyId('artifact', 7), state: 'queued' }],
    ['of a kind', { job_type: 'animation_loop' }],
    ['of a card that is hardly used', { gpu: 'old' }],
    ['of a card', { gpu: 'rtx3060' }],
  ])('a page of jobs, %s, is read from an index', async (_, filter) => {
    await harness.reader.list({ limit: 50, ...filter } as Parameters<typeof harness.reader.list>[0]);
    await noFaults();
  });

  it('the jobs of a card are all told, page by page, newest first', async () => {
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await harness.reader.list({ limit: 7, gpu: 'old', ...(cursor === undefined ? {} : { cursor }) });
      seen.push(...page.items.map((job) => job.id));
      cursor = page.next_cursor;
    } while (cursor !== undefined);
    expect(seen).toEqual(Array.from({ length: 20 }, (_, index) => historyId('job', size.finished - index * 2_000)));
  });

  it('a job, its artifacts, events and parameters, and an artifact are read from indexes', async () => {
    const [finished, queued] = [historyId('job', 100), historyId('job', size.finished + size.queued - 3)];
    for (const id of [finished, queued]) {
      await harness.reader.get(id);
      await harness.reader.progress(id);
      await harness.reader.artifacts({ id, limit: 50 });
      await harness.reader.events({ id, after: 0, limit: 100 });
      await harness.reader.params({ id, limit: 50 });
    }
    await harness.reader.artifact({ id: historyId('artifact', 100) });
    await noFaults();
  });

  it('a job is taken, cancelled and refused a place without reading the queue whole', async () => {
    const { job_id } = await harness.request();
    await harness.jobs.cancel({ context: { correlationId: job_id }, id: job_id, reason: '' });
    await noFaults();
  });

  it('what the scheduler asks at every look is read from indexes', async () => {
    const { manager } = harness.db;
    await snapshots.readChoices({ idle: ['rtx3060'], ending: ['rx9070xt'], sentAhead: [historyId('task', 1)] });
    await oldestOfEachKind(manager, 2);
    await oldestOfEachKind(manager, 2, 1);
    await oldestOfEachRank(manager, 8);
    await soonestDeadlines(manager, 16);
    await endHolds(manager);
    await liveAttempts(manager);
    await liveWorks(manager);
    await latestAttempts(manager, 5);
    await askedBy(manager, [historyId('task', 1)]);
    await manager.find(Attempt, { where: { state: 'collecting' }, order: { endedAt: 'ASC' }, take: 50 });
    await manager.countBy(Attempt, { taskId: historyId('task', 1), gpu: 'old', state: 'lost' });
    await manager
      .createQueryBuilder(Task, 'task')
      .where("task.state = 'queued' and task.wants_model is not null")
      .getMany();
    await newestSamples(manager);
    await samplesOf(manager, [{ workflow: 'anime-still-sd15', gpu: 'gpu-3' }]);
    await noFaults();
  });

  it('decisions about a job are found by it, and old ones from the oldest on', async () => {
    await harness.db.query(
      `insert into planning_decision (id, decided_at, fence, planner_version, jobs, record)
       select ('0190a00e-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, now(), 1, 1,
         array(select ('0190a00a-0000-7000-8000-' || lpad(to_hex((n * 7 + m) % $1), 12, '0'))::uuid
           from generate_series(1, 3) m), '\\x00'
       from generate_series(1, 10000) n`,
      [size.finished],
    );
    await harness.db.query('vacuum analyze planning_decision');
    const about = { after: null, limit: 11 };
    expect(await decisionsOf(harness.db.manager, historyId('job', 8), about)).toHaveLength(2);
    await pruneDecisions(harness.db, new Date(0));
    expect(await plans.faults([...large, 'planning_decision'])).toEqual([]);
  });

  it('the status and the ceiling count what waits in an index', async () => {
    const used = new UtilisationReader(harness.db, systemClock);
    const times = new PlanningTimes(new RenderingMetrics(new Metrics('rendering')));
    await new StatusService(harness.db, harness.disks, harness.workflows, used, times, systemClock).status();
    await countWaiting(harness.db.manager, 1_000_000);
    await marksInLine(harness.db.manager, 500);
    await noFaults();
  });
});

describe('a job that waits far back', () => {
  it('says about how many are before it, and neither an invented place nor that no card can run it', async () => {
    const view = await harness.job(historyId('job', size.finished + size.queued - 499));
    expect(view.gpu_queue_position).toBe(size.queued - 499);
    expect(view.stage).toBe(
      `Waiting: about ${Math.round((size.queued - 500) / 10) * 10} tasks before it in line for rtx3060 or rx9070xt`,
    );
    expect(view.estimate).toMatchObject({
      finish_at: null,
      remaining_seconds: null,
      basis: 'unknown: beyond the forecast, about 7500 tasks before it',
    });
  });

  it('is told so when it is accepted, and an urgent one gets its time', async () => {
    const far = await harness.request({ model_name: 'anime_sd15.safetensors' });
    expect(far.estimate).toMatchObject({
      finish_at: null,
      basis: 'unknown: beyond the forecast, about 8000 tasks before it',
    });
    const soon = await harness.request({ model_name: 'anime_sd15.safetensors', priority: 'urgent' });
    expect(soon.estimate.remaining_seconds).toBeGreaterThan(0);
    // What has waited for days goes before it, and is told.
    const why = await harness.reader.explain(soon.job_id);
    expect(why.position).toBe(1 + why.ahead.length + (why.ahead_omitted ?? 0));
    expect(await harness.job(soon.job_id)).toMatchObject({
      gpu_queue_position: why.position,
      stage: `Waiting: ${ordinal(why.position ?? 0)} in line for ${why.gpu ?? ''}`,
      estimate: { remaining_seconds: expect.any(Number) as number },
    });
    for (const { job_id } of [far, soon])
      await harness.jobs.cancel({ context: { correlationId: job_id }, id: job_id, reason: '' });
  });

  it('has the place and the time that the plan gives it when it is among the first', async () => {
    const id = historyId('job', size.finished + 3);
    // What was cancelled a moment ago may still be in what questions share.
    const view = await waitFor(async () => {
      const now = await harness.job(id);
      return now.gpu_queue_position === 2 ? now : undefined;
    }, 5_000);
    // Two cards serve the three.
    expect(view.stage).toBe('Waiting: 2nd in line for rtx3060');
    expect(view.estimate.remaining_seconds).toBeGreaterThan(0);
    expect(await harness.reader.explain(id)).toMatchObject({
      position: 2,
      gpu: 'rtx3060',
      ahead: [{ job_id: historyId('job', size.finished + 1) }],
    });
  });
});

it('tells anew the kind of tasks that were queued before kinds were, or under another template', async () => {
  const kindsNow = async () =>
    (await harness.db.query("select distinct kind from task where state = 'queued'")) as { kind: string }[];
  const known = (await kindsNow()).find(({ kind }) => kind !== 'of.another.kind');
  await harness.db.query(
    "update task set kind = case when id > $1 then '' else 'changed.since.new' end, rank = 3 where state = 'queued'",
    [historyId('task', size.finished + 4_000)],
  );
  const renewal = new KindRenewal(harness.db, harness.workflows, systemClock);
  await waitFor(
    async () => {
      await renewal.renew(await oldestOfEachKind(harness.db.manager, 1));
      return (await kindsNow()).length === 1;
    },
    { timeoutMs: 60_000, describe: 'every waiting task to be of the one kind there is' },
  );
  expect(await kindsNow()).toEqual([known]);
  expect(await harness.db.query("select distinct rank from task where state = 'queued'")).toEqual([{ rank: 2 }]);
});

describe('measurements', () => {
  const sample = (n: number, changes: Partial<RuntimeSample> = {}) => ({
    attemptId: historyId('attempt', 900_000 + n),
    workflow: 'hires-fix',
    gpu: 'rtx3060',
    device: null,
    modelName: 'm',
    width: 512,
    height: 512,
    steps: 12,
    frames: 1,
    plan: { steps: [] },
    seconds: n,
    loadSeconds: null,
    samplingSeconds: null,
    fixedSeconds: null,
    passes: 24,
    missing: [],
    at: new Date(Date.UTC(2026, 0, 1, 0, 0, n)),
    ...changes,
  });

  it('are kept thirty per kind of work, the newest', async () => {
    for (let n = 1; n <= 40; n++) await harness.db.transaction((tx) => addSample(tx, sample(n)));
    await harness.db.transaction((tx) => addSample(tx, sample(41, { width: 768 })));
    await harness.db.transaction((tx) => addSample(tx, sample(42, { plan: { steps: ['other_seed', 'tiled_vae'] } })));
    const kept = await samplesOf(harness.db.manager, [{ workflow: 'hires-fix', gpu: 'rtx3060' }]);
    expect(kept.map((one) => one.seconds)).toEqual([42, 41, ...Array.from({ length: 30 }, (_, index) => 40 - index)]);
  });

  it('are known to a reader as soon as somebody else wrote them', async () => {
    const work = { workflow: 'hires-fix', modelName: 'm', width: 1024, height: 1024, frames: 1, steps: 12 };
    const before = await snapshots.read(0);
    expect(before.estimate(work, 'rx9070xt').basis).toMatch(/^prior/);
    await harness.db.transaction((tx) =>
      addSample(tx, sample(50, { gpu: 'rx9070xt', width: 1024, height: 1024, seconds: 17, at: new Date() })),
    );
    expect((await snapshots.read(0)).estimate(work, 'rx9070xt')).toMatchObject({
      seconds: expect.closeTo(17, 0) as number,
      basis: 'learnt from 1 attempt on rx9070xt, 1 of them of this size',
    });
  });
});

it('memory needs stay few per workflow and model, those that failures taught last of all', async () => {
  const memory = new MemoryStore(systemClock);
  const work = (width: number) => ({
    workflow: 'hires-fix',
    modelName: 'm',
    width,
    height: 512,
    frames: 1,
    changes: [],
  });
  await harness.db.transaction(async (tx) => {
    await memory.ranOut(tx, work(8), 8_192, null);
    for (let n = 2; n < 230; n++) await memory.fitted(tx, work(8 * n), 12_288);
  });
  const known = await memory.of(harness.db.manager, [work(8)]);
  expect(known).toHaveLength(200);
  expect(known.filter((need) => need.tooSmallMb !== null)).toHaveLength(1);
});
