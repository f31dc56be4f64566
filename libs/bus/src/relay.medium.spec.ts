// Real: PostgreSQL (one of its own where it is killed), NATS. The relay is built with `new`, its lease with short
// times.
import { projectCreated, type EventOf } from '@tower/contracts';
import { databaseFor, migrate, Outbox, type LeaseTimes } from '@tower/db';
import { createLogger, Metrics, newId, systemClock } from '@tower/kit';
import { startEmbeddedPostgres } from '@tower/machine';
import {
  clusterFolder,
  createTestDatabase,
  startTestNats,
  waitFor,
  type TestDatabase,
  type TestNats,
} from '@tower/testing';
import type { DataSource } from 'typeorm';
import { BusMetrics } from './bus.metrics';
import { BusConnection } from './connection';
import { OutboxRelay } from './relay';

const logger = createLogger('test', 'silent');
const leaseTimes: LeaseTimes = { ttlMs: 2_000, renewEveryMs: 300, trustMs: 1_500, askEveryMs: 100 };
const stream = 'PROJECTS';

let nats: TestNats;
let database: TestDatabase;
let db: DataSource;
let bus: BusConnection;
const relays: OutboxRelay[] = [];

beforeEach(async () => {
  nats = await startTestNats();
  database = await createTestDatabase('projects');
  db = await databaseFor({ url: database.url, schema: 'projects', service: 'projects' }).initialize();
  bus = await BusConnection.open(nats.url, 'test', logger);
});

afterEach(async () => {
  for (const relay of relays.splice(0)) await relay.stop();
  await bus.close();
  await db.destroy();
  await nats.close();
  await database.drop();
});

function startRelay(over: DataSource = db, databaseUrl = database.url): OutboxRelay {
  const relay = new OutboxRelay(over, bus, new BusMetrics(new Metrics('test')), logger, {
    databaseUrl,
    schema: 'projects',
    holder: newId(),
    clock: systemClock,
    leaseTimes,
  });
  relays.push(relay);
  relay.start();
  return relay;
}

/** Writes events in one transaction; returns their ids. */
function writeEvents(count: number, projectId?: string, into: DataSource = db): Promise<string[]> {
  const outbox = new Outbox('projects', systemClock);
  return into.transaction(async (tx) => {
    const ids: string[] = [];
    for (let n = 0; n < count; n++)
      ids.push(
        await outbox.add(
          tx,
          projectCreated,
          { projectId: projectId ?? newId(), name: `Été ${n}`, slug: `ete-${n}` },
          { correlationId: newId() },
        ),
      );
    return ids;
  });
}

/** Every message of the stream, in its order. */
async function readStream(): Promise<EventOf<typeof projectCreated>[]> {
  const manager = await bus.nats.jetstreamManager();
  const { state } = await manager.streams.info(stream);
  const events: EventOf<typeof projectCreated>[] = [];
  for (let seq = state.first_seq; state.messages > 0 && seq <= state.last_seq; seq++)
    events.push(projectCreated.parse((await manager.streams.getMessage(stream, { seq })).json()));
  return events;
}

const unsent = async (): Promise<number> =>
  Number(((await db.query('select count(*) as n from outbox where published_at is null')) as { n: string }[])[0]?.n);
const allSent = (timeoutMs?: number): Promise<boolean> => waitFor(async () => (await unsent()) === 0, timeoutMs);

describe('the outbox relay', () => {
  it('sends what was committed and nothing of what was rolled back', async () => {
    startRelay();
    const [kept] = await writeEvents(1);
    await expect(
      db.transaction(async (tx) => {
        await new Outbox('projects', systemClock).add(
          tx,
          projectCreated,
          { projectId: newId(), name: 'never', slug: 'never' },
          { correlationId: newId() },
        );
        throw new Error('rolled back');
      }),
    ).rejects.toThrow('rolled back');
    await allSent();
    expect((await readStream()).map((event) => event.id)).toEqual([kept]);
  });

  it('sends each event once although two relays run', async () => {
    startRelay();
    startRelay();
    const ids = await writeEvents(300);
    await allSent();
    expect((await readStream()).map((event) => event.id).sort()).toEqual([...ids].sort());
  });

  it('keeps the order of one aggregate', async () => {
    const projectId = newId();
    const ids = await writeEvents(100, projectId);
    startRelay();
    await allSent();
    expect((await readStream()).map((event) => event.id)).toEqual(ids);
  });

  it('sends within a second of the commit, woken by the notification', async () => {
    startRelay();
    await writeEvents(1);
    await allSent();
    const startedAt = performance.now();
    await writeEvents(1);
    await allSent();
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });

  it('sends a publish whose answer was lost again, and the stream keeps one', async () => {
    startRelay();
    const ids = await writeEvents(5);
    await allSent();
    // As after a crash between the stream's answer and our note of it.
    await db.query('update outbox set published_at = null, stream_seq = null where msg_id = any($1)', [ids.slice(2)]);
    await allSent();
    expect((await readStream()).map((event) => event.id).sort()).toEqual([...ids].sort());
    expect(await db.query('select count(*)::int as n from outbox where stream_seq is not null')).toEqual([{ n: 5 }]);
  });

  it('sends each event once when NATS is killed and comes back in the middle', async () => {
    startRelay();
    await writeEvents(200);
    await waitFor(async () => (await unsent()) < 200);
    await nats.kill();
    await writeEvents(200);
    await nats.start();
    await allSent(20_000);
    const ids = (await readStream()).map((event) => event.id);
    expect(ids).toHaveLength(400);
    expect(new Set(ids).size).toBe(400);
  });

  it('sends each event once when PostgreSQL is killed and comes back in the middle', async () => {
    const { dataDir, remove } = clusterFolder();
    let postgres = await startEmbeddedPostgres({ dataDir });
    const own = await databaseFor({ url: postgres.url, schema: 'projects', service: 'projects' }).initialize();
    try {
      await migrate(own, 'projects');
      const before = await writeEvents(300, undefined, own);
      startRelay(own, postgres.url);
      await waitFor(
        async () =>
          ((await own.query('select 1 from outbox where published_at is not null limit 1')) as unknown[]).length > 0,
      );
      process.kill(postgres.pid, 'SIGKILL');
      await postgres.exited;
      postgres = await startEmbeddedPostgres({ dataDir, port: postgres.port });
      const after = await waitFor(() => writeEvents(10, undefined, own));
      await waitFor(
        async () =>
          ((await own.query('select 1 from outbox where published_at is null limit 1')) as unknown[]).length === 0,
        20_000,
      );
      expect((await readStream()).map((event) => event.id).sort()).toEqual([...before, ...after].sort());
    } finally {
      await relays.pop()?.stop();
      await own.destroy();
      await postgres.stop();
      remove();
    }
  });

  it('hands over to another relay when its process is gone', async () => {
    const other = await databaseFor({
      url: database.url,
      schema: 'projects',
      service: 'projects',
      applicationName: 'doomed',
    }).initialize();
    startRelay(other);
    await writeEvents(1);
    await allSent();
    startRelay();
    // What a kill -9 does to a process's connections.
    await db.query("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'doomed'");
    await relays.shift()?.stop();
    await other.destroy();
    const ids = await writeEvents(3);
    await allSent(3_000);
    expect((await readStream()).map((event) => event.id)).toEqual(expect.arrayContaining(ids));
  });

  it('says how many events wait, also when they are more than it takes at once', async () => {
    await writeEvents(1_200);
    const depth: number[] = [];
    const busMetrics = new BusMetrics(new Metrics('test'));
    jest
      .spyOn(busMetrics.outboxDepth, 'set')
      .mockImplementation((...args: unknown[]) => void depth.push(args.at(-1) as number));
    const relay = new OutboxRelay(db, bus, busMetrics, logger, {
      databaseUrl: database.url,
      schema: 'projects',
      holder: newId(),
      clock: systemClock,
      leaseTimes,
    });
    relays.push(relay);
    relay.start();
    await allSent(20_000);
    await waitFor(() => depth.at(-1) === 0);
    expect(depth.filter((value, index) => value !== depth[index - 1])).toEqual([0, 1_200, 700, 200, 0]);
  });

  describe('with an event that the server never takes', () => {
    /** As one that was written before sizes were checked. */
    const writeHuge = (count: number, bytes = 9 * 1024 * 1024): Promise<unknown> =>
      db.query(
        `insert into outbox (stream, subject, msg_id, aggregate, payload)
         select 'PROJECTS', 'evt.projects.v1.project_created.x', gen_random_uuid(), 'huge' || n,
         jsonb_build_object('filler', repeat('x', $2::int)) from generate_series(1, $1::int) n`,
        [count, bytes],
      );
    const deadLetters = (): Promise<
      { stream: string; consumer: string; subject: string; reason: string; deliveries: number; payload: string }[]
    > => db.query('select * from dead_letter order by stream_seq');

    it('keeps it as a dead letter, sends the others and is well', async () => {
      await writeHuge(1);
      const ids = await writeEvents(5);
      const relay = startRelay();
      await allSent();
      expect((await readStream()).map((event) => event.id)).toEqual(ids);
      const [letter, ...more] = await deadLetters();
      expect(more).toEqual([]);
      expect(letter).toMatchObject({
        stream,
        consumer: 'outbox',
        subject: 'evt.projects.v1.project_created.x',
        deliveries: 0,
        reason: expect.stringMatching(/does not take it: .*MAX_PAYLOAD/) as string,
      });
      expect(letter?.payload).toHaveLength(9 * 1024 * 1024 + '{"filler": ""}'.length);
      await waitFor(() => relay.trouble() === undefined);
      // A repair looks for events that the stream lost; this one it never had.
      await nats.restart();
      await writeEvents(1);
      await allSent(20_000);
      expect(await deadLetters()).toHaveLength(1);
    });

    it('is not held up by more of them than it takes at once', async () => {
      await nats.close();
      nats = await startTestNats();
      await bus.close();
      bus = await BusConnection.open(nats.url, 'test', logger);
      // The library refuses by what the server said when the connection was made.
      Object.assign(bus.nats.info ?? {}, { max_payload: 2_000 });
      await writeHuge(600, 3_000);
      const ids = await writeEvents(3);
      const relay = startRelay();
      await allSent(20_000);
      expect((await readStream()).map((event) => event.id).sort()).toEqual([...ids].sort());
      expect(await deadLetters()).toHaveLength(600);
      await waitFor(() => relay.trouble() === undefined);
    });
  });

  it('stops while NATS is away', async () => {
    const relay = startRelay();
    await writeEvents(1);
    await allSent();
    await nats.kill();
    await writeEvents(10);
    const startedAt = performance.now();
    await relay.stop();
    await bus.close();
    expect(performance.now() - startedAt).toBeLessThan(6_000);
    expect(await unsent()).toBe(10);
  });
});
