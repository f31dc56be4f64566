// Real: NATS, PostgreSQL (one of its own where it is killed), Nest with our transport. The test plays the other service
// and publishes.
import { rm } from 'node:fs/promises';
import { Controller, Inject, Module, type INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { deadLetterStream, projectArchived, type EventOf } from '@tower/contracts';
import { databaseFor, handleOnce, migrate } from '@tower/db';
import { AppError, createLogger, Metrics, newId } from '@tower/kit';
import { startEmbeddedPostgres } from '@tower/machine';
import {
  clusterFolder,
  createTestDatabase,
  startTestNats,
  waitFor,
  type TestDatabase,
  type TestNats,
} from '@tower/testing';
import { nanos, type JetStreamManager } from 'nats';
import type { DataSource } from 'typeorm';
import { BusMetrics } from './bus.metrics';
import { BusConnection } from './connection';
import { DeadLetters } from './dead-letters';
import { maxDeliveries, type Delivery } from './delivery';
import { JetStreamServer } from './jetstream.server';
import { OnEvent } from './on-event';
import { ensureStreams } from './streams';

type ProjectArchived = EventOf<typeof projectArchived>;
type Handle = (event: ProjectArchived, delivery: Delivery) => Promise<void>;

const HANDLE = Symbol('HANDLE');
const logger = createLogger('test', 'silent');
const stream = 'PROJECTS';

@Controller()
class Reader {
  constructor(@Inject(HANDLE) private readonly handle: Handle) {}

  @OnEvent(projectArchived, { durable: 'characters' })
  read(event: ProjectArchived, delivery: Delivery): Promise<void> {
    return this.handle(event, delivery);
  }
}

let nats: TestNats;
let database: TestDatabase;
let db: DataSource;
let bus: BusConnection;
let manager: JetStreamManager;
let app: INestMicroservice | undefined;
let letters: DeadLetters;

beforeEach(async () => {
  nats = await startTestNats();
  database = await createTestDatabase('characters');
  db = await openDatabase(database.url);
  bus = await BusConnection.open(nats.url, 'test', logger);
  manager = await bus.nats.jetstreamManager();
  await ensureStreams(manager);
  letters = new DeadLetters('characters', db, bus, logger);
  letters.start();
});

afterEach(async () => {
  await app?.close();
  app = undefined;
  await letters.stop();
  await bus.close();
  await db.destroy();
  await nats.close();
  await database.drop();
});

async function openDatabase(url: string): Promise<DataSource> {
  const opened = await databaseFor({ url, schema: 'characters', service: 'characters' }).initialize();
  await migrate(opened, 'characters');
  await opened.query('create table if not exists effect (event_id uuid not null)');
  return opened;
}

async function startReader(handle: Handle, ackWaitMs = 15_000, through = bus): Promise<INestMicroservice> {
  @Module({ controllers: [Reader], providers: [{ provide: HANDLE, useValue: handle }] })
  class ReaderModule {}
  const started = await NestFactory.createMicroservice(ReaderModule, {
    strategy: new JetStreamServer('characters', through, new BusMetrics(new Metrics('test')), logger, ackWaitMs),
    logger: false,
  });
  await started.listen();
  app = started;
  return started;
}

const anEvent = (): ProjectArchived => ({
  id: newId(),
  type: projectArchived.type,
  time: new Date().toISOString(),
  source: 'projects',
  correlationId: newId(),
  data: { projectId: newId() },
});

async function publish(event: ProjectArchived | string): Promise<void> {
  const body = typeof event === 'string' ? event : JSON.stringify(event);
  await bus.nats.jetstream().publish(`evt.projects.v1.project_archived.${newId()}`, body);
}

const deadLetters = (): Promise<{ reason: string; payload: string; deliveries: number; subject: string }[]> =>
  db.query('select * from dead_letter order by stream_seq');
const effects = async (): Promise<string[]> =>
  ((await db.query('select event_id from effect')) as { event_id: string }[]).map((row) => row.event_id);
const unanswered = async (): Promise<number> => {
  const { num_ack_pending, num_pending } = await manager.consumers.info(stream, 'characters');
  return num_ack_pending + num_pending;
};

/** Deliveries of all messages together, as the server counts them against their limit. */
const timesDelivered = async (): Promise<number> =>
  (await manager.consumers.info(stream, 'characters')).delivered.consumer_seq;

describe('handling events', () => {
  it('has the effect of an event once although it comes twice', async () => {
    await startReader(async (event) => {
      await handleOnce(db, 'characters', event.id, async (tx) => {
        await tx.query('insert into effect values ($1)', [event.id]);
      });
    });
    const event = anEvent();
    await publish(event);
    await publish(event);
    const last = anEvent();
    await publish(last);
    await waitFor(async () => (await effects()).includes(last.id));
    expect((await effects()).sort()).toEqual([event.id, last.id].sort());
  });

  it('has the effect once when the same event is handled by two replicas at once', async () => {
    const event = anEvent();
    const work = (): Promise<boolean> =>
      handleOnce(db, 'characters', event.id, async (tx) => {
        await tx.query('insert into effect values ($1)', [event.id]);
        await tx.query('select pg_sleep(0.1)');
      });
    expect((await Promise.all([work(), work(), work()])).sort()).toEqual([false, false, true]);
    expect(await effects()).toEqual([event.id]);
  });

  it.each([
    ['not JSON', 'not JSON at all {', 'message_not_json'],
    ['another event', JSON.stringify({ ...anEvent(), type: 'projects.v1.project_created' }), 'event_type_unexpected'],
    ['an event without its facts', JSON.stringify({ ...anEvent(), data: {} }), 'event_malformed'],
    ['null', 'null', 'event_type_unexpected'],
    ['text with a NUL', 'a\u0000b', 'message_not_json'],
  ])('keeps a message that is %s as a dead letter and handles the next', async (_, body, reason) => {
    const seen: string[] = [];
    await startReader((event) => {
      seen.push(event.id);
      return Promise.resolve();
    });
    await publish(body);
    const good = anEvent();
    await publish(good);
    await waitFor(() => seen.length > 0);
    expect(seen).toEqual([good.id]);
    const [letter] = await waitFor(async () => {
      const found = await deadLetters();
      return found.length > 0 && found;
    });
    expect(letter?.reason).toContain(reason);
    expect(letter?.payload).toBe(body.replace('\u0000', '\ufffd'));
    expect(letter?.deliveries).toBe(1);
    expect(await unanswered()).toBe(0);
  });

  it('makes a dead letter of a refusal at once, with its reason', async () => {
    await startReader(() => Promise.reject(new AppError('conflict', 'project_odd', 'this project is odd')));
    await publish(anEvent());
    const [letter] = await waitFor(async () => ((await deadLetters()).length > 0 ? deadLetters() : undefined));
    expect(letter).toMatchObject({ reason: 'project_odd: this project is odd', deliveries: 1 });
  });

  it('tries again after the delay that the error asks for', async () => {
    const deliveries: { number: number; atMs: number }[] = [];
    await startReader((_, delivery) => {
      deliveries.push({ number: delivery.number, atMs: performance.now() });
      return delivery.number < 3
        ? Promise.reject(new AppError('unavailable', 'not_yet', 'not there yet', { retryAfterMs: 300 }))
        : Promise.resolve();
    });
    await publish(anEvent());
    await waitFor(() => deliveries.length === 3);
    expect(deliveries.map((delivery) => delivery.number)).toEqual([1, 2, 3]);
    expect(deliveries[1]!.atMs - deliveries[0]!.atMs).toBeGreaterThanOrEqual(290);
    await waitFor(async () => (await unanswered()) === 0);
    expect(await deadLetters()).toEqual([]);
  });

  it('handles what comes after a message that waits for its retry', async () => {
    const patient = anEvent();
    const seen: string[] = [];
    await startReader((event) => {
      if (event.id === patient.id)
        return Promise.reject(new AppError('unavailable', 'not_yet', 'not there yet', { retryAfterMs: 60_000 }));
      seen.push(event.id);
      return Promise.resolve();
    });
    await publish(patient);
    const others = [anEvent(), anEvent(), anEvent()];
    for (const event of others) await publish(event);
    await waitFor(() => seen.length === 3);
    expect(seen).toEqual(others.map((event) => event.id));
  });

  it('gives up after the last delivery, and the handler knew that it was the last', async () => {
    const numbers: Delivery[] = [];
    await startReader((_, delivery) => {
      numbers.push(delivery);
      return Promise.reject(new AppError('unavailable', 'never', 'never there', { retryAfterMs: 1 }));
    });
    await publish(anEvent());
    const [letter] = await waitFor(async () => ((await deadLetters()).length > 0 ? deadLetters() : undefined));
    expect(letter).toMatchObject({
      reason: `after ${maxDeliveries} deliveries: never: never there`,
      deliveries: maxDeliveries,
    });
    expect(numbers.map((delivery) => delivery.number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(numbers.map((delivery) => delivery.last)).toEqual([false, false, false, false, false, false, false, true]);
  });

  it('takes an error that is not ours for passing', async () => {
    let calls = 0;
    await startReader(() => (++calls === 1 ? Promise.reject(new TypeError('a bug')) : Promise.resolve()));
    await publish(anEvent());
    await waitFor(() => calls === 2);
    await waitFor(async () => (await unanswered()) === 0);
  });

  it('does not get a message again while a slow handler, or one before it, works', async () => {
    const seen: string[] = [];
    const ackWaitMs = 600;
    await startReader(async (event, delivery) => {
      seen.push(`${event.id}/${delivery.number}`);
      await new Promise((resolve) => setTimeout(resolve, ackWaitMs * 2.5));
    }, ackWaitMs);
    const events = [anEvent(), anEvent(), anEvent()];
    for (const event of events) await publish(event);
    await waitFor(async () => seen.length >= 3 && (await unanswered()) === 0);
    // The third waited five times the acknowledgement period behind the others.
    expect(seen).toEqual(events.map((event) => `${event.id}/1`));
    expect(await timesDelivered()).toBe(3);
  });

  it('gives back at once what it has not begun when it stops, and finishes what it has', async () => {
    const finished: string[] = [];
    let begin: () => void = () => undefined;
    const begun = new Promise<void>((resolve) => (begin = resolve));
    const first = await startReader(async (event) => {
      begin();
      await new Promise((resolve) => setTimeout(resolve, 300));
      finished.push(event.id);
    });
    const events = [anEvent(), anEvent(), anEvent(), anEvent()];
    for (const event of events) await publish(event);
    await begun;
    await first.close();
    expect(finished).toEqual([events[0]?.id]);

    const startedAt = performance.now();
    await startReader((event) => {
      finished.push(event.id);
      return Promise.resolve();
    });
    await waitFor(() => finished.length === 4);
    expect(performance.now() - startedAt).toBeLessThan(3_000);
    expect([...finished].sort()).toEqual(events.map((event) => event.id).sort());
  });

  it('goes on after NATS was killed and came back', async () => {
    const seen = new Set<string>();
    await startReader((event) => {
      seen.add(event.id);
      return Promise.resolve();
    });
    await publish(anEvent());
    await waitFor(() => seen.size === 1);
    await nats.kill();
    await waitFor(() => !bus.isConnected());
    await nats.start();
    await waitFor(() => bus.isConnected());
    const startedAt = performance.now();
    const after = anEvent();
    await waitFor(() => publish(after).then(() => true));
    await waitFor(() => seen.has(after.id));
    expect(performance.now() - startedAt).toBeLessThan(3_000);
  });

  it('goes on after NATS came back without its store', async () => {
    const seen = new Set<string>();
    await startReader((event) => {
      seen.add(event.id);
      return Promise.resolve();
    });
    await publish(anEvent());
    await waitFor(() => seen.size === 1);
    await nats.kill();
    await rm(nats.storeDir, { recursive: true });
    await waitFor(() => !bus.isConnected());
    await nats.start();
    await waitFor(() => bus.isConnected());
    const after = anEvent();
    await waitFor(() => publish(after).then(() => true));
    await waitFor(() => seen.has(after.id), 5_000);
  });

  it.each([
    ['its consumer was deleted', () => manager.consumers.delete(stream, 'characters')],
    ['its stream was deleted', () => manager.streams.delete(stream)],
  ])('goes on after %s under it', async (_, destroy) => {
    const seen = new Set<string>();
    await startReader((event) => {
      seen.add(event.id);
      return Promise.resolve();
    });
    await publish(anEvent());
    await waitFor(() => seen.size === 1);
    await destroy();
    const after = anEvent();
    await waitFor(() => publish(after).then(() => true));
    await waitFor(() => seen.has(after.id), 5_000);
  });

  it('keeps dead letters also after their stream was deleted, and those whose message is gone', async () => {
    await startReader(() => Promise.reject(new AppError('conflict', 'odd', 'odd')));
    await publish(anEvent());
    await waitFor(async () => (await deadLetters()).length === 1);
    await manager.streams.delete(deadLetterStream);
    await waitFor(() => manager.consumers.info(deadLetterStream, 'characters').then(() => true));
    await publish(anEvent());
    await waitFor(async () => (await deadLetters()).length === 2);

    await letters.stop();
    await publish(anEvent());
    await waitFor(async () => (await unanswered()) === 0);
    // It takes no purge: the messages are made older than it keeps them.
    await manager.streams.update(stream, { max_age: nanos(1_000), duplicate_window: nanos(1_000) });
    await waitFor(async () => (await manager.streams.info(stream)).state.messages === 0);
    letters = new DeadLetters('characters', db, bus, logger);
    letters.start();
    const last = await waitFor(async () => (await deadLetters())[2]);
    expect(last).toMatchObject({ payload: '', subject: '', reason: 'odd: odd' });
  });
});

describe('while the database is away', () => {
  it('holds messages without using up their deliveries, and handles them once when it is back', async () => {
    const { dataDir, remove } = clusterFolder();
    let postgres = await startEmbeddedPostgres({ dataDir });
    const own = await openDatabase(postgres.url);
    const deliveries: number[] = [];
    // Longer than a busy machine may keep this process waiting.
    const ackWaitMs = 2_000;
    await startReader(async (event, delivery) => {
      deliveries.push(delivery.number);
      await handleOnce(own, 'characters', event.id, async (tx) => {
        await tx.query('insert into effect values ($1)', [event.id]);
      });
    }, ackWaitMs);
    try {
      process.kill(postgres.pid, 'SIGKILL');
      await postgres.exited;
      const events = [anEvent(), anEvent(), anEvent()];
      for (const event of events) await publish(event);
      // Long enough for several acknowledgement periods.
      await waitFor(() => deliveries.length >= 6, 30_000);
      postgres = await startEmbeddedPostgres({ dataDir, port: postgres.port });
      const rows = await waitFor(async () => {
        const found: { event_id: string }[] = await own.query('select event_id from effect');
        return found.length === 3 && found;
      }, 20_000);
      expect(rows.map((row) => row.event_id)).toEqual(events.map((event) => event.id));
      expect(new Set(deliveries)).toEqual(new Set([1]));
      expect(await timesDelivered()).toBe(3);
    } finally {
      await app?.close();
      app = undefined;
      await own.destroy();
      await postgres.stop();
      remove();
    }
  });
});
