// Real: NATS with JetStream, PostgreSQL, the outbox and its relay, NestJS's own client. Played: the jobs themselves.
import { Module, type INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ClientNats } from '@nestjs/microservices';
import { BusConnection, BusMetrics, DeadLetters, ensureStreams, JetStreamServer, OutboxRelay } from '@tower/bus';
import { cancelJob, commandFilter, maxQuestionBytes, requestJob, retryJob, withdrawOrder } from '@tower/contracts';
import { databaseFor, Outbox } from '@tower/db';
import { AppError, createLogger, Metrics, newId, systemClock } from '@tower/kit';
import { createTestDatabase, startTestNats, waitFor, type TestDatabase, type TestNats } from '@tower/testing';
import { firstValueFrom } from 'rxjs';
import { DataSource } from 'typeorm';
import { JobsConsumer } from '../jobs.consumer';
import { renderingEntities } from '../rendering.module';
import { ResultsService } from '../attempts/results.service';
import { SteeringConsumer } from '../steering.consumer';
import type { CardSteering } from './card-steering.service';
import { CommandsService } from './commands.service';
import type { JobSteering } from './job-steering.service';
import type { QueueSteering } from './queue-steering.service';
import { RequestsService } from './requests.service';
import { SteeringCommands } from './steering-commands.service';

interface Answer {
  type: string;
  data: {
    commandId: string;
    commandType: string;
    received?: { stream: string; seq: number };
    givenId?: string;
    code?: string;
    message?: string;
    jobId?: string;
    gpu?: string;
    claimId?: string;
    errors?: { pointer: string }[];
  };
}

const logger = createLogger('test', 'silent');
const jobId = newId();
const data = { project_id: newId(), job_type: 'still_image', prompt: 'a girl at the window' };
const jobs = {
  full: ({ prompt }: { prompt: string }) => Promise.resolve({ ...data, prompt }),
  request: ({ body }: { body: { prompt: string } }) =>
    body.prompt === 'a bug'
      ? Promise.reject(new AppError('conflict', 'project_archived', 'the project is archived'))
      : Promise.resolve({ job_id: jobId }),
} as unknown as RequestsService;

const claimId = newId();
const steered: unknown[] = [];
const cards = {
  claim: (input: unknown) => {
    steered.push(input);
    return Promise.resolve({ id: claimId });
  },
  drain: () => Promise.reject(new AppError('not_found', 'gpu_unknown', 'there is no card nope')),
} as unknown as CardSteering;
const queue = {
  pause: (input: unknown) => {
    steered.push(input);
    return Promise.resolve({ paused: null });
  },
} as unknown as QueueSteering;

let nats: TestNats;
let database: TestDatabase;
let db: DataSource;
let bus: BusConnection;
let relay: OutboxRelay;
let letters: DeadLetters;
let app: INestMicroservice;
let client: ClientNats;
const answers: Answer[] = [];

beforeAll(async () => {
  [nats, database] = await Promise.all([startTestNats(), createTestDatabase('rendering')]);
  db = await databaseFor({
    url: database.url,
    schema: 'rendering',
    service: 'rendering',
    entities: renderingEntities,
  }).initialize();
  bus = await BusConnection.open(nats.url, 'test', logger);
  await ensureStreams(await bus.nats.jetstreamManager());
  const metrics = new BusMetrics(new Metrics('test'));
  const options = { databaseUrl: database.url, schema: 'rendering', holder: 'test', clock: systemClock };
  relay = new OutboxRelay(db, bus, metrics, logger, options);
  relay.start();
  letters = new DeadLetters('rendering', db, bus, logger);
  letters.start();
  const commands = new CommandsService(db, new Outbox('rendering', systemClock), jobs);

  @Module({
    controllers: [JobsConsumer, SteeringConsumer],
    providers: [
      { provide: RequestsService, useValue: jobs },
      { provide: CommandsService, useValue: commands },
      { provide: ResultsService, useValue: {} },
      { provide: SteeringCommands, useValue: new SteeringCommands(commands, cards, {} as JobSteering, queue) },
    ],
  })
  class Commanded {}
  app = await NestFactory.createMicroservice(Commanded, {
    strategy: new JetStreamServer('rendering', bus, metrics, logger),
    logger: false,
  });
  await app.listen();
  bus.nats.subscribe('evt.rendering.v1.*.*', { callback: (_, message) => answers.push(message.json<Answer>()) });
  client = new ClientNats({ servers: [nats.url] });
  await client.connect();
});
afterAll(async () => {
  await client.close();
  await app.close();
  await letters.stop();
  await relay.stop();
  await bus.close();
  await db.destroy();
  await nats.close();
  await database.drop();
});

const answerTo = (seq: number): Promise<Answer> =>
  waitFor(() => answers.find(({ data: { received } }) => received?.seq === seq), {
    timeoutMs: 15_000,
    describe: `the answer to command ${seq}`,
  });
const answerOf = (id: string): Promise<Answer> =>
  waitFor(() => answers.find(({ data: { commandId } }) => commandId === id), {
    timeoutMs: 15_000,
    describe: `the answer to ${id}`,
  });
const publish = async (body: string | Uint8Array, subject = requestJob.subject): Promise<number> =>
  (await bus.nats.jetstream().publish(subject, body)).seq;
const kept = async (): Promise<number> =>
  ((await db.query('select count(*)::int as n from dead_letter')) as { n: number }[])[0]?.n ?? 0;

describe("NestJS's client", () => {
  it('is understood when it emits a command', async () => {
    const id = newId();
    await firstValueFrom(client.emit(requestJob.subject, { id, data }), { defaultValue: undefined });
    expect(await answerOf(id)).toMatchObject({
      type: 'rendering.v1.command_accepted',
      data: { jobId, received: { stream: 'CMD_RENDERING' } },
    });
  });

  it('is told by send() where the command lies, and by the answer naming that place what became of it', async () => {
    const id = newId();
    const stored = await firstValueFrom<{ stream: string; seq: number }>(client.send(requestJob.subject, { id, data }));
    expect(stored).toEqual({ stream: 'CMD_RENDERING', seq: expect.any(Number) as number });
    expect(await answerTo(stored.seq)).toMatchObject({
      type: 'rendering.v1.command_accepted',
      data: { commandId: id, jobId },
    });
  });

  it.each(['emit', 'send'] as const)('is told how to do it when it does not %s an id', async (how) => {
    const before = answers.length;
    await firstValueFrom<unknown, undefined>(
      how === 'emit' ? client.emit(requestJob.subject, data) : client.send(requestJob.subject, data),
      { defaultValue: undefined },
    );
    const answer = await waitFor(() => answers[before], { timeoutMs: 15_000, describe: 'the rejection' });
    expect(answer).toMatchObject({
      type: 'rendering.v1.command_rejected',
      data: {
        code: 'command_malformed',
        message: expect.stringContaining('client.emit(subject, { id: randomUUID()') as string,
      },
    });
  });

  it('hears at once that nobody takes a command where no stream is', async () => {
    await expect(firstValueFrom(client.send('cmd.nobody.v1.do', { id: newId(), data }))).rejects.toThrow(
      /Empty response/,
    );
  });
});

describe('a command that steers', () => {
  const answerTelling = async (type: string, body: unknown) => {
    const id = newId();
    await publish(JSON.stringify({ id, data: body }), `cmd.rendering.v1.${type}`);
    return answerOf(id);
  };

  it('says the same as the body over REST, and the answer names what it was about', async () => {
    const wish = { megabytes: 6_000, seconds: 60, who: 'Blender' };
    const answer = await answerTelling('claim_gpu_memory', { gpu: 'rtx3060', ...wish });
    expect(answer).toMatchObject({
      type: 'rendering.v1.command_accepted',
      data: { commandType: 'rendering.v1.claim_gpu_memory', gpu: 'rtx3060', claimId },
    });
    expect(steered.at(-1)).toMatchObject({
      context: { idempotencyKey: answer.data.commandId },
      name: 'rtx3060',
      body: wish,
    });
    expect((await answerTelling('pause_queue', {})).type).toBe('rendering.v1.command_accepted');
    expect(steered.at(-1)).toMatchObject({ body: { who: 'a person', reason: '' } });
  });

  it('is rejected with the field that is wrong, or with what the service says', async () => {
    const malformed = await answerTelling('claim_gpu_memory', { gpu: 'rtx3060', megabytes: 0, seconds: 1, who: 'x' });
    expect(malformed).toMatchObject({
      type: 'rendering.v1.command_rejected',
      data: { code: 'claim_gpu_memory_invalid', errors: [{ pointer: '/megabytes' }] },
    });
    expect(await answerTelling('drain_gpu', { gpu: 'nope' })).toMatchObject({ data: { code: 'gpu_unknown' } });
    expect(await answerTelling('order_queue', { job_id: newId() })).toMatchObject({
      data: { code: 'order_queue_invalid' },
    });
    expect(await answerTelling('withdraw_order', { job_id: 'the last' })).toMatchObject({
      data: { code: 'withdraw_order_invalid', errors: [{ pointer: '/job_id' }] },
    });
  });
});

describe('every command gets an answer that can be found', () => {
  it.each<[string, string | Uint8Array, object]>([
    ['nothing', '', { code: 'message_not_json' }],
    ['no JSON', 'hello', { code: 'message_not_json' }],
    ['half a message', `{"id":"${jobId}","data":{`, { code: 'message_not_json', commandId: jobId }],
    ['bytes that are no text', Uint8Array.of(0xff, 0xfe, 0), { code: 'message_not_json' }],
    ['a list', '[]', { code: 'command_malformed' }],
    ['no id', JSON.stringify({ data }), { code: 'command_malformed' }],
    ['an id that is no UUID', JSON.stringify({ id: 'job-7', data }), { code: 'command_malformed', givenId: 'job-7' }],
    ['a number for an id', JSON.stringify({ id: 7, data }), { code: 'command_malformed', givenId: '7' }],
    ['data of a wrong type', JSON.stringify({ id: jobId, data: 7 }), { code: 'job_request_invalid', commandId: jobId }],
    ['no data', JSON.stringify({ id: jobId }), { code: 'command_malformed', commandId: jobId }],
    [
      'more than a command may have',
      JSON.stringify({ id: jobId, data: 'x'.repeat(maxQuestionBytes) }),
      { code: 'command_too_large', commandId: jobId },
    ],
    [
      'a request that is refused',
      JSON.stringify({ id: newId(), data: { ...data, prompt: 'a bug' } }),
      { code: 'project_archived' },
    ],
  ])('with %s', async (_, body, expected) => {
    const answer = await answerTo(await publish(body));
    expect(answer).toMatchObject({
      type: 'rendering.v1.command_rejected',
      data: { commandType: requestJob.type, ...expected },
    });
    expect(answer.data.message).not.toBe('');
  });

  it('in the older short form too', async () => {
    const short = { type: 'image', prompt: 'a girl at the window', quality: 'low' };
    expect(await answerTo(await publish(JSON.stringify({ id: newId(), data: short })))).toMatchObject({
      data: { jobId },
    });
    const answer = await answerTo(await publish(JSON.stringify({ id: newId(), data: { ...short, quality: 'huge' } })));
    expect(answer).toMatchObject({
      data: { code: 'job_request_invalid', message: expect.stringContaining('/quality') as string },
    });
  });

  it('under a subject that nobody knows', async () => {
    const id = newId();
    const seq = await publish(JSON.stringify({ id, data }), 'cmd.rendering.v1.make_job');
    expect(await answerTo(seq)).toMatchObject({
      data: {
        commandId: id,
        commandType: 'rendering.v1.make_job',
        code: 'command_unknown',
        message: expect.stringMatching(
          new RegExp(
            `known are ${cancelJob.type}, .*${requestJob.type}, .*${retryJob.type} and ${withdrawOrder.type}$`,
          ),
        ) as string,
      },
    });
  });

  it('each time that it is sent, with the same job', async () => {
    const body = JSON.stringify({ id: newId(), data });
    for (const seq of [await publish(body), await publish(body)])
      expect(await answerTo(seq)).toMatchObject({ type: 'rendering.v1.command_accepted', data: { jobId } });
  });

  it('and what could not be read is kept for a person as well', async () => {
    const before = await kept();
    await answerTo(await publish('no JSON either'));
    await waitFor(async () => (await kept()) > before, { timeoutMs: 15_000, describe: 'the dead letter' });
    const { config } = await (await bus.nats.jetstreamManager()).consumers.info('CMD_RENDERING', 'rendering');
    expect(config.filter_subject ?? config.filter_subjects?.[0]).toBe(commandFilter('rendering'));
  });
});
