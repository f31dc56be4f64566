// Real: NATS, PostgreSQL, Nest with our transport and with questions. The test plays the other service and the gateway.
import { Controller, Inject, Module, type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Transport } from '@nestjs/microservices';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { deadLetterRequestsOf, projectArchived, type DeadLetterView, type EventOf } from '@tower/contracts';
import { databaseFor, handleOnce, migrate, pruneMessaging } from '@tower/db';
import { AppError, createLogger, Metrics, newId, systemClock } from '@tower/kit';
import { createTestDatabase, startTestNats, waitFor, type TestDatabase, type TestNats } from '@tower/testing';
import type { DataSource } from 'typeorm';
import { BusMetrics } from './bus.metrics';
import { BusConnection, natsOptions } from './connection';
import { DeadLetterBox } from './dead-letter-box';
import { deadLetterDesk } from './dead-letter-desk';
import { DeadLetters } from './dead-letters';
import type { Delivery } from './delivery';
import { JetStreamServer } from './jetstream.server';
import { OnEvent } from './on-event';
import { RequestClient } from './request-client';
import { ensureStreams } from './streams';

type Handle = (event: EventOf<typeof projectArchived>, delivery: Delivery) => Promise<void>;

const HANDLE = Symbol('HANDLE');
const logger = createLogger('test', 'silent');
const requests = deadLetterRequestsOf('characters');

@Controller()
class Reader {
  constructor(@Inject(HANDLE) private readonly handle: Handle) {}

  @OnEvent(projectArchived, { durable: 'characters' })
  read(event: EventOf<typeof projectArchived>, delivery: Delivery): Promise<void> {
    return this.handle(event, delivery);
  }
}

@Module({})
class ServiceModule {
  static with(handle: Handle, box: DeadLetterBox): DynamicModule {
    return {
      module: ServiceModule,
      controllers: [Reader, deadLetterDesk('characters')],
      providers: [
        { provide: HANDLE, useValue: handle },
        { provide: DeadLetterBox, useValue: box },
      ],
    };
  }
}

let nats: TestNats;
let database: TestDatabase;
let db: DataSource;
let bus: BusConnection;
let letters: DeadLetters;
let client: RequestClient;
let box: DeadLetterBox;
let metrics: Metrics;
let app: NestFastifyApplication;
/** What the handler does. */
let handle: Handle;

beforeEach(async () => {
  nats = await startTestNats();
  database = await createTestDatabase('characters');
  db = await databaseFor({ url: database.url, schema: 'characters', service: 'characters' }).initialize();
  await migrate(db, 'characters');
  await db.query('create table effect (event_id uuid not null)');
  bus = await BusConnection.open(nats.url, 'test', logger);
  await ensureStreams(await bus.nats.jetstreamManager());
  metrics = new Metrics('test');
  const busMetrics = new BusMetrics(metrics);
  letters = new DeadLetters('characters', db, bus, logger);
  letters.start();
  client = new RequestClient(nats.url, 'test', busMetrics);
  await client.connect();
  const strategy = new JetStreamServer('characters', bus, busMetrics, logger);
  box = new DeadLetterBox(
    'characters',
    db,
    (subject, body) => strategy.handleAgain(subject, body),
    busMetrics,
    systemClock,
    logger,
  );
  const module = ServiceModule.with((event, delivery) => handle(event, delivery), box);
  app = await NestFactory.create<NestFastifyApplication>(module, new FastifyAdapter(), { logger: false });
  app.connectMicroservice({
    transport: Transport.NATS,
    options: { ...natsOptions(nats.url, 'answers'), servers: [nats.url], queue: 'characters' },
  });
  app.connectMicroservice({ strategy });
  await app.init();
  await app.startAllMicroservices();
});
afterEach(async () => {
  await app.close();
  await client.close();
  await letters.stop();
  await bus.close();
  await db.destroy();
  await nats.close();
  await database.drop();
});

const refusing: Handle = () => Promise.reject(new AppError('conflict', 'odd', 'something is odd'));
/** Through the inbox, as every handler of ours. */
const working: Handle = async (event) => {
  await handleOnce(db, 'characters', event.id, async (tx) => {
    await tx.query('insert into effect values ($1)', [event.id]);
  });
};
const effects = async (): Promise<string[]> =>
  ((await db.query('select event_id from effect')) as { event_id: string }[]).map((row) => row.event_id);
const openLetters = async (): Promise<DeadLetterView[]> =>
  (await client.ask(requests.list, { state: 'open', limit: 50 })).items;

async function published(count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, newId);
  for (const id of ids) {
    const event = {
      id,
      type: projectArchived.type,
      time: new Date().toISOString(),
      source: 'projects',
      correlationId: newId(),
      data: { projectId: newId() },
    };
    await bus.nats.jetstream().publish(`evt.projects.v1.project_archived.${newId()}`, JSON.stringify(event));
  }
  return ids;
}

/** Events whose handler refuses them, each a dead letter by now. */
async function dead(count: number): Promise<{ events: string[]; letters: DeadLetterView[] }> {
  handle = refusing;
  const events = await published(count);
  const found = await waitFor(async () => {
    const open = await openLetters();
    return open.length === count ? open : undefined;
  }, 20_000);
  return { events, letters: found };
}

it('lists what could not be handled, newest first, page by page, and shows the message', async () => {
  const {
    events,
    letters: [newest, ...others],
  } = await dead(3);
  expect(newest).toMatchObject({
    service: 'characters',
    state: 'open',
    stream: 'PROJECTS',
    stream_seq: 3,
    lost: false,
    reason: 'odd: something is odd',
    deliveries: 1,
    redrives: 0,
    settled_at: null,
  });
  expect(others.map((letter) => letter.stream_seq)).toEqual([2, 1]);
  const page = await client.ask(requests.list, { state: 'open', limit: 1 });
  expect(page).toMatchObject({ open: 3, items: [{ stream_seq: 3 }, { stream_seq: 2 }] });
  const { letter } = await client.ask(requests.get, { id: newest?.id ?? '' });
  expect(JSON.parse(letter?.message ?? '')).toMatchObject({ id: events[2] });
  expect(letter?.message_cut).toBe(false);
  expect(await client.ask(requests.get, { id: newId() })).toEqual({ letter: null });
  expect(box.health()).toEqual({ ok: true, degraded: true, detail: expect.stringContaining('3 messages') as string });
  expect(await metrics.registry.getSingleMetricAsString('bus_dead_letters_open')).toContain(
    'bus_dead_letters_open{service="test"} 3',
  );
});

it('hands a message to its handler again, once in effect, and notes that it did', async () => {
  const {
    events,
    letters: [letter],
  } = await dead(1);
  const id = letter?.id ?? '';
  const deliveries: Delivery[] = [];
  handle = (event, delivery) => {
    deliveries.push(delivery);
    return working(event, delivery);
  };
  expect(await client.ask(requests.redrive, { ids: [id, newId()] })).toEqual({
    items: [{ id, outcome: 'redriven', detail: 'handled' }],
  });
  expect(await effects()).toEqual(events);
  // Nobody tries again behind it.
  expect(deliveries).toEqual([{ number: 8, last: true }]);
  expect(await client.ask(requests.redrive, { ids: [id] })).toMatchObject({
    items: [{ outcome: 'already_settled', detail: expect.stringContaining('was redriven at') as string }],
  });
  expect(await effects()).toEqual(events);
  expect(await openLetters()).toEqual([]);
  expect((await client.ask(requests.list, { state: 'redriven', limit: 5 })).items).toMatchObject([
    { id, state: 'redriven', redrives: 1 },
  ]);
  expect(box.health()).toEqual({ ok: true, detail: 'none' });
});

it('does not do again what was done before the message became a dead letter', async () => {
  handle = async (event, delivery) => {
    await working(event, delivery);
    throw new AppError('conflict', 'late', 'failed after its commit');
  };
  const [event = ''] = await published(1);
  const [letter] = await waitFor(async () => ((await openLetters()).length === 1 ? openLetters() : undefined));
  handle = working;
  expect((await client.ask(requests.redrive, { ids: [letter?.id ?? ''] })).items).toMatchObject([
    { outcome: 'redriven' },
  ]);
  expect(await effects()).toEqual([event]);
});

it('leaves open what fails again, with the reason, and what was gone from its stream', async () => {
  const {
    letters: [letter],
  } = await dead(1);
  const id = letter?.id ?? '';
  expect(await client.ask(requests.redrive, { ids: [id] })).toEqual({
    items: [{ id, outcome: 'failed', detail: 'odd: something is odd' }],
  });
  expect(await openLetters()).toMatchObject([{ id, redrives: 1, last_failure: 'odd: something is odd' }]);
  await db.query("update dead_letter set subject = '', payload = ''");
  expect(await client.ask(requests.redrive, { ids: [id] })).toMatchObject({
    items: [{ outcome: 'lost', detail: expect.stringContaining('gone from its stream') as string }],
  });
  expect(await openLetters()).toMatchObject([{ id, lost: true }]);
});

it('dismisses, and forgets a month later only what a person dealt with', async () => {
  const {
    letters: [first, second],
  } = await dead(2);
  expect(await client.ask(requests.dismiss, { ids: [first?.id ?? ''] })).toMatchObject({
    items: [{ id: first?.id, outcome: 'dismissed' }],
  });
  await db.query(
    "update dead_letter set at = now() - interval '60 days', settled_at = settled_at - interval '29 days'",
  );
  expect(await pruneMessaging(db)).toBe(0);
  await db.query("update dead_letter set settled_at = settled_at - interval '2 days'");
  expect(await pruneMessaging(db)).toBe(1);
  expect((await openLetters()).map((letter) => letter.id)).toEqual([second?.id]);
});
