// Real: PostgreSQL, NATS. Losses are made by deleting the stream or by putting an older copy of the store back.
import { cp, rm } from 'node:fs/promises';
import { projectCreated } from '@tower/contracts';
import { databaseFor, Outbox, type LeaseTimes } from '@tower/db';
import { createLogger, Metrics, newId, systemClock } from '@tower/kit';
import { createTestDatabase, Plans, startTestNats, waitFor, type TestDatabase, type TestNats } from '@tower/testing';
import { nanos, type JetStreamManager } from 'nats';
import type { DataSource } from 'typeorm';
import { BusMetrics } from './bus.metrics';
import { BusConnection } from './connection';
import { OutboxRelay } from './relay';
import { repairStreams } from './stream-repair';
import { ensureStreams } from './streams';

const logger = createLogger('test', 'silent');
const leaseTimes: LeaseTimes = { ttlMs: 2_000, renewEveryMs: 300, trustMs: 1_500, askEveryMs: 100 };
const stream = 'PROJECTS';

let nats: TestNats;
let database: TestDatabase;
let db: DataSource;
let bus: BusConnection;
let relay: OutboxRelay;
let manager: JetStreamManager;

beforeEach(async () => {
  nats = await startTestNats();
  database = await createTestDatabase('projects');
  db = await databaseFor({ url: database.url, schema: 'projects', service: 'projects' }).initialize();
  bus = await BusConnection.open(nats.url, 'test', logger);
  manager = await bus.nats.jetstreamManager();
  await ensureStreams(manager);
  relay = new OutboxRelay(db, bus, new BusMetrics(new Metrics('test')), logger, {
    databaseUrl: database.url,
    schema: 'projects',
    holder: newId(),
    clock: systemClock,
    leaseTimes,
  });
  relay.start();
});

afterEach(async () => {
  await relay.stop();
  await bus.close();
  await db.destroy();
  await nats.close();
  await database.drop();
});

async function send(count: number): Promise<string[]> {
  const outbox = new Outbox('projects', systemClock);
  const ids = await db.transaction(async (tx) => {
    const added: string[] = [];
    for (let n = 0; n < count; n++)
      added.push(
        await outbox.add(
          tx,
          projectCreated,
          { projectId: newId(), name: `n${n}`, slug: `n${n}` },
          { correlationId: newId() },
        ),
      );
    return added;
  });
  await allSent();
  return ids;
}

const allSent = (): Promise<boolean> =>
  waitFor(
    async () => ((await db.query('select 1 from outbox where published_at is null limit 1')) as unknown[]).length === 0,
    20_000,
  );

async function idsInStream(): Promise<string[]> {
  const { state } = await manager.streams.info(stream);
  const ids: string[] = [];
  for (let seq = Math.max(state.first_seq, 1); seq <= state.last_seq; seq++)
    ids.push((await manager.streams.getMessage(stream, { seq })).header.get('Nats-Msg-Id'));
  return ids;
}

const streamHolds = (ids: string[]): Promise<boolean> =>
  waitFor(async () => (await idsInStream()).sort().join() === [...ids].sort().join(), 20_000);

/** A stream of ours takes no purge; its messages are made older than it keeps them. */
async function ageOut(admin: JetStreamManager, name: string): Promise<void> {
  await admin.streams.update(name, { max_age: nanos(1_000), duplicate_window: nanos(1_000) });
  await waitFor(async () => (await admin.streams.info(name)).state.messages === 0);
}

/** As a disk that lost its last seconds: the server comes back with what it had when the copy was made. */
async function rollBack(copy: string): Promise<void> {
  await nats.kill();
  await rm(nats.storeDir, { recursive: true });
  await cp(copy, nats.storeDir, { recursive: true });
  await restart();
}

/** A question asked while the connection is down would only come back as a time-out. */
async function restart(): Promise<void> {
  await waitFor(() => !bus.isConnected());
  await nats.start();
  await waitFor(() => bus.isConnected());
}

async function copyStore(): Promise<string> {
  const copy = `${nats.storeDir}-copy-${newId()}`;
  // Stopped, so that the copy is one that a server has finished writing.
  await nats.stop();
  await cp(nats.storeDir, copy, { recursive: true });
  await restart();
  return copy;
}

describe('the high-water repair', () => {
  it('sends everything again after the stream was deleted while connected', async () => {
    const before = await send(30);
    await manager.streams.delete(stream);
    const after = await send(3);
    await streamHolds([...before, ...after]);
  });

  it('notices a stream that somebody else made anew meanwhile', async () => {
    const before = await send(10);
    await manager.streams.delete(stream);
    await ensureStreams(manager);
    // More than the old stream held: some of the new numbers are above the old high-water mark.
    const after = await send(40);
    await streamHolds([...before, ...after]);
  });

  it('sends again what the store lost, and leaves alone what it kept', async () => {
    const kept = await send(20);
    const copy = await copyStore();
    const lost = await send(15);
    await rollBack(copy);
    await streamHolds([...kept, ...lost]);
    expect((await idsInStream()).slice(0, 20).sort()).toEqual([...kept].sort());
    await rm(copy, { recursive: true });
  });

  it('finds what was lost although new events are waiting when the store comes back shorter', async () => {
    const kept = await send(5);
    const copy = await copyStore();
    const lost = await send(5);
    await nats.kill();
    const outbox = new Outbox('projects', systemClock);
    const waiting = await db.transaction(async (tx) => {
      const ids: string[] = [];
      for (let n = 0; n < 50; n++)
        ids.push(
          await outbox.add(
            tx,
            projectCreated,
            { projectId: newId(), name: 'w', slug: 'w' },
            { correlationId: newId() },
          ),
        );
      return ids;
    });
    await rollBack(copy);
    await streamHolds([...kept, ...lost, ...waiting]);
    await rm(copy, { recursive: true });
  });

  it('finds nothing to do on a stream that lost nothing', async () => {
    await send(10);
    expect((await repairStreams(db, manager)).marked).toBe(0);
  });

  it('does not send again what aged out of the stream', async () => {
    await send(10);
    await manager.streams.update(stream, { max_msgs: 3 });
    expect((await manager.streams.info(stream)).state).toMatchObject({ messages: 3, first_seq: 8 });
    expect((await repairStreams(db, manager)).marked).toBe(0);
    await ageOut(manager, stream);
    expect((await repairStreams(db, manager)).marked).toBe(0);
  });

  it('leaves alone what is older than the stream keeps', async () => {
    await send(6);
    await db.query("update outbox set created_at = now() - interval '8 days' where stream_seq <= 4");
    await relay.stop();
    await manager.streams.delete(stream);
    await ensureStreams(manager);
    expect((await repairStreams(db, manager)).marked).toBe(2);
  });
});

it('compares with a long outbox by its index', async () => {
  await send(3);
  await relay.stop();
  await db.query(
    `insert into outbox (stream, subject, msg_id, aggregate, payload, published_at, stream_seq) select ` +
      `'PROJECTS', 's', gen_random_uuid(), 'a', '{}', now(), n from generate_series(4, 30000) n`,
  );
  await db.query('vacuum analyze outbox');
  const plans = Plans.watch(db);
  expect(await repairStreams(db, manager)).toEqual({ marked: 29_997, high: new Map([['PROJECTS', 3]]) });
  // Marking what was lost writes thousands of rows; finding it must not read the rest.
  expect((await plans.faults(['outbox'])).filter((fault) => !fault.includes(': update outbox'))).toEqual([]);
  expect(plans.statements.length).toBeGreaterThan(2);
});
