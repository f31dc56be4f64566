// Real: HTTP. Echo is a small server that speaks its worker interface; it comes, forgets and goes as the test wants.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { inspect } from 'node:util';
import type { RenderingStatus } from '@tower/contracts';
import { AppError, createLogger, Metrics, type Logger } from '@tower/kit';
import { freePort } from '@tower/machine';
import { waitFor } from '@tower/testing';
import { EchoBridgeMetrics } from './echo-bridge.metrics';
import { EchoClient } from './echo.client';
import { Registration } from './registration';

const times = { heartbeatMs: 40, firstRetryMs: 10, maxRetryMs: 80 };
const card = { name: 'rtx3060', vendor: 'nvidia', device: 'RTX 3060', vram_mb: 12288, state: 'idle', simulated: false };
const rendering = { gpus: [{ ...card, drained: null }] } as unknown as RenderingStatus;

/** Echo, as far as a worker sees it. */
class Echo {
  readonly calls: { path: string; body: Record<string, unknown> }[] = [];
  answer: (request: IncomingMessage, response: ServerResponse) => void = (_, response) =>
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"ok":true}');
  private server: Server | undefined;

  constructor(readonly port: number) {}

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async appear(): Promise<void> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        this.calls.push({
          path: `${request.method} ${request.url}`,
          body: JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>,
        });
        this.answer(request, response);
      });
    });
    this.server = server;
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve));
  }

  async vanish(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    if (server === undefined) return;
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }

  count(part: string): number {
    return this.calls.filter((call) => call.path.includes(part)).length;
  }
}

let echo: Echo;
let metrics: Metrics;
let registration: Registration | undefined;
let lines: { level: string; message: string }[];

beforeEach(async () => {
  echo = new Echo(await freePort());
  metrics = new Metrics('echo-bridge');
  lines = [];
});
afterEach(async () => {
  await registration?.stop();
  await echo.vanish();
});

/** Keeps what was logged at info and above. */
function listening(): Logger {
  const logger = createLogger('test', 'silent');
  const hear =
    (level: string) =>
    (...parts: unknown[]) =>
      void lines.push({ level, message: String(parts.at(-1)) });
  return Object.assign(logger, { info: hear('info'), warn: hear('warn'), error: hear('error') });
}

function start(
  status: () => Promise<RenderingStatus> = () => Promise.resolve(rendering),
  timeoutMs = 500,
): Registration {
  const worker = { id: 'tower-test', callbackUrl: 'http://localhost:8331/api/anime/echo/webhook' };
  registration = new Registration(
    new EchoClient(echo.url, timeoutMs),
    worker,
    status,
    new EchoBridgeMetrics(metrics),
    listening(),
    times,
  );
  registration.start();
  return registration;
}

const gauge = async (): Promise<string | undefined> =>
  (await metrics.registry.getSingleMetricAsString('echo_bridge_registered')).split('\n').at(-1)?.split(' ').at(-1);

describe('the registration with Echo', () => {
  it('waits quietly for it, registers, keeps in touch and takes its leave', async () => {
    const bridge = start();
    expect(bridge.health()).toEqual({ ok: true, detail: 'Echo absent; retrying' });
    await waitFor(() => lines.length > 0);
    await waitFor(async () =>
      (await metrics.registry.metrics()).match(
        /echo_bridge_calls_total\{call="register",outcome="echo_unavailable".*\} ([3-9])/,
      ),
    );
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({ level: 'info', message: expect.stringContaining('ECONNREFUSED') as string });
    expect(await gauge()).toBe('0');

    await echo.appear();
    await waitFor(() => echo.count('heartbeat') >= 2);
    expect(echo.calls[0]).toEqual({
      path: 'POST /api/workers/register',
      body: {
        worker_id: 'tower-test',
        worker_type: 'anime_renderer',
        capabilities: ['still_image'],
        callback_url: 'http://localhost:8331/api/anime/echo/webhook',
        gpus: [card],
        max_concurrent_jobs: 1,
        status: 'ready',
      },
    });
    expect(echo.calls[1]).toMatchObject({ path: 'POST /api/workers/tower-test/heartbeat', body: { status: 'ready' } });
    expect(echo.count('register')).toBe(1);
    expect(bridge.health()).toEqual({ ok: true, detail: 'registered as tower-test' });
    expect(await gauge()).toBe('1');

    await bridge.stop();
    expect(echo.calls.at(-1)?.path).toBe('POST /api/workers/tower-test/unregister');
    expect(await gauge()).toBe('0');
    expect(lines.map((line) => line.level)).toEqual(['info', 'info']);
  });

  it('registers again when Echo goes and comes back', async () => {
    await echo.appear();
    start();
    await waitFor(() => echo.count('heartbeat') >= 1);
    await echo.vanish();
    await waitFor(async () => (await gauge()) === '0');
    await echo.appear();
    await waitFor(() => lines.length === 3);
    expect(echo.count('register')).toBe(2);
    expect(lines.map((line) => line.message)).toEqual([
      'registered with Echo',
      expect.stringContaining('is absent'),
      'registered with Echo',
    ]);
  });

  it('registers at once with an Echo that has forgotten it', async () => {
    await echo.appear();
    let forgotten = false;
    echo.answer = (request, response) => {
      const known = !forgotten || !request.url?.endsWith('heartbeat');
      if (request.url?.endsWith('register')) forgotten = false;
      response.writeHead(known ? 200 : 404).end();
    };
    start();
    await waitFor(() => echo.count('heartbeat') >= 1);
    forgotten = true;
    await waitFor(() => lines.length === 2);
    expect(echo.count('register')).toBe(2);
    // Echo was never absent.
    expect(lines.map((line) => line.message)).toEqual(['registered with Echo', 'registered with Echo']);
  });

  it('says so when rendering does not answer', async () => {
    await echo.appear();
    let answers = false;
    start(() =>
      answers
        ? Promise.resolve(rendering)
        : Promise.reject(new AppError('unavailable', 'rendering_unavailable', 'no answer')),
    );
    await waitFor(() => echo.count('heartbeat') >= 1);
    expect(echo.calls[0]?.body).toMatchObject({ status: 'degraded', gpus: [], max_concurrent_jobs: 0 });
    answers = true;
    await waitFor(() => echo.calls.some((call) => call.body['status'] === 'ready'));
  });

  it.each([
    ['answers with an error', (response: ServerResponse) => response.writeHead(500).end(), 'echo_refused'],
    [
      'sends elsewhere',
      (response: ServerResponse) => response.writeHead(307, { location: 'http://127.0.0.1:1/' }).end(),
      'echo_unavailable',
    ],
    [
      'answers without end',
      (response: ServerResponse) => void response.writeHead(200).write('x'.repeat(1024 * 1024)),
      'echo_unavailable',
    ],
    ['takes the call and says nothing', () => undefined, 'echo_unavailable'],
    ['hangs up', (response: ServerResponse) => void response.destroy(), 'echo_unavailable'],
  ])('keeps trying when something %s', async (_, misbehave, code) => {
    await echo.appear();
    echo.answer = (_request, response) => void misbehave(response);
    const bridge = start(undefined, 150);
    await waitFor(async () =>
      (await metrics.registry.metrics()).includes(
        `echo_bridge_calls_total{call="register",outcome="${code}",service="echo-bridge"} 2`,
      ),
    );
    expect(bridge.health().ok).toBe(true);
    expect(lines.filter((line) => line.level !== 'info')).toEqual([]);
    expect(await gauge()).toBe('0');
  });

  it('stops at once while Echo does not answer', async () => {
    await echo.appear();
    echo.answer = () => undefined;
    const bridge = start(undefined, 30_000);
    await waitFor(() => echo.calls.length === 1);
    const startedAt = performance.now();
    await bridge.stop();
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    expect(echo.count('unregister')).toBe(0);
  });
});

it('logs in to an Echo with a password in its address, and shows it nowhere', async () => {
  const seen: unknown[] = [];
  echo.answer = (request, response) => {
    seen.push(request.headers.authorization);
    response.writeHead(200).end('{}');
  };
  const address = echo.url.replace('//', '//tower:hush-hush@');
  const client = new EchoClient(`${address}/`, 1_000);
  const refusal: unknown = await client.unregister('w').catch((error: unknown) => error);
  expect(inspect(refusal, { depth: 9 })).not.toContain('hush');
  await echo.appear();
  await client.unregister('w');
  expect(seen).toEqual([`Basic ${Buffer.from('tower:hush-hush').toString('base64')}`]);
  expect(client.address).toBe(echo.url);
});
