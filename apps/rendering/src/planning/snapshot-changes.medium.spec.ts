import { gpuConfig } from '@tower/contracts';
import { createLogger, newId, systemClock } from '@tower/kit';
import { createTestDatabase, startTestNats, waitFor, type TestDatabase, type TestNats } from '@tower/testing';
import { Client } from 'pg';
import type { Logger } from 'typeorm';
import { RenderingHarness } from '../../harness/rendering-harness';
import { Gpu } from '../cards/card.entity';
import { healthy } from '../cards/health/health-policy';
import { Attempt } from '../jobs/attempt.entity';
import { Task } from '../jobs/task.entity';
import { MemoryStore } from './memory/memory-store';
import { SnapshotChanges } from './snapshot-changes';
import { SnapshotReader } from './snapshot-reader';

/** Real here: PostgreSQL with its triggers and notifications. What happens to cards and tasks is written down. */

let database: TestDatabase;
let nats: TestNats;
let harness: RenderingHarness;
let changes: SnapshotChanges;
let listener: Client;
const heard: string[] = [];

beforeAll(async () => {
  nats = await startTestNats();
  database = await createTestDatabase('rendering');
  changes = new SnapshotChanges(database.url, createLogger('test', 'silent'));
  changes.start();
  listener = new Client({ connectionString: database.url });
  await listener.connect();
  listener.on('notification', ({ payload }) => heard.push(payload ?? ''));
  await listener.query('listen rendering_snapshot');
  harness = await RenderingHarness.on(database.url, nats.url, []);
  await harness.db.manager.insert(Gpu, {
    name: 'rtx3060',
    config: gpuConfig.parse({ name: 'rtx3060', url: 'http://127.0.0.1:9' }),
    position: 0,
    state: 'idle',
    detail: '',
    inventory: null,
    inventorySha256: null,
    foreignPrompts: 0,
    lastSeenAt: null,
    configured: true,
    health: healthy as object,
    warnings: [],
  });
  const jobId = (await harness.request({ model_name: 'anime_sd15.safetensors' })).job_id;
  await harness.db.manager.insert(Attempt, {
    id: newId(),
    jobId,
    taskId: (await harness.db.manager.findOneByOrFail(Task, { jobId })).id,
    n: 1,
    gpu: 'rtx3060',
    promptId: newId(),
    fence: '1',
    seed: 1,
    state: 'running',
    scores: [],
    dispatchedAt: new Date(),
    postDeadline: new Date(),
  });
  await waitFor(() => changes.revision() !== undefined, 5_000);
}, 60_000);

afterAll(async () => {
  await changes.stop();
  await listener.end();
  await harness.close();
  await database.drop();
  await nats.close();
});

/** Whether anybody is told of what a statement changes. */
async function isTold(statement: string): Promise<boolean> {
  heard.splice(0);
  await harness.db.query(statement);
  await harness.db.query("notify rendering_snapshot, 'the last one'");
  await waitFor(() => heard.includes('the last one'), 5_000);
  return heard[0] !== 'the last one';
}

describe('a change that answers depend on', () => {
  it.each([
    ["a card's state", "update gpu set state = 'busy'"],
    ['prompts of others on a card', 'update gpu set foreign_prompts = 3'],
    ["a card's files", "update gpu set inventory_sha256 = 'other'"],
    ['a task that is taken from the line', "update task set state = 'rendering'"],
    ['a task that is held', "update task set not_before = now() + interval '1 hour'"],
    ['what recovery changes', `update task set plan = '{"steps":["tiled_vae"]}'`],
    ["an attempt's end", "update attempt set state = 'failed'"],
    ['a task whose job is paused', 'update task set paused = true'],
    ['and goes on', 'update task set paused = false'],
    ['a card that is drained', `update gpu set drained = '{"by":"Ada","since":"","reason":""}'`],
    ['a queue that is paused', "insert into queue_pause (by, reason, since) values ('Ada', '', now())"],
    ['a claim of memory', "insert into gpu_claim values (gen_random_uuid(), 'a', 1, 'Blender', now(), now())"],
    ['its end', 'update gpu_claim set ended_at = now()'],
    ['an order by hand', 'insert into queue_order select id, id, id, now() from job limit 1'],
  ])('is told: %s', async (_, statement) => {
    expect(await isTold(statement)).toBe(true);
  });

  it.each([
    ['a look at a card that shows the same', 'update gpu set last_seen_at = now(), vram_free_mb = 1, state = state'],
    ["an attempt's progress", `update attempt set progress = '{"stage":"x","percent":1}', state = state`],
    ['bytes of a download', `update task set wants_model = '{"name":"m"}'`],
    ['a statement that finds nothing to change', "update task set state = 'queued' where false"],
  ])('is not: %s', async (_, statement) => {
    expect(await isTold(statement)).toBe(false);
  });
});

describe('what questions are answered from', () => {
  const readerWith = (heard?: SnapshotChanges): SnapshotReader =>
    new SnapshotReader(harness.db, harness.workflows, new MemoryStore(systemClock), harness.disks, systemClock, heard);

  /** How often the queue is read while somebody asks fifty times a second. */
  async function readsDuring(ms: number, reader: SnapshotReader): Promise<number> {
    let reads = 0;
    const nothing = (): void => undefined;
    const logger: Logger = {
      logQuery: (statement) => (reads += Number(statement.includes('(select * from task t where'))),
      logQueryError: nothing,
      logQuerySlow: nothing,
      logSchemaBuild: nothing,
      logMigration: nothing,
      log: nothing,
    };
    harness.db.setOptions({ logging: ['query'], logger });
    const until = Date.now() + ms;
    while (Date.now() < until) {
      await Promise.all([reader.read(), reader.readRunning()]);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    harness.db.setOptions({ logging: false });
    return reads;
  }

  /** What was told before may come to `changes` later than to the listener of this spec. */
  async function allIsHeard(): Promise<void> {
    for (let known = -1; known !== changes.revision();) {
      known = changes.revision() ?? 0;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }

  it('is read once while nothing changes, and four times a second where changes are not heard', async () => {
    await allIsHeard();
    expect(await readsDuring(1_500, readerWith(changes))).toBe(1);
    expect(await readsDuring(1_500, readerWith())).toBeGreaterThan(3);
  });

  it('is read anew after a change, and no more often than four times a second however much changes', async () => {
    const reader = readerWith(changes);
    const [task] = (await reader.read()).waiting;
    expect(task).toBeUndefined();
    await harness.db.query("update task set state = 'queued', not_before = null");
    await waitFor(async () => (await reader.read()).waiting.length === 1, 1_000);
    const churn = setInterval(() => void harness.db.query('update gpu set foreign_prompts = foreign_prompts + 1'), 20);
    expect(await readsDuring(1_500, reader)).toBeLessThanOrEqual(7);
    clearInterval(churn);
  });
});
