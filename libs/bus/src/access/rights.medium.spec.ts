// Real: nats-server with the users and rights that Tower configures. Attackers hold the credentials of one user, or
// none.
import { readFileSync } from 'node:fs';
import {
  attemptJudged,
  commandStream,
  deadLetterStream,
  eventStream,
  jobQueued,
  requestJob,
  serviceNames,
  topology,
  type ServiceName,
} from '@tower/contracts';
import { createLogger, newId } from '@tower/kit';
import { startTestNats, waitFor, type TestNats } from '@tower/testing';
import { connect, createInbox, type JetStreamManager, type NatsConnection, type StreamInfo } from 'nats';
import { BusConnection, natsOptions } from '../connection';
import { DurableConsumer } from '../durable-consumer';
import { deadLetterFilter, ensureStreams } from '../streams';
import { destruction, impersonation, othersEvents, othersInboxes, streamNames } from './attempts';
import { withUser } from './nats-secret';
import { inboxPrefixOf, natsUsers, streamDeleted, type NatsUserName } from './permissions';

const passwords = (user: NatsUserName): string => `the-secret-of-${user}`;

let nats: TestNats;
let admin: NatsConnection;
let manager: JetStreamManager;
const open: NatsConnection[] = [];

/** One user's connection, and every subject that the server refused it. */
async function as(user: NatsUserName): Promise<{ connection: NatsConnection; refused: string[] }> {
  const connection = await connect(natsOptions(withUser(nats.url, user, passwords), user));
  open.push(connection);
  const refused: string[] = [];
  void (async () => {
    for await (const status of connection.status())
      if (status.type === 'error')
        refused.push(`${status.permissionContext?.operation} ${status.permissionContext?.subject}`);
  })();
  return { connection, refused };
}

const states = async (): Promise<StreamInfo['state'][]> =>
  Promise.all(streamNames.map(async (name) => (await manager.streams.info(name)).state));

/** Tries all of it, and gives back what the server did not refuse. */
async function notRefused(
  user: NatsUserName,
  attempts: { publish?: string[]; subscribe?: string[] },
): Promise<string[]> {
  const { connection, refused } = await as(user);
  for (const subject of attempts.publish ?? []) connection.publish(subject, '{}');
  for (const subject of attempts.subscribe ?? []) connection.subscribe(subject, { callback: () => undefined });
  const tried = [
    ...(attempts.publish ?? []).map((subject) => `publish ${subject}`),
    ...(attempts.subscribe ?? []).map((subject) => `subscription ${subject}`),
  ];
  await connection.flush();
  await waitFor(() => refused.length >= tried.length, { timeoutMs: 2_000 }).catch(() => undefined);
  return tried.filter((attempt) => !refused.includes(attempt));
}

beforeAll(async () => {
  nats = await startTestNats({ passwords });
  admin = (await as('admin')).connection;
  manager = await admin.jetstreamManager();
  expect(await ensureStreams(manager)).toEqual([]);
});
afterEach(async () => {
  for (const connection of open.splice(1)) await connection.close();
});
afterAll(async () => {
  for (const connection of open) await connection.close();
  await nats.close();
});

describe('a stranger', () => {
  it.each([
    ['without credentials', {}],
    ['with a wrong password', { user: 'rendering', pass: 'guessed' }],
    ['with the password of another user', { user: 'rendering', pass: passwords('quality') }],
    ['with a name that nobody has', { user: 'root', pass: 'root' }],
    ['with a token', { token: passwords('admin') }],
  ])('is refused %s', async (_, credentials) => {
    await expect(connect({ servers: nats.url, reconnect: false, ...credentials })).rejects.toMatchObject({
      code: 'AUTHORIZATION_VIOLATION',
    });
  });
});

describe.each(serviceNames)('%s', (service) => {
  it('makes its streams and consumers, reads them, and publishes its own events, without one refusal', async () => {
    const { connection, refused } = await as(service);
    for (const event of topology[service].publishes)
      await connection
        .jetstream()
        .publish(event.filter.replace('*', newId()), '{}', { expect: { streamName: eventStream(service) } });
    const bus = await BusConnection.open(
      withUser(nats.url, service, passwords),
      service,
      createLogger('test', 'silent'),
    );
    expect(await bus.ensureStreams()).toEqual([]);
    const { consumes, commands } = topology[service];
    const streams = [
      ...new Set([
        ...consumes.map((event) => eventStream(event.owner)),
        ...commands.map((command) => commandStream(command.owner)),
      ]),
    ];
    const filters = (stream: string): string[] => [
      ...consumes.filter((event) => eventStream(event.owner) === stream).map((event) => event.filter),
      ...(stream === commandStream(service) ? commands.map((command) => command.subject) : []),
    ];
    for (const stream of streams) await manager.streams.getMessage(stream, { seq: 1 }).catch(() => fill(stream));
    const read = new Map<string, number>();
    const consumers = [
      ...streams.map((stream) => ({ stream, filter: { filter_subjects: filters(stream) } })),
      { stream: deadLetterStream, filter: { filter_subject: deadLetterFilter(service) } },
    ];
    const pulls = consumers.map(
      ({ stream, filter }) =>
        new DurableConsumer(
          bus,
          stream,
          { durable_name: service, max_ack_pending: 16, ...filter },
          (message) => {
            read.set(stream, (read.get(stream) ?? 0) + 1);
            message.ack();
          },
          createLogger('test', 'silent'),
        ),
    );
    for (const pull of pulls) pull.start();
    await waitFor(
      async () =>
        (await Promise.all(consumers.map(({ stream }) => manager.consumers.info(stream, service)))).every(
          (info) => info.num_pending === 0 && info.num_ack_pending === 0 && info.num_waiting > 0,
        ),
      { describe: `${service} has read everything` },
    );
    if (streams.length > 0)
      expect([...read.keys()].filter((stream) => stream !== deadLetterStream).sort()).toEqual([...streams].sort());
    for (const stream of [...streams, ...(topology[service].publishes.length > 0 ? [eventStream(service)] : [])])
      await (await connection.jetstreamManager()).streams.getMessage(stream, { seq: 1 });
    for (const subject of topology[service].hints.hears) connection.subscribe(subject, { callback: () => undefined });
    if (topology[service].publishes.length > 0)
      connection.subscribe(streamDeleted(eventStream(service)), { callback: () => undefined });
    for (const subject of [
      ...topology[service].hints.says.map((hint) => hint.replace('*', 'some-job')),
      `hb.${service}`,
    ])
      connection.publish(subject, '{}');
    await connection.flush();
    for (const pull of pulls) await pull.stop();
    await bus.close();
    expect(refused).toEqual([]);
    expect(violationsOf(service)).toEqual([]);
  });

  it('cannot publish the events of others, nor commands, nor answer or ask what is not its own', async () => {
    const before = await states();
    const asked = topology[service].asks.map((question) => question.subject);
    const questions = serviceNames
      .flatMap((asker) => topology[asker].asks)
      .map((question) => question.subject)
      .filter((subject) => !asked.includes(subject));
    const askers = serviceNames.filter((asker) => topology[asker].asks.some((question) => question.owner === service));
    const inboxes = natsUsers
      .filter((user) => !(askers as string[]).includes(user))
      .map((user) => `${inboxPrefixOf(user)}.abc.1`);
    const commands = serviceNames.flatMap((owner) => topology[owner].commands).map((command) => command.subject);
    const publish = [
      ...othersEvents(service).map((event) => event.filter.replace('*', newId())),
      ...commands,
      ...questions,
      ...inboxes,
      ...serviceNames.filter((other) => other !== service).map((other) => `hb.${other}`),
    ];
    const subscribe = [
      ...serviceNames.filter((other) => other !== service).flatMap((other) => [`req.${other}.>`, `evt.${other}.>`]),
      'req.>',
    ];
    expect(await notRefused(service, { publish, subscribe })).toEqual([]);
    expect(await states()).toEqual(before);
  });

  it('cannot delete, purge or change a stream, take away a consumer, or read as somebody else', async () => {
    const before = await states();
    expect(
      await notRefused(service, {
        publish: [...destruction, ...impersonation(service)],
        subscribe: othersInboxes(service),
      }),
    ).toEqual([]);
    expect(await states()).toEqual(before);
  });
});

describe('a publisher', () => {
  it('commands, hears the answer, and reads it later', async () => {
    const { connection, refused } = await as('publisher');
    const id = newId();
    const answers: string[] = [];
    connection.subscribe(`evt.rendering.v1.command_accepted.${id}`, {
      callback: (_, message) => void answers.push(message.string()),
    });
    await connection.jetstream().publish(requestJob.subject, JSON.stringify({ id, data: {} }));
    const rendering = (await as('rendering')).connection;
    await rendering.jetstream().publish(`evt.rendering.v1.command_accepted.${id}`, 'accepted');
    await waitFor(() => answers.length === 1);
    const streams = await connection.jetstreamManager();
    expect(
      (
        await streams.streams.getMessage('RENDERING', { last_by_subj: `evt.rendering.v1.command_accepted.${id}` })
      ).string(),
    ).toBe('accepted');
    expect(
      (await connection.request(`$JS.API.DIRECT.GET.RENDERING.evt.rendering.v1.command_accepted.${id}`)).string(),
    ).toBe('accepted');
    expect((await streams.streams.info('RENDERING')).state.messages).toBeGreaterThan(0);
    expect(refused).toEqual([]);
  });

  it('publishes no events, asks and answers nothing, and reaches no stream beyond reading', async () => {
    const before = await states();
    const questions = serviceNames.flatMap((asker) => topology[asker].asks).map((question) => question.subject);
    const publish = [
      ...othersEvents('publisher').map((event) => event.filter.replace('*', newId())),
      ...questions,
      ...natsUsers.map((user) => `${inboxPrefixOf(user)}.abc.1`),
      ...serviceNames.map((other) => `hb.${other}`),
      'progress.rendering.v1.x',
      ...destruction,
      ...impersonation('publisher'),
      ...streamNames.map((stream) => `$JS.API.STREAM.CREATE.${stream}`),
      '$JS.API.DIRECT.GET.CMD_RENDERING',
      '$JS.API.STREAM.MSG.GET.CMD_RENDERING',
    ];
    expect(
      await notRefused('publisher', {
        publish,
        subscribe: [
          ...othersInboxes('publisher').filter((subject) => subject !== '_INBOX.>'),
          'req.>',
          'hb.*',
          'cmd.>',
          '$JS.>',
        ],
      }),
    ).toEqual([]);
    expect(await states()).toEqual(before);
  });

  it.each(['PURGE', 'DELETE'])(
    'cannot have the server %s a stream by having its own acknowledgement sent there',
    async (call) => {
      const { connection } = await as('publisher');
      const before = await manager.streams.info('QUALITY');
      connection.publish(requestJob.subject, '{}', { reply: `$JS.API.STREAM.${call}.QUALITY` });
      await connection.flush();
      await waitFor(
        async () =>
          (await manager.streams.getMessage(commandStream('rendering'), { last_by_subj: requestJob.subject })).seq > 0,
      );
      expect((await manager.streams.info('QUALITY')).state).toEqual(before.state);
    },
  );
});

describe('a forged verdict', () => {
  const subject = attemptJudged.filter.replace('*', newId());

  it.each(natsUsers.filter((user) => user !== 'quality'))('is not taken from %s', async (user) => {
    const before = (await manager.streams.info('QUALITY')).state;
    const { connection } = await as(user);
    await expect(connection.jetstream().publish(subject, '{"verdict":"passed"}')).rejects.toMatchObject({
      code: 'PERMISSIONS_VIOLATION',
    });
    expect((await manager.streams.info('QUALITY')).state).toEqual(before);
  });

  it("does not come about by having a message of one's own delivered to its subject", async () => {
    const rendering = (await as('rendering')).connection;
    await rendering.jetstream().publish(jobQueued.filter.replace('*', newId()), '{"verdict":"passed"}');
    const readers: ServiceName[] = ['gateway', 'quality'];
    for (const reader of readers) {
      const { connection } = await as(reader);
      connection.publish(
        `$JS.API.CONSUMER.MSG.NEXT.RENDERING.${reader}`,
        JSON.stringify({ batch: 100, no_wait: true }),
        { reply: subject },
      );
      await connection.flush();
    }
    // Messages keep the subject under which they were stored; what stands under the forged one is the server's "no
    // messages", without a body.
    await waitFor(
      async () =>
        ((await manager.streams.info('QUALITY', { subjects_filter: subject })).state.subjects?.[subject] ?? 0) > 0,
    );
    const { first_seq: first, last_seq: last } = (await manager.streams.info('QUALITY')).state;
    const stored = await Promise.all(
      Array.from({ length: last - first + 1 }, (_, index) =>
        manager.streams.getMessage('QUALITY', { seq: first + index }),
      ),
    );
    expect(
      stored.filter((message) => message.subject === subject).map((message) => message.string()),
    ).not.toContainEqual(expect.stringContaining('verdict'));
    expect(stored.filter((message) => message.subject === subject).every((message) => message.data.length === 0)).toBe(
      true,
    );
  });
});

/** So that there is something to read. */
async function fill(stream: string): Promise<void> {
  const owner = serviceNames.find((service) => eventStream(service) === stream);
  const { connection } = await as(owner ?? 'publisher');
  if (owner === undefined) await connection.jetstream().publish(requestJob.subject, '{}');
  else
    for (const event of topology[owner].publishes)
      await connection.jetstream().publish(event.filter.replace('*', newId()), '{}');
}

/** Of which the server's own log knows. */
function violationsOf(user: string): string[] {
  const log = readFileSync(`${nats.storeDir}.log`, 'utf8');
  return log.split('\n').filter((line) => line.includes('Violation') && line.includes(`User "${user}"`));
}

it('gives every connection an inbox that the others cannot guess', () => {
  for (const user of natsUsers)
    expect(createInbox(inboxPrefixOf(user)).slice(inboxPrefixOf(user).length + 1).length).toBeGreaterThanOrEqual(22);
});
