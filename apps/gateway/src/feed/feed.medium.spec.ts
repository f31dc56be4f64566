// Real: PostgreSQL with its notifications, NATS, HTTP and websockets. Made up: rendering, who knows jobs and their
// events.
import { createServer, get as httpGet, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { BusConnection, deliveryOf, type RequestClient } from '@tower/bus';
import {
  feedMessage,
  getJobRequest,
  listJobEventsRequest,
  previewSubject,
  progressSubject,
  type Envelope,
  type FeedMessage,
  type JobView,
  type PreviewView,
  type ProgressView,
} from '@tower/contracts';
import { databaseFor } from '@tower/db';
import { AppError, createLogger, Metrics, newId, notFound, systemClock } from '@tower/kit';
import { createTestDatabase, Plans, startTestNats, waitFor, type TestDatabase, type TestNats } from '@tower/testing';
import type { DataSource } from 'typeorm';
import { WebSocket } from 'ws';
import { gatewayEnv } from '../env';
import { FeedMetrics } from '../gateway.metrics';
import { FakeServices } from '../http/listener.fixture';
import { FeedBroadcaster } from './feed-broadcaster';
import { FeedSockets } from './feed-sockets';
import { FeedRow } from './feed.entity';
import { FeedService } from './feed.service';

const logger = createLogger('gateway', 'silent');
const projectId = newId();
const firstTry = deliveryOf(1);
/** Longer than those clients need that answer a goodbye. */
const answerWithinMs = 1_500;

let database: TestDatabase;
let nats: TestNats;
let db: DataSource;
let bus: BusConnection;
let services: FakeServices;
let feed: FeedService;
let metrics: Metrics;
let http: Server;
let origin: string;
let stopAll: () => Promise<void>;

beforeAll(async () => {
  [database, nats] = await Promise.all([createTestDatabase('gateway'), startTestNats()]);
  db = await databaseFor({
    url: database.url,
    schema: 'gateway',
    service: 'gateway',
    entities: [FeedRow],
  }).initialize();
  bus = await BusConnection.open(nats.url, 'gateway', logger);
});
afterAll(async () => {
  await bus.close();
  await db.destroy();
  await Promise.all([database.drop(), nats.close()]);
});

beforeEach(async () => {
  await db.query('truncate event_feed restart identity; truncate inbox');
  services = new FakeServices();
  metrics = new Metrics('gateway');
  const asked = services as unknown as RequestClient;
  feed = new FeedService(db, asked, systemClock, logger, db);
  const feedMetrics = new FeedMetrics(metrics);
  const hub = new FeedBroadcaster(feed, bus, feedMetrics, database.url, systemClock, logger);
  const sockets = new FeedSockets(feed, hub, asked, feedMetrics, gatewayEnv.parse({}), logger);
  const stopHub = await hub.start();
  http = createServer();
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  origin = `127.0.0.1:${(http.address() as AddressInfo).port}`;
  const closeSockets = sockets.listen(http, answerWithinMs);
  stopAll = async () => {
    await closeSockets();
    await stopHub();
    http.closeAllConnections();
    await new Promise((resolve) => http.close(resolve));
  };
});
afterEach(() => stopAll());

const anEvent = (data: object = { projectId }, facts: Partial<Envelope<unknown>> = {}): Envelope<unknown> => ({
  id: newId(),
  type: 'projects.v1.project_updated',
  time: new Date().toISOString(),
  source: 'projects',
  correlationId: newId(),
  data,
  ...facts,
});
const aJobEvent = (jobId: string, seq: number, facts: Partial<Envelope<unknown>> = {}): Envelope<unknown> =>
  anEvent({ jobId, projectId, seq, state: 'processing' }, { type: 'rendering.v1.job_started', ...facts });
const longAgo = new Date(Date.now() - 60_000).toISOString();

const record = async (count: number): Promise<void> => {
  for (let at = 0; at < count; at++) await feed.record(anEvent(), firstTry);
};

const openConnections = (): Promise<number> =>
  new Promise((resolve, reject) => http.getConnections((error, count) => (error ? reject(error) : resolve(count))));

/** Asks for a websocket and never says anything again, not even goodbye. */
class StubbornClient {
  received = '';
  readonly socket: Socket;

  constructor(path: string) {
    this.socket = connect({ port: (http.address() as AddressInfo).port, host: '127.0.0.1', allowHalfOpen: true });
    this.socket.on('error', () => undefined).on('data', (bytes) => (this.received += bytes.toString('latin1')));
    this.socket.write(
      `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: ` +
        `websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MTIzNDU2Nzg5MDEyMzQ1Ng==\r\n\r\n`,
    );
  }
}

/** A client that remembers what it was told. */
class Client {
  readonly messages: FeedMessage[] = [];
  readonly socket: WebSocket;
  closed: number | undefined;

  constructor(path: string) {
    this.socket = new WebSocket(`ws://${origin}${path}`);
    this.socket.on('message', (data) => this.messages.push(feedMessage.parse(JSON.parse((data as Buffer).toString()))));
    this.socket.on('close', (code) => (this.closed = code));
    this.socket.on('error', () => undefined);
  }

  get seqs(): number[] {
    return this.messages.flatMap((message) => (message.type === 'event' ? [message.seq] : []));
  }
  types(): string[] {
    return this.messages.map((message) => message.type);
  }
  caughtUp(): Promise<unknown> {
    return waitFor(() => this.types().includes('caught_up'));
  }
}

const upTo = (last: number, first = 1): number[] => Array.from({ length: last - first + 1 }, (_, at) => first + at);

describe('the feed', () => {
  it('gives each event one number, however often it comes', async () => {
    const event = anEvent();
    await Promise.all([feed.record(event, firstTry), feed.record(event, firstTry)]);
    await feed.record(event, firstTry);
    expect((await feed.readAfter(0, 10)).map(({ event: { id } }) => id)).toEqual([event.id]);
  });

  it('makes an event wait that came before its predecessor', async () => {
    const job = newId();
    await expect(feed.record(aJobEvent(job, 2), firstTry)).rejects.toMatchObject({
      kind: 'unavailable',
      code: 'event_overtaken',
    });
    await feed.record(aJobEvent(job, 1), firstTry);
    await feed.record(aJobEvent(job, 2), firstTry);
    expect((await feed.readJobAfter(job, 0, 10)).map(({ event }) => event.job_seq)).toEqual([1, 2]);
    expect(services.asked).toEqual([]);
  });

  it('asks the owner for events that will not come any more, and takes them when they come all the same', async () => {
    const job = newId();
    const lost = [1, 2].map((seq) => ({
      job_id: job,
      seq,
      type: 'rendering.v1.job_queued',
      at: longAgo,
      data: { jobId: job, projectId, seq },
    }));
    services.answer(listJobEventsRequest, ({ after, limit }) => ({
      items: lost.filter(({ seq }) => seq > after).slice(0, limit),
    }));
    await feed.record(aJobEvent(job, 3, { time: longAgo }), firstTry);
    await feed.record(aJobEvent(job, 1, { time: longAgo }), firstTry);
    const found = await feed.readJobAfter(job, 0, 10);
    expect(found.map(({ event }) => [event.job_seq, event.type, event.project_id])).toEqual([
      [1, 'rendering.v1.job_queued', projectId],
      [2, 'rendering.v1.job_queued', projectId],
      [3, 'rendering.v1.job_started', projectId],
    ]);
  });

  it('goes on without unknown events, and at the last try without those that nobody can be asked for', async () => {
    const [unknown, unanswered] = [newId(), newId()];
    services.answer(listJobEventsRequest, ({ id }) =>
      Promise.reject(
        id === unknown ? notFound('job', id) : new AppError('unavailable', 'rendering_unavailable', 'no answer'),
      ),
    );
    await feed.record(aJobEvent(unknown, 5, { time: longAgo }), firstTry);
    await expect(feed.record(aJobEvent(unanswered, 5, { time: longAgo }), firstTry)).rejects.toMatchObject({
      code: 'rendering_unavailable',
    });
    await feed.record(aJobEvent(unanswered, 5, { time: longAgo }), { number: 8, last: true });
    expect((await feed.readAfter(0, 10)).map(({ event }) => event.job_id)).toEqual([unknown, unanswered]);
  });

  it('forgets old events but not how far it has come', async () => {
    await record(3);
    await db.query("update event_feed set at = now() - interval '31 days'");
    await feed.prune();
    expect(await feed.bounds()).toEqual({ latest: 3, oldest: 3 });
    await record(1);
    expect(await feed.bounds()).toEqual({ latest: 4, oldest: 3 });
  });
});

it('is read from indexes, however long it is', async () => {
  await db.query(`insert into event_feed (event_id, type, project_id, job_id, job_seq, at, data)
    select gen_random_uuid(), 'rendering.v1.job_queued', null, ('0190a000-0000-7000-8000-' || lpad(to_hex(n / 10), 12,
    '0'))::uuid, n % 10 + 1, now(), '{}' from generate_series(1, 40000) n`);
  await db.query('vacuum analyze event_feed');
  const plans = Plans.watch(db);
  const jobId = '0190a000-0000-7000-8000-000000000007';
  await feed.bounds();
  await feed.readAfter(20_000, 500);
  expect(await feed.readJobAfter(jobId, 3, 100)).toHaveLength(7);
  expect(await feed.jobBounds(jobId)).toEqual({ latest: 10, oldest: 1 });
  await feed.prune();
  expect(plans.statements).toHaveLength(5);
  expect(await plans.faults(['event_feed'])).toEqual([]);
});

describe('/ws', () => {
  it('greets, replays from since, says so, and goes on live', async () => {
    await record(5);
    const client = new Client('/ws?since=2');
    await client.caughtUp();
    await record(2);
    await waitFor(() => client.seqs.length === 5);
    expect(client.types()).toEqual(['hello', 'event', 'event', 'event', 'caught_up', 'event', 'event']);
    expect(client.messages[0]).toMatchObject({ latest_seq: 5, oldest_seq: 1 });
    expect(client.messages[4]).toEqual({ type: 'caught_up', seq: 5 });
    expect(client.seqs).toEqual(upTo(7, 3));
  });

  it('tells only what is new without since', async () => {
    await record(3);
    const client = new Client('/api/anime/ws');
    await client.caughtUp();
    await record(1);
    await waitFor(() => client.seqs.length > 0);
    expect(client.seqs).toEqual([4]);
  });

  it('replays more than one page', async () => {
    await db.query(
      `insert into event_feed (event_id, type, at, data) select gen_random_uuid(), ` +
        `'projects.v1.project_updated', now(), '{}' from generate_series(1, 1234)`,
    );
    const client = new Client('/ws?since=0');
    await client.caughtUp();
    expect(client.seqs).toEqual(upTo(1234));
  });

  it('leaves nothing out and tells nothing twice while clients come and go and events come side by side', async () => {
    const total = 240;
    const writing = Promise.all([1, 2, 3, 4].map(() => record(total / 4)));
    let running = true;
    const follow = async (restlessness: number): Promise<number[]> => {
      const seen: number[] = [];
      while (running || seen.length < total) {
        const client = new Client(`/ws?since=${seen.at(-1) ?? 0}`);
        await waitFor(() => client.closed !== undefined || client.types().includes('caught_up'));
        await sleep(restlessness * Math.random());
        seen.push(...client.seqs);
        client.socket.terminate();
      }
      return seen;
    };
    const followers = [5, 20, 60].map(follow);
    await writing;
    running = false;
    for (const seen of await Promise.all(followers)) expect(seen).toEqual(upTo(total));
  });

  it('hears of events although notifications are lost', async () => {
    const client = new Client('/ws');
    await client.caughtUp();
    await db.query(
      'select pg_terminate_backend(pid) from pg_stat_activity where application_name = ' +
        "'tower-listen-event_feed_gateway' and datname = current_database()",
    );
    await record(1);
    await waitFor(() => client.seqs.length === 1);
  });

  it('closes on who does not read, and loses nothing for it', async () => {
    const client = new Client('/ws');
    await client.caughtUp();
    client.socket.pause();
    // More than the kernel takes on both sides together with what we allow to wait.
    const large = 'x'.repeat(512 * 1024);
    for (let at = 0; at < 40; at++)
      await db.query(
        'insert into event_feed (event_id, type, at, data) values (gen_random_uuid(), ' +
          "'projects.v1.project_updated', now(), jsonb_build_object('text', $1::text))",
        [large],
      );
    await waitFor(async () =>
      (await metrics.registry.getSingleMetricAsString('gateway_slow_sockets_closed_total')).includes(' 1'),
    );
    client.socket.resume();
    await waitFor(() => client.closed !== undefined);
    expect(client.closed).toBe(1013);
    const again = new Client(`/ws?since=${client.seqs.at(-1) ?? 0}`);
    await again.caughtUp();
    expect([...client.seqs, ...again.seqs]).toEqual(upTo(40));
  });

  it('says goodbye when the process stops', async () => {
    const client = new Client('/ws');
    await client.caughtUp();
    const stop = stopAll;
    stopAll = () => Promise.resolve();
    await stop();
    await waitFor(() => client.closed !== undefined);
    expect(client.closed).toBe(1001);
  });

  it('hangs up on a client that sends more than it may', async () => {
    const client = new Client('/ws');
    await client.caughtUp();
    client.socket.send('x'.repeat(64 * 1024 + 1));
    await waitFor(() => client.closed !== undefined);
    expect(client.closed).toBe(1009);
  });

  const upgrade = (
    path: string,
    headers: Record<string, string> = {},
  ): Promise<{ status: number; code: unknown; type: string | undefined }> =>
    new Promise((resolve, reject) => {
      const request = httpGet(
        `http://${origin}${path}`,
        {
          headers: {
            connection: 'upgrade',
            upgrade: 'websocket',
            'sec-websocket-version': '13',
            'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
            ...headers,
          },
        },
        (response) => {
          let body = '';
          response.on('data', (data: Buffer) => (body += data.toString()));
          response.on('end', () =>
            resolve({
              status: response.statusCode ?? 0,
              code: (JSON.parse(body) as { code: unknown }).code,
              type: response.headers['content-type'],
            }),
          );
        },
      );
      request.on('error', reject);
    });

  it.each([
    ['a since that is no number', '/ws?since=x', {}, 400, 'query_invalid'],
    ['a since below nothing', '/ws?since=-1', {}, 400, 'query_invalid'],
    ['a since that was never given', '/ws?since=1', {}, 400, 'since_ahead'],
    ['an unknown field', '/ws?sinse=1', {}, 400, 'query_invalid'],
    ['an id that is none', '/ws/jobs/abc', {}, 400, 'path_invalid'],
    ['an unknown address', '/ws/nope', {}, 404, 'route_not_found'],
    ['a page of another site', '/ws', { origin: 'http://evil.example' }, 403, 'origin_refused'],
    ['a page without an origin', '/ws', { origin: 'null' }, 403, 'origin_refused'],
    ["a name that is not this machine's", '/ws', { host: 'evil.example' }, 403, 'host_refused'],
    ['another protocol', '/ws', { upgrade: 'h2c' }, 400, 'http_malformed'],
  ])('refuses %s before the upgrade', async (_what, path, headers, status, code) => {
    expect(await upgrade(path, headers as Record<string, string>)).toEqual({
      status,
      code,
      type: 'application/problem+json',
    });
  });

  it('lets go of refused clients that keep their side of the connection open', async () => {
    const clients = Array.from({ length: 50 }, () => new StubbornClient('/ws/nope'));
    await waitFor(() => clients.every((client) => client.received.startsWith('HTTP/1.1 404')));
    await waitFor(async () => (await openConnections()) === 0, 3_000);
    for (const client of clients) client.socket.destroy();
  });

  it('lets go of a client that never answers the goodbye', async () => {
    services.answer(getJobRequest, ({ id }) => Promise.reject(notFound('job', id)));
    const client = new StubbornClient(`/ws/jobs/${newId()}`);
    await waitFor(() => client.received.includes('job_not_found'));
    await waitFor(async () => (await openConnections()) === 0, 10 * answerWithinMs);
    client.socket.destroy();
  });
});

describe('/ws/jobs/{id}', () => {
  const job = newId();
  const nothing: ProgressView['estimate'] = {
    start_at: null,
    finish_at: null,
    remaining_seconds: null,
    low: null,
    high: null,
    p80: null,
    confidence: null,
    basis: '',
  };
  const aProgress = (progress: number, job_id = job): ProgressView => ({
    job_id,
    status: 'processing',
    stage: 'Sampling',
    progress,
    step: null,
    total_steps: null,
    images_complete: 0,
    images_total: 1,
    frames_complete: null,
    frames_total: null,
    gpu: 'sim',
    gpus: ['sim'],
    gpu_queue_position: null,
    estimate: nothing,
  });
  beforeEach(() =>
    services.answer(getJobRequest, ({ id }) =>
      id === job ? ({ ...aProgress(10), id } as unknown as JobView) : Promise.reject(notFound('job', id)),
    ),
  );

  it('says first how the job is, then what happened to it, then what happens', async () => {
    for (const seq of [1, 2, 3]) await feed.record(aJobEvent(job, seq), firstTry);
    await feed.record(aJobEvent(newId(), 1), firstTry);
    const [whole, rest] = [new Client(`/ws/jobs/${job}`), new Client(`/ws/jobs/${job.toUpperCase()}?since=2`)];
    await Promise.all([whole.caughtUp(), rest.caughtUp()]);
    await feed.record(aJobEvent(newId(), 1), firstTry);
    await feed.record(aJobEvent(job, 4), firstTry);
    await waitFor(() => whole.seqs.length === 4 && rest.seqs.length === 2);
    expect(whole.types()).toEqual(['hello', 'progress', 'event', 'event', 'event', 'caught_up', 'event']);
    expect(whole.messages[1]).toEqual({ type: 'progress', data: aProgress(10) });
    expect(whole.messages[0]).toMatchObject({ latest_seq: 3, oldest_seq: 1 });
    expect([whole.seqs, rest.seqs]).toEqual([
      [1, 2, 3, 4],
      [3, 4],
    ]);
  });

  it('passes progress on to who follows the job, not all of it, and the last of it', async () => {
    const clients = { job: new Client(`/ws/jobs/${job}`), all: new Client('/ws') };
    await Promise.all([clients.job.caughtUp(), clients.all.caughtUp()]);
    const other = newId();
    for (let progress = 1; progress <= 60; progress++) bus.publishHint(progressSubject(job), aProgress(progress));
    bus.publishHint(progressSubject(other), aProgress(1, other));
    bus.publishHint(progressSubject(job), { nonsense: true });
    const progressOf = (client: Client, id: string): number[] =>
      client.messages.flatMap((message) =>
        message.type === 'progress' && message.data.job_id === id ? [message.data.progress] : [],
      );
    await waitFor(
      () =>
        progressOf(clients.job, job).includes(60) &&
        progressOf(clients.all, job).includes(60) &&
        progressOf(clients.all, other).length === 1,
    );
    expect(progressOf(clients.job, job).length).toBeLessThan(10);
    expect(progressOf(clients.job, other)).toEqual([]);
  });

  it('tells no progress that is older than the event before it', async () => {
    const client = new Client(`/ws/jobs/${job}`);
    await client.caughtUp();
    for (const progress of [20, 30]) bus.publishHint(progressSubject(job), aProgress(progress));
    await waitFor(() => client.types().filter((type) => type === 'progress').length === 2);
    await feed.record(aJobEvent(job, 1), firstTry);
    await waitFor(
      () =>
        client.messages.some((message) => message.type === 'progress' && message.data.progress === 30) &&
        client.seqs.length === 1,
    );
    expect(client.types()).toEqual(['hello', 'progress', 'caught_up', 'progress', 'progress', 'event']);
  });

  it('says that there is no such job, and closes', async () => {
    const client = new Client(`/ws/jobs/${newId()}`);
    await waitFor(() => client.closed !== undefined);
    expect([client.closed, client.messages.at(-1)]).toMatchObject([4404, { type: 'error', code: 'job_not_found' }]);
  });

  it('sends clients away for a moment while rendering does not answer', async () => {
    services.answer(getJobRequest, () =>
      Promise.reject(new AppError('unavailable', 'rendering_unavailable', 'no answer')),
    );
    const client = new Client(`/ws/jobs/${job}`);
    await waitFor(() => client.closed !== undefined);
    expect([client.closed, client.messages.at(-1)]).toMatchObject([
      1013,
      { type: 'error', code: 'rendering_unavailable' },
    ]);
  });
});

describe('previews', () => {
  const job = newId();
  const aPreview = (jobId: string, step: number): PreviewView => ({
    job_id: jobId,
    attempt_id: newId(),
    gpu: 'sim',
    step,
    total_steps: 20,
    media_type: 'image/jpeg',
    image: '/9j/',
  });
  const show = (jobId: string, step: number): void => bus.publishHint(previewSubject(jobId), aPreview(jobId, step));
  const shownTo = (client: Client): (number | null)[] =>
    client.messages.flatMap((message) => (message.type === 'preview' ? [message.data.step] : []));
  const subscribed = (client: Client): number => client.types().filter((type) => type === 'subscribed').length;
  const say = async (client: Client, type: string, job_id?: string): Promise<void> => {
    const before = subscribed(client);
    client.socket.send(JSON.stringify({ type, topic: 'previews', job_id }));
    await waitFor(() => subscribed(client) > before);
    // The message server knows of it, too.
    await bus.nats.flush();
  };
  const settled = async (client: Client): Promise<void> => {
    await bus.nats.flush();
    const seen = client.seqs.length;
    await feed.record(anEvent(), firstTry);
    await waitFor(() => client.seqs.length > seen);
  };

  it('come to who asks for them, of one job or of all, and to nobody else', async () => {
    const [all, one, none] = [new Client('/ws'), new Client('/ws'), new Client('/ws')];
    await Promise.all([all, one, none].map((client) => client.caughtUp()));
    show(job, 1);
    await say(all, 'subscribe');
    await say(one, 'subscribe', job);
    show(job, 2);
    show(newId(), 3);
    await waitFor(() => shownTo(all).length === 2 && shownTo(one).length === 1);
    await say(all, 'unsubscribe');
    show(job, 4);
    await waitFor(() => shownTo(one).length === 2);
    await settled(all);
    expect([all, one, none].map(shownTo)).toEqual([[2, 3], [2, 4], []]);
    expect(all.types().filter((type) => type === 'error')).toEqual([]);
  });

  it('are not listened to while nobody wants them', async () => {
    let listening = 0;
    const listen = bus.listen.bind(bus);
    jest.spyOn(bus, 'listen').mockImplementation((subject, take) => {
      const stop = listen(subject, take);
      listening += 1;
      return () => {
        listening -= 1;
        stop();
      };
    });
    const clients = [new Client('/ws'), new Client('/ws')];
    await Promise.all(clients.map((client) => client.caughtUp()));
    expect(listening).toBe(0);
    for (const client of clients) await say(client, 'subscribe');
    expect(listening).toBe(1);
    clients[0]?.socket.close();
    await waitFor(() => clients[0]?.closed !== undefined);
    expect(listening).toBe(1);
    if (clients[1] !== undefined) await say(clients[1], 'unsubscribe');
    expect(listening).toBe(0);
    jest.restoreAllMocks();
  });

  it('of nonsense are none, and what a client says wrongly costs it nothing', async () => {
    const client = new Client('/ws');
    await client.caughtUp();
    client.socket.send('hello');
    client.socket.send(Buffer.from([1, 2, 3]));
    await waitFor(() => client.types().filter((type) => type === 'error').length === 2);
    await say(client, 'subscribe');
    bus.publishHint(previewSubject(job), { nonsense: true });
    bus.publishHint(previewSubject(job), aPreview(newId(), 1));
    show(job, 2);
    await waitFor(() => shownTo(client).length > 0);
    await settled(client);
    expect([shownTo(client), client.closed]).toEqual([[2], undefined]);
  });
});
