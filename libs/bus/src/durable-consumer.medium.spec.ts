// Real: NATS with JetStream.
import { setTimeout as sleep } from 'node:timers/promises';
import { eventStream } from '@tower/contracts';
import { createLogger } from '@tower/kit';
import { startTestNats, type TestNats } from '@tower/testing';
import { BusConnection } from './connection';
import { DurableConsumer } from './durable-consumer';

describe('Pull', () => {
  const logger = createLogger('test', 'silent');
  let nats: TestNats;
  let bus: BusConnection;

  beforeAll(async () => {
    nats = await startTestNats();
    bus = await BusConnection.open(nats.url, 'test', logger);
  });
  afterAll(async () => {
    await bus.close();
    await nats.close();
  });

  it('stops at any moment of its start', async () => {
    for (const waitMs of [0, 1, 2, 4, 8, 16, 32, 64]) {
      const pull = new DurableConsumer(
        bus,
        eventStream('projects'),
        { durable_name: 'test', filter_subject: 'evt.projects.>', max_ack_pending: 16 },
        () => undefined,
        logger,
      );
      pull.start();
      await sleep(waitMs);
      const stopped = await Promise.race([pull.stop().then(() => true), sleep(3_000, false, { ref: false })]);
      expect({ waitMs, stopped }).toEqual({ waitMs, stopped: true });
    }
  });
});
