// Real: NATS, PostgreSQL. What strangers put on streams becomes a dead letter and holds nothing up.
import { Controller, Module, type INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { projectArchived, type EventOf } from '@tower/contracts';
import { databaseFor } from '@tower/db';
import { createLogger, currentCorrelation, Metrics, newId } from '@tower/kit';
import { createTestDatabase, startTestNats, waitFor, type TestDatabase, type TestNats } from '@tower/testing';
import { headers } from 'nats';
import type { DataSource } from 'typeorm';
import { BusMetrics } from './bus.metrics';
import { BusConnection } from './connection';
import { DeadLetters } from './dead-letters';
import { JetStreamServer } from './jetstream.server';
import { OnEvent } from './on-event';
import { ensureStreams } from './streams';

const logger = createLogger('test', 'silent');
const seen: { id: string; correlationId: string | undefined }[] = [];

@Controller()
class Reader {
  @OnEvent(projectArchived, { durable: 'characters' })
  read(event: EventOf<typeof projectArchived>): Promise<void> {
    seen.push({ id: event.id, correlationId: currentCorrelation()?.correlationId });
    return Promise.resolve();
  }
}

@Module({ controllers: [Reader] })
class ReaderModule {}

let nats: TestNats;
let database: TestDatabase;
let db: DataSource;
let bus: BusConnection;
let app: INestMicroservice;
let letters: DeadLetters;
const unhandled: unknown[] = [];
const note = (reason: unknown): void => void unhandled.push(reason);

beforeAll(async () => {
  process.on('unhandledRejection', note);
  [nats, database] = await Promise.all([startTestNats(), createTestDatabase('characters')]);
  db = await databaseFor({ url: database.url, schema: 'characters', service: 'characters' }).initialize();
  bus = await BusConnection.open(nats.url, 'test', logger);
  await ensureStreams(await bus.nats.jetstreamManager());
  letters = new DeadLetters('characters', db, bus, logger);
  letters.start();
  app = await NestFactory.createMicroservice(ReaderModule, {
    strategy: new JetStreamServer('characters', bus, new BusMetrics(new Metrics('test')), logger),
    logger: false,
  });
  await app.listen();
});
afterAll(async () => {
  process.off('unhandledRejection', note);
  await app.close();
  await letters.stop();
  await bus.close();
  await db.destroy();
  await nats.close();
  await database.drop();
});

const odd = headers();
Object.assign(odd, { encode: () => Buffer.from('NATS/1.0\r\nno such name: x\r\n\r\n') });
const anEvent = (facts: object = {}): object => ({
  id: newId(),
  type: projectArchived.type,
  time: new Date().toISOString(),
  source: 'projects',
  correlationId: newId(),
  data: { projectId: newId() },
  ...facts,
});
const publish = (body: string | Uint8Array, withHeaders = headers()): Promise<unknown> =>
  bus.nats.jetstream().publish(`evt.projects.v1.project_archived.${newId()}`, body, { headers: withHeaders });
const kept = async (): Promise<{ reason: string; payload: string }[]> =>
  db.query('select reason, payload from dead_letter order by stream_seq');

it('keeps garbage as dead letters and goes on with what is none', async () => {
  const garbage: (string | Uint8Array)[] = [
    '',
    'hello',
    'null',
    '[]',
    '5',
    Uint8Array.of(0xff, 0xfe, 0),
    '['.repeat(300_000),
    Buffer.alloc(8 * 1024 * 1024 - 1_000, 'x'),
    JSON.stringify({}),
    JSON.stringify(anEvent({ type: { toString: 1 } })),
    JSON.stringify(anEvent({ type: 'x'.repeat(1_000_000) })),
    JSON.stringify(anEvent({ data: { projectId: 'x' } })),
    JSON.stringify(anEvent({ id: 'x'.repeat(100_000) })),
  ];
  for (const body of garbage) await publish(body);
  for (let index = 0; index < 20; index++) await publish('odd', odd);
  const correlationId = newId();
  const last = anEvent({ correlationId }) as { id: string };
  await publish(JSON.stringify(last), odd);
  await waitFor(() => seen.some(({ id }) => id === last.id), 20_000);
  expect(seen).toEqual([{ id: last.id, correlationId }]);
  await waitFor(async () => (await kept()).length === garbage.length + 20, 60_000);
  for (const { reason } of await kept()) expect(reason.length).toBeLessThan(1_000);
  expect((await kept()).some(({ payload }) => payload.length === 8 * 1024 * 1024 - 1_000)).toBe(true);
  expect(unhandled).toEqual([]);
}, 90_000);

it('lets go of advisories that are none and keeps those that are', async () => {
  const subject = '$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.PROJECTS.characters';
  const forged = [
    '',
    'hello',
    'null',
    '{}',
    JSON.stringify({ stream: 'a.b', consumer: 'c', stream_seq: 1, deliveries: 1 }),
    JSON.stringify({ stream: 'PROJECTS', consumer: 'characters', stream_seq: 'x', deliveries: 1 }),
    JSON.stringify({ stream: 'PROJECTS', consumer: 'characters', stream_seq: 1e300, deliveries: 1 }),
    Buffer.alloc(1_000_000, '{'),
  ];
  for (let round = 0; round < 4; round++) for (const body of forged) bus.nats.publish(subject, body, { headers: odd });
  const before = (await kept()).length;
  await publish('one more');
  await waitFor(async () => (await kept()).length === before + 1, 20_000);
  expect(unhandled).toEqual([]);
}, 60_000);
