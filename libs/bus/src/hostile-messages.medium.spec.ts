// Real: NATS, Nest on the answering side. Whatever arrives, in either direction, nothing is thrown where nobody
// catches it: a service would end.
import { setTimeout as sleep } from 'node:timers/promises';
import { Controller, Module, type INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { defineRequest, maxAnswerBytes, maxQuestionBytes, type OutputOf } from '@tower/contracts';
import { AppError, correlated, createLogger, currentCorrelation, Metrics, newId, type Correlation } from '@tower/kit';
import { startTestNats, type TestNats } from '@tower/testing';
import { connect, createInbox, headers, type Msg, type NatsConnection } from 'nats';
import { z } from 'zod';
import { BusMetrics } from './bus.metrics';
import { BusConnection, natsOptions } from './connection';
import { OnRequest } from './on-request';
import { correlationHeader, deadlineHeader } from './question';
import { QuestionServer } from './question-server';
import { RequestClient } from './request-client';

const logger = createLogger('test', 'silent');
const size = defineRequest(
  'projects.v1.size',
  z.object({ bytes: z.int(), filler: z.string().optional() }),
  z.object({ text: z.string() }),
  { timeoutMs: 5_000 },
);
const make = defineRequest('projects.v1.make', z.object({ waitMs: z.int() }), z.object({}), {
  timeoutMs: 600,
  creates: 'GET /things',
});
const fails = defineRequest('projects.v1.fails', z.object({ fields: z.int() }), z.object({}));

@Controller()
class Answers {
  static begun = 0;
  static seen: Correlation | undefined;

  @OnRequest(size)
  size({ bytes }: { bytes: number }): Promise<OutputOf<typeof size>> {
    Answers.begun += 1;
    Answers.seen = currentCorrelation();
    return Promise.resolve({ text: 'x'.repeat(bytes) });
  }

  @OnRequest(make)
  async make({ waitMs }: { waitMs: number }): Promise<OutputOf<typeof make>> {
    Answers.begun += 1;
    await sleep(waitMs);
    return {};
  }

  @OnRequest(fails)
  fails({ fields }: { fields: number }): Promise<OutputOf<typeof fails>> {
    const named = Array.from({ length: fields }, (_, index) => ({
      pointer: `/${index}${'p'.repeat(10_000)}`,
      message: 'm'.repeat(10_000),
    }));
    throw new AppError('invalid', 'all_wrong', 'w'.repeat(3_000_000), { fields: named });
  }
}

@Module({ controllers: [Answers] })
class AnswersModule {}

let nats: TestNats;
let stranger: NatsConnection;
let service: INestMicroservice;
let client: RequestClient;
const unhandled: unknown[] = [];
const note = (reason: unknown): void => void unhandled.push(reason);

beforeAll(async () => {
  process.on('unhandledRejection', note);
  nats = await startTestNats();
  stranger = await connect({ servers: nats.url });
  client = new RequestClient(nats.url, 'test', new BusMetrics(new Metrics('test')));
  await client.connect();
  service = await NestFactory.createMicroservice(AnswersModule, {
    strategy: new QuestionServer(
      { ...natsOptions(nats.url, 'answers'), servers: [nats.url], queue: 'projects' },
      logger,
      new BusMetrics(new Metrics('answers')),
    ),
    logger: false,
  });
  await service.listen();
  // Asked until somebody is there: the server may not know the subscriptions yet.
  await client.ask(size, { bytes: 1 });
});
beforeEach(() => {
  Answers.begun = 0;
  unhandled.length = 0;
});
afterEach(() => expect(unhandled).toEqual([]));
afterAll(async () => {
  process.off('unhandledRejection', note);
  await service.close();
  await client.close();
  await stranger.close();
  await nats.close();
});

/** What comes back to a question as a stranger writes it. */
async function answerTo(
  subject: string,
  data: Uint8Array | string,
  given: Record<string, string> = {},
): Promise<unknown> {
  const sent = headers();
  for (const [name, value] of Object.entries(given)) sent.set(name, value);
  return (await stranger.request(subject, data, { timeout: 5_000, headers: sent })).json<{ response: unknown }>()
    .response;
}

const garbage: [string, Uint8Array | string][] = [
  ['nothing', ''],
  ['no JSON', 'hello'],
  ['no UTF-8', Uint8Array.of(0xff, 0xfe, 0x22)],
  ['null', 'null'],
  ['a list', '[]'],
  ['no id', JSON.stringify({ data: {} })],
  ['an id that is none', JSON.stringify({ id: { toString: 1 }, data: {} })],
  ['half a question', '{"id":"x","data":{"bytes":'],
  ['a deep nest', '['.repeat(400_000)],
];

describe('a service', () => {
  it.each(garbage)('answers %s with an error', async (_, data) => {
    expect(await answerTo(size.subject, data)).toMatchObject({
      ok: false,
      error: { kind: 'invalid', code: 'question_malformed' },
    });
    expect(await client.ask(size, { bytes: 3 })).toEqual({ text: 'xxx' });
  });

  it('answers eight megabytes with an error', async () => {
    expect(await answerTo(size.subject, Buffer.alloc(8 * 1024 * 1024 - 100, 'x'))).toMatchObject({
      ok: false,
      error: { kind: 'too_large', code: 'question_too_large' },
    });
  });

  it('goes on after headers that cannot be read', async () => {
    const broken = headers();
    Object.assign(broken, {
      toString: () => 'NATS/1.0\r\nno such name: x\r\n\r\n',
      encode: () => Buffer.from('NATS/1.0\r\nno such name: x\r\n\r\n'),
    });
    const inbox = createInbox();
    const subscription = stranger.subscribe(inbox, { max: 1 });
    stranger.publish(size.subject, JSON.stringify({ id: 'x', data: { bytes: 1 } }), { headers: broken, reply: inbox });
    for await (const message of subscription)
      expect(message.json()).toMatchObject({ response: { ok: true, value: { text: 'x' } } });
  });

  it('begins nothing for a question without an address for the answer', async () => {
    stranger.publish(size.subject, JSON.stringify({ id: 'x', data: { bytes: 1 } }));
    await client.ask(size, { bytes: 1 });
    expect(Answers.begun).toBe(1);
  });

  it('says that an answer is too large, and what to do', async () => {
    await expect(client.ask(size, { bytes: maxAnswerBytes })).rejects.toMatchObject({
      kind: 'invalid',
      code: 'answer_too_large',
      message: expect.stringContaining('smaller limit') as string,
    });
    expect((await client.ask(size, { bytes: maxAnswerBytes - 20 })).text).toHaveLength(maxAnswerBytes - 20);
  });

  it('cuts an error to what fits and counts the rest', async () => {
    const error = (await client.ask(fails, { fields: 9_000 }).catch((thrown: unknown) => thrown)) as AppError;
    expect(error).toMatchObject({ code: 'all_wrong', options: { fieldsOmitted: 8_950 } });
    expect(error.options.fields).toHaveLength(50);
    expect(JSON.stringify(error.options).length + error.message.length).toBeLessThan(100_000);
  });

  it('does not begin what nobody waits for any more', async () => {
    const late = { [deadlineHeader]: String(Date.now() - 1) };
    expect(await answerTo(size.subject, JSON.stringify({ id: 'x', data: { bytes: 1 } }), late)).toMatchObject({
      ok: false,
      error: { kind: 'unavailable', code: 'question_expired' },
    });
    expect(Answers.begun).toBe(0);
  });

  it('works for whom the headers name', async () => {
    const correlationId = newId();
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    await correlated({ correlationId, traceparent }, () => client.ask(size, { bytes: 1 }));
    expect(Answers.seen).toMatchObject({ correlationId, traceparent });
    expect((Answers.seen?.deadline ?? 0) - Date.now()).toBeGreaterThan(3_000);
  });

  it('takes an odd correlation id for none', async () => {
    await answerTo(size.subject, JSON.stringify({ id: 'x', data: { bytes: 1 } }), {
      [correlationHeader]: 'x'.repeat(5_000),
      [deadlineHeader]: 'tomorrow',
    });
    expect(Answers.seen).toMatchObject({
      correlationId: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      deadline: undefined,
    });
  });
});

describe('a question', () => {
  it('that is too large is refused before it is sent', async () => {
    await expect(client.ask(size, { bytes: 1, filler: 'x'.repeat(maxQuestionBytes) })).rejects.toMatchObject({
      kind: 'too_large',
      code: 'question_too_large',
    });
    expect(Answers.begun).toBe(0);
  });

  it('that creates something and is not answered in time leaves no doubt that there is doubt', async () => {
    await expect(client.ask(make, { waitMs: 1_500 })).rejects.toMatchObject({
      kind: 'unavailable',
      code: 'outcome_unknown',
      message: expect.stringMatching(/same Idempotency-Key.*GET \/things/) as string,
    });
    expect(Answers.begun).toBe(1);
  });

  it('waits no longer than the one for whom it is asked', async () => {
    const startedAt = performance.now();
    await expect(
      correlated({ correlationId: newId(), deadline: Date.now() + 150 }, () => client.ask(make, { waitMs: 500 })),
    ).rejects.toMatchObject({ kind: 'unavailable' });
    expect(performance.now() - startedAt).toBeLessThan(500);
  });
});

describe('an answer', () => {
  const other = defineRequest('characters.v1.other', z.object({}), z.object({ text: z.string() }), {
    timeoutMs: 2_000,
  });
  const odd = headers();
  Object.assign(odd, { encode: () => Buffer.from('NATS/1.0\r\nno such name: x\r\n\r\n') });

  it.each<[string, (message: Msg) => void]>([
    ['nothing', (message) => message.respond('')],
    ['no JSON', (message) => message.respond('hello')],
    ['no UTF-8', (message) => message.respond(Uint8Array.of(0xff))],
    ['null', (message) => message.respond('null')],
    [
      'the answer to another question',
      (message) => message.respond(JSON.stringify({ id: newId(), response: { ok: true, value: { text: 'x' } } })),
    ],
    [
      'another shape',
      (message) =>
        message.respond(
          JSON.stringify({ id: message.json<{ id: string }>().id, response: { ok: true, value: { text: 7 } } }),
        ),
    ],
    ['no reply', (message) => message.respond(JSON.stringify({ id: message.json<{ id: string }>().id, response: 5 }))],
    ['eight megabytes', (message) => message.respond(Buffer.alloc(8 * 1024 * 1024 - 100, 'x'))],
    ['headers that cannot be read', (message) => message.respond('', { headers: odd })],
  ])('that is %s is an error of its question', async (_, respond) => {
    const subscription = stranger.subscribe(other.subject, { callback: (_error, message) => respond(message) });
    await stranger.flush();
    await expect(client.ask(other, {})).rejects.toMatchObject({ kind: 'internal', code: 'answer_malformed' });
    subscription.unsubscribe();
    expect(await client.ask(size, { bytes: 1 })).toEqual({ text: 'x' });
  });
});

describe('a connection', () => {
  it('goes on reading after unreadable headers arrived on the address of the library’s own questions', async () => {
    const bus = await BusConnection.open(nats.url, 'test', logger);
    const odd = headers();
    Object.assign(odd, { encode: () => Buffer.from('NATS/1.0\r\nno such name: x\r\n\r\n') });
    const answering = stranger.subscribe('test.question', {
      callback: (_error, message) => message.respond('x', { headers: odd }),
    });
    await stranger.flush();
    await expect(bus.nats.request('test.question', '', { timeout: 300 })).rejects.toMatchObject({ code: 'TIMEOUT' });
    answering.unsubscribe();
    stranger.subscribe('test.question', { callback: (_error, message) => message.respond('fine') });
    await stranger.flush();
    expect((await bus.nats.request('test.question', '', { timeout: 10_000 })).string()).toBe('fine');
    await bus.close();
  });

  it('drops a hint that is too large', async () => {
    const bus = await BusConnection.open(nats.url, 'test', logger);
    expect(() => bus.publishHint('hb.test', 'x'.repeat(9 * 1024 * 1024))).not.toThrow();
    expect(bus.isConnected()).toBe(true);
    await bus.close();
  });
});
