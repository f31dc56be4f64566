// Real: NATS, Nest on both sides. The answering service is a controller of this spec.
import { Controller, Module, type INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { defineRequest, type InputOf, type OutputOf } from '@tower/contracts';
import { AppError, createLogger, Metrics, newId } from '@tower/kit';
import { startTestNats, waitFor, type TestNats } from '@tower/testing';
import { z } from 'zod';
import { BusMetrics } from './bus.metrics';
import { natsOptions } from './connection';
import { OnRequest } from './on-request';
import { QuestionServer } from './question-server';
import { RequestClient } from './request-client';

const echo = defineRequest(
  'projects.v1.echo',
  z.object({ text: z.string().max(20) }),
  z.object({ text: z.string(), at: z.iso.datetime() }),
  { timeoutMs: 1_500 },
);
const slow = defineRequest('projects.v1.slow', z.object({}), z.object({}), { timeoutMs: 300 });
const held = defineRequest('projects.v1.held', z.object({ n: z.int() }), z.object({ n: z.int() }), {
  timeoutMs: 20_000,
});
const once = defineRequest('projects.v1.once', z.object({}), z.object({}), { timeoutMs: 2_000, repeatable: false });

const logger = createLogger('test', 'silent');

@Controller()
class Answers {
  /** By all replicas together. */
  static given = 0;

  @OnRequest(echo)
  echo({ text }: { text: string }): Promise<OutputOf<typeof echo>> {
    if (text === 'missing')
      throw new AppError('not_found', 'thing_not_found', 'there is no thing missing', {
        fields: [{ pointer: '/text', message: 'is not there' }],
        retryAfterMs: 7,
      });
    if (text === 'bug') throw new TypeError('password of the database: hunter2');
    if (text === 'driver') throw Object.assign(new Error('Connection terminated unexpectedly'), { code: 'ECONNRESET' });
    if (text === 'wrong') return Promise.resolve({ text, at: 'yesterday' });
    Answers.given += 1;
    return Promise.resolve({ text, at: new Date().toISOString() });
  }

  /** Answers of `held` wait until they are let go. */
  static held: (() => void)[] = [];
  static begun = 0;

  @OnRequest(held)
  held({ n }: { n: number }): Promise<OutputOf<typeof held>> {
    Answers.begun += 1;
    return new Promise((resolve) => Answers.held.push(() => resolve({ n })));
  }

  @OnRequest(slow)
  slow(_: InputOf<typeof slow>): Promise<OutputOf<typeof slow>> {
    return new Promise((resolve) => setTimeout(() => resolve({}), 1_000));
  }
}

@Module({ controllers: [Answers] })
class AnswersModule {}

let nats: TestNats;
let service: INestMicroservice | undefined;
let client: RequestClient;

beforeEach(async () => {
  nats = await startTestNats();
  client = new RequestClient(nats.url, 'test', new BusMetrics(new Metrics('test')));
  await client.connect();
});
afterEach(async () => {
  await service?.close();
  service = undefined;
  await client.close();
  await nats.close();
});

async function startService(): Promise<void> {
  service = await NestFactory.createMicroservice(AnswersModule, {
    strategy: new QuestionServer(
      { ...natsOptions(nats.url, 'answers'), servers: [nats.url], queue: 'projects' },
      logger,
      new BusMetrics(new Metrics('answers')),
    ),
    logger: false,
  });
  await service.listen();
}

describe('a question to another service', () => {
  it('comes back with its answer', async () => {
    await startService();
    expect(await client.ask(echo, { text: 'ありがとう' })).toMatchObject({ text: 'ありがとう' });
  });

  it('comes back with the other side’s error as it was thrown there', async () => {
    await startService();
    await expect(client.ask(echo, { text: 'missing' })).rejects.toMatchObject({
      kind: 'not_found',
      code: 'thing_not_found',
      message: 'there is no thing missing',
      options: { fields: [{ pointer: '/text', message: 'is not there' }], retryAfterMs: 7 },
    });
  });

  it('does not learn the inside of a bug', async () => {
    await startService();
    const error = await client.ask(echo, { text: 'bug' }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ kind: 'internal', code: 'internal_error' });
    expect(JSON.stringify(error)).not.toContain('hunter2');
  });

  it('learns that the other side’s database is away', async () => {
    await startService();
    await expect(client.ask(echo, { text: 'driver' })).rejects.toMatchObject({
      kind: 'unavailable',
      code: 'database_unavailable',
    });
  });

  it('is refused when it is not what was agreed, and so is such an answer', async () => {
    await startService();
    await expect(client.ask(echo, { text: 'x'.repeat(21) })).rejects.toMatchObject({
      kind: 'invalid',
      code: 'request_malformed',
      options: { fields: [{ pointer: '/text' }] },
    });
    await expect(client.ask(echo, { text: 'wrong' })).rejects.toMatchObject({ kind: 'internal' });
  });

  it('is asked again until somebody is there', async () => {
    const asking = client.ask(echo, { text: 'early' });
    await startService();
    expect(await asking).toMatchObject({ text: 'early' });
  });

  it('gives up when nobody comes, in its own time', async () => {
    const startedAt = performance.now();
    await expect(client.ask(echo, { text: 'lost' })).rejects.toMatchObject({
      kind: 'unavailable',
      code: 'projects_unavailable',
    });
    const tookMs = performance.now() - startedAt;
    expect(tookMs).toBeGreaterThan(1_000);
    expect(tookMs).toBeLessThan(2_500);
  });

  it('gives up on an answer that takes too long', async () => {
    await startService();
    await expect(client.ask(slow, {})).rejects.toMatchObject({ kind: 'unavailable', code: 'projects_unavailable' });
  });

  it('that must not be repeated is asked once', async () => {
    const startedAt = performance.now();
    await expect(client.ask(once, {})).rejects.toMatchObject({ kind: 'unavailable' });
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });

  it('is answered again after NATS was restarted', async () => {
    await startService();
    await client.ask(echo, { text: 'before' });
    await nats.restart();
    let answer: OutputOf<typeof echo> | undefined;
    for (let tries = 0; answer === undefined && tries < 10; tries++)
      answer = await client.ask(echo, { text: 'after' }).catch(() => undefined);
    expect(answer).toMatchObject({ text: 'after' });
  });

  it('is answered once for all who ask the same meanwhile, and anew for who asks later', async () => {
    await startService();
    Answers.held = [];
    const first = client.ask(held, { n: 1 });
    await waitFor(() => Answers.held.length === 1);
    const others = new RequestClient(nats.url, 'others', new BusMetrics(new Metrics('others')));
    await others.connect();
    const later = Array.from({ length: 30 }, () => [client.ask(held, { n: 1 }), others.ask(held, { n: 1 })]).flat();
    Answers.held[0]?.();
    expect(await first).toEqual({ n: 1 });
    await waitFor(() => Answers.held.length === 2);
    const answering = setInterval(() => Answers.held.at(-1)?.(), 20);
    await Promise.all(later);
    clearInterval(answering);
    expect(Answers.held.length).toBeLessThanOrEqual(3);
    await others.close();
  });

  it('is turned away with the time to come back when too many are being answered; others are answered', async () => {
    await startService();
    Answers.held = [];
    Answers.begun = 0;
    const asked = Array.from({ length: 200 }, (_, n) =>
      client.ask(held, { n }).then(
        () => 'answered',
        (error: unknown) => error,
      ),
    );
    await waitFor(() => Answers.held.length > 0);
    const answering = setInterval(() => Answers.held.splice(0).forEach((letGo) => letGo()), 5);
    const outcomes = await Promise.all(asked);
    clearInterval(answering);
    const refused = outcomes.filter((outcome) => outcome !== 'answered');
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.length).toBeLessThan(200);
    expect(Answers.begun).toBe(200 - refused.length);
    for (const error of refused)
      expect(error).toMatchObject({ kind: 'too_many', code: 'too_many_requests', options: { retryAfterMs: 1_000 } });
  });

  it('is answered by one of several replicas', async () => {
    await startService();
    const first = service;
    await startService();
    Answers.given = 0;
    await Promise.all(Array.from({ length: 20 }, () => client.ask(echo, { text: newId().slice(-8) })));
    expect(Answers.given).toBe(20);
    await first?.close();
  });
});
