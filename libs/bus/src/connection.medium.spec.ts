// Real: nats-server with and without users, the connections of all three kinds.
import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Transport } from '@nestjs/microservices';
import { defineRequest } from '@tower/contracts';
import { createLogger, Metrics } from '@tower/kit';
import { startTestNats, waitFor, type TestNats } from '@tower/testing';
import { z } from 'zod';
import { BusMetrics } from './bus.metrics';
import { BusConnection, natsOptions } from './connection';
import { OnRequest } from './on-request';
import { RequestClient } from './request-client';

const echo = defineRequest('projects.v1.echo', z.object({ text: z.string() }), z.object({ text: z.string() }), {
  timeoutMs: 5_000,
});

@Controller()
class Answers {
  @OnRequest(echo)
  echo({ text }: { text: string }): Promise<{ text: string }> {
    return Promise.resolve({ text });
  }
}

@Module({ controllers: [Answers] })
class AnswersModule {}

const token = 'clé/to:k@n %';
let nats: TestNats;

beforeAll(async () => {
  nats = await startTestNats({ token });
});
afterAll(() => nats.close());

const withCredentials = (credentials: string): string => `nats://${credentials}@127.0.0.1:${nats.port}`;

/** A logger that keeps what was said. */
function listeningLogger(): { logger: ReturnType<typeof createLogger>; lines: string[] } {
  const lines: string[] = [];
  const logger = createLogger('test', 'silent');
  const keep = (...said: unknown[]): void => void lines.push(JSON.stringify(said));
  return {
    logger: Object.assign(Object.create(logger) as typeof logger, { warn: keep, error: keep, info: keep }),
    lines,
  };
}

describe('credentials in NATS_URL', () => {
  it('open the bus, questions and answers', async () => {
    const url = withCredentials(encodeURIComponent(token));
    const { logger, lines } = listeningLogger();
    const bus = await BusConnection.open(url, 'test', logger);
    expect(bus.health()).toEqual({ ok: true, detail: expect.stringMatching(/^connected($|; nats-server 2\.)/) });
    const service = await NestFactory.createMicroservice(AnswersModule, {
      transport: Transport.NATS,
      options: { ...natsOptions(url, 'answers'), queue: 'projects' },
      logger: false,
    });
    await service.listen();
    const client = new RequestClient(url, 'test', new BusMetrics(new Metrics('test')));
    await client.connect();
    expect(await client.ask(echo, { text: 'hello' })).toEqual({ text: 'hello' });
    await client.close();
    await service.close();
    await bus.close();
    expect(lines.join()).not.toContain(token);
  });

  it.each([
    ['a wrong token', 'wr0ng-secret', /holds a token/],
    ['a user where a token is asked for', 'somebody:wr0ng-secret', /a password for the user somebody/],
    ['nothing', '', /holds no credentials/],
  ])('that are refused (%s) end the start with one sentence, at once', async (_, credentials, sentence) => {
    const { logger, lines } = listeningLogger();
    const url = credentials === '' ? nats.url : withCredentials(credentials);
    const refused = await BusConnection.open(url, 'test', logger).catch((error: unknown) => error);
    expect(refused).toMatchObject({
      kind: 'forbidden',
      code: 'nats_credentials_refused',
      message: expect.stringMatching(sentence),
    });
    expect(`${(refused as Error).message}${lines.join()}`).not.toContain('wr0ng-secret');
  });

  it('that a server stops taking show in health, and work again when it takes them', async () => {
    const { logger, lines } = listeningLogger();
    const bus = await BusConnection.open(withCredentials(encodeURIComponent(token)), 'test', logger);
    await nats.stop();
    await nats.start({ token: 'another' });
    await waitFor(() => bus.health().detail.includes('refuses these credentials'));
    expect(bus.health().ok).toBe(false);
    await nats.restart();
    await waitFor(() => bus.health().ok, { timeoutMs: 20_000 });
    await bus.close();
    expect(lines.filter((line) => line.includes('refuses these credentials'))).toHaveLength(1);
  });
});
