// Real: NATS, Nest with our transport. The test plays the other service and publishes; a process that dies is a
// connection that goes.
import { Controller, Inject, Module, type INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { projectArchived, type EventOf } from '@tower/contracts';
import { AppError, createLogger, Metrics, newId } from '@tower/kit';
import { startTestNats, waitFor, type TestNats } from '@tower/testing';
import { BusMetrics } from './bus.metrics';
import { BusConnection } from './connection';
import type { Delivery } from './delivery';
import { JetStreamServer } from './jetstream.server';
import { OnEvent } from './on-event';
import { ensureStreams } from './streams';

type Handle = (event: EventOf<typeof projectArchived>, delivery: Delivery) => Promise<void>;

const HANDLE = Symbol('HANDLE');
const logger = createLogger('test', 'silent');

@Controller()
class Reader {
  constructor(@Inject(HANDLE) private readonly handle: Handle) {}

  @OnEvent(projectArchived, { durable: 'characters', concurrency: 2, oneByOne: true })
  read(event: EventOf<typeof projectArchived>, delivery: Delivery): Promise<void> {
    return this.handle(event, delivery);
  }
}

let nats: TestNats;
let bus: BusConnection;
let apps: INestMicroservice[];

beforeEach(async () => {
  nats = await startTestNats();
  bus = await BusConnection.open(nats.url, 'test', logger);
  await ensureStreams(await bus.nats.jetstreamManager());
  apps = [];
});
afterEach(async () => {
  await Promise.all(apps.map((app) => app.close()));
  await bus.close();
  await nats.close();
});

async function startReader(handle: Handle, through = bus, ackWaitMs = 15_000): Promise<INestMicroservice> {
  @Module({ controllers: [Reader], providers: [{ provide: HANDLE, useValue: handle }] })
  class ReaderModule {}
  const strategy = new JetStreamServer('characters', through, new BusMetrics(new Metrics('test')), logger, ackWaitMs);
  const app = await NestFactory.createMicroservice(ReaderModule, { strategy, logger: false });
  await app.listen();
  apps.push(app);
  return app;
}

async function publish(count: number): Promise<string[]> {
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
const consumer = async () => (await bus.nats.jetstreamManager()).consumers.info('PROJECTS', 'characters');

describe('a reader that takes messages one by one', () => {
  it('costs only what was in hand a delivery when its process dies', async () => {
    const sent = await publish(10);
    const doomed = await BusConnection.open(nats.url, 'doomed', logger);
    const begun: string[] = [];
    let letGo: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (letGo = resolve));
    await startReader(
      (event) => {
        begun.push(event.id);
        return held;
      },
      doomed,
      1_000,
    );
    await waitFor(() => begun.length === 2);
    expect(await consumer()).toMatchObject({ num_ack_pending: 2, num_pending: 8 });
    // As kill -9 does: nothing is given back.
    await doomed.nats.close();

    const deliveries = new Map<string, number>();
    await startReader(
      (event, delivery) => {
        deliveries.set(event.id, delivery.number);
        return Promise.resolve();
      },
      bus,
      1_000,
    );
    await waitFor(() => deliveries.size === 10, 20_000);
    expect(sent.filter((id) => deliveries.get(id) !== 1)).toEqual(begun);
    letGo();
  });

  it('handles everything once, as many at a time as it has hands', async () => {
    let atOnce = 0;
    let most = 0;
    const handled: string[] = [];
    await startReader(async (event) => {
      most = Math.max(most, ++atOnce);
      await new Promise((resolve) => setTimeout(resolve, 5));
      atOnce -= 1;
      handled.push(event.id);
    });
    const sent = await publish(40);
    await waitFor(() => handled.length >= 40, 20_000);
    expect([...handled].sort()).toEqual([...sent].sort());
    expect(most).toBe(2);
  });

  it('is not held up by messages that wait for their retry', async () => {
    const handled: string[] = [];
    const patient = new Set(await publish(3));
    await startReader((event) => {
      if (patient.has(event.id))
        return Promise.reject(new AppError('unavailable', 'not_yet', 'not there yet', { retryAfterMs: 60_000 }));
      handled.push(event.id);
      return Promise.resolve();
    });
    const others = await publish(3);
    await waitFor(() => handled.length === 3, 10_000);
    expect([...handled].sort()).toEqual([...others].sort());
  });

  it('stops while all its hands are busy with what does not end before the stop', async () => {
    let finish: () => void = () => undefined;
    const finished = new Promise<void>((resolve) => (finish = resolve));
    let begun = 0;
    const app = await startReader(() => {
      begun += 1;
      return finished;
    });
    await publish(4);
    await waitFor(() => begun === 2);
    const closing = app.close();
    apps = [];
    finish();
    await closing;
    expect(begun).toBe(2);
  });

  it.each([
    [
      'its consumer was deleted',
      async () => (await bus.nats.jetstreamManager()).consumers.delete('PROJECTS', 'characters'),
    ],
    ['its stream was deleted', async () => (await bus.nats.jetstreamManager()).streams.delete('PROJECTS')],
    [
      'NATS was killed and came back',
      async () => {
        await nats.kill();
        await waitFor(() => !bus.isConnected());
        await nats.start();
        await waitFor(() => bus.isConnected());
        return true;
      },
    ],
  ])('goes on after %s', async (_, destroy) => {
    const handled = new Set<string>();
    await startReader((event) => {
      handled.add(event.id);
      return Promise.resolve();
    });
    await publish(1);
    await waitFor(() => handled.size === 1);
    await destroy();
    const [id = ''] = await waitFor(() => publish(1));
    await waitFor(() => handled.has(id), 10_000);
  });
});
