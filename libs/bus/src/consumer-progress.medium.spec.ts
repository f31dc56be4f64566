// Real: NATS. The reader is played: it acknowledges, or is given messages and never answers.
import { createLogger, newId } from '@tower/kit';
import { startTestNats, waitFor, type TestNats } from '@tower/testing';
import { AckPolicy, nanos, type JsMsg } from 'nats';
import { BusConnection } from './connection';
import { settledThrough } from './consumer-progress';
import { ensureStreams } from './streams';

const ackWaitMs = 300;

let nats: TestNats;
let bus: BusConnection;

beforeEach(async () => {
  nats = await startTestNats();
  bus = await BusConnection.open(nats.url, 'test', createLogger('test', 'silent'));
  const manager = await bus.nats.jetstreamManager();
  await ensureStreams(manager);
  await manager.consumers.add('PROJECTS', {
    durable_name: 'characters',
    ack_policy: AckPolicy.Explicit,
    ack_wait: nanos(ackWaitMs),
    max_deliver: 2,
    filter_subjects: ['evt.projects.v1.project_archived.*'],
  });
});
afterEach(async () => {
  await bus.close();
  await nats.close();
});

const publish = async (type: string): Promise<number> =>
  (await bus.nats.jetstream().publish(`evt.projects.v1.${type}.${newId()}`, '{}')).seq;
const take = async (): Promise<JsMsg | null> =>
  (await bus.nats.jetstream().consumers.get('PROJECTS', 'characters')).next({ expires: 1_000 });
const settled = (): Promise<number> => settledThrough(bus, 'PROJECTS', 'characters');

it('does not count what was not delivered, or not answered', async () => {
  const first = await publish('project_archived');
  await publish('project_created');
  const second = await publish('project_archived');
  expect(await settled()).toBeLessThan(first);
  const message = await take();
  expect(await settled()).toBeLessThan(first);
  await message?.ackAck();
  expect(await settled()).toBeGreaterThanOrEqual(first);
  expect(await settled()).toBeLessThan(second);
});

it('counts what ran out of deliveries because nobody answered', async () => {
  const lost = await publish('project_archived');
  await take();
  expect(await settled()).toBeLessThan(lost);
  await waitFor(async () => (await take()) === null, 10_000);
  expect(await waitFor(async () => (await settled()) >= lost, 10_000)).toBe(true);
  // And what came after it and was answered.
  const next = await publish('project_archived');
  expect(await settled()).toBeLessThan(next);
  await (await take())?.ackAck();
  expect(await settled()).toBe(next);
});
