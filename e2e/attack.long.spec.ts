// Real: a whole Tower. Simulated: its cards. What somebody hostile who reaches the public address or the message server
// may try; all of it is bounded and stays on the loopback.
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { routes, type JobSummary, type ProjectView } from '@tower/contracts';
import { waitFor } from '@tower/testing';
import { connect as connectNats, Events, type NatsConnection } from 'nats';
import { TowerProcess } from './tower-process';

let tower: TowerProcess;
let project: ProjectView;
let processes: Record<string, number>;

beforeAll(async () => {
  tower = await TowerProcess.start({ env: { TOWER_SIM_TIME_SCALE: '0.005', TOWER_RATE_LIMIT: '0' } });
  project = await tower.api.call(routes.createProject, { body: { name: 'Under attack' } });
  processes = tower.pids();
}, 120_000);
afterAll(() => tower.remove());

/** Whatever was tried: the same processes, everything well, and a picture for who asks properly. */
afterEach(async () => {
  await waitFor(async () => (await fetch(`${tower.url}/health`)).status === 200, {
    timeoutMs: 30_000,
    describe: 'all to be well',
  });
  expect(tower.pids()).toEqual(processes);
  const { job_id: id } = await tower.api.call(routes.generate, { body: still({ prompt: 'an honest picture' }) });
  await ended(id);
}, 120_000);

interface Answer {
  status: number;
  code: string | undefined;
  body: Record<string, unknown>;
  bytes: number;
}

const still = (more: Record<string, unknown> = {}): never =>
  ({
    project_id: project.id,
    job_type: 'still_image',
    preset: 'draft',
    width: 64,
    height: 64,
    auto_quality_check: false,
    prompt: 'a picture',
    ...more,
  }) as never;

async function call(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const init =
    body === undefined
      ? { method, headers }
      : {
          method,
          headers: { 'content-type': 'application/json', ...headers },
          body: typeof body === 'string' ? body : JSON.stringify(body),
        };
  const response = await fetch(`${tower.url}/api/anime${path}`, init);
  const text = await response.text();
  const parsed = JSON.parse(text) as Record<string, unknown>;
  return { status: response.status, code: parsed['code'] as string | undefined, body: parsed, bytes: text.length };
}

async function ended(id: string): Promise<void> {
  const job = await waitFor(
    async () => {
      const seen = await tower.api.call(routes.getJob, { params: { id } });
      return seen.ended_at === null ? undefined : seen;
    },
    { timeoutMs: 60_000, describe: `job ${id} to end` },
  );
  expect(job.status).toBe('completed');
}

/** All pages of a list; every page is answered, none is larger than what fits between the services. */
async function everyPage(path: string, limit: number): Promise<unknown[]> {
  const items: unknown[] = [];
  for (let cursor = ''; ;) {
    const after = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const page = await call('GET', `${path}${path.includes('?') ? '&' : '?'}limit=${limit}${after}`);
    expect(page.status).toBe(200);
    expect(page.bytes).toBeLessThan(600_000);
    items.push(...(page.body['items'] as unknown[]));
    const next = page.body['next_cursor'] as string | null | undefined;
    if (next === null || next === undefined) return items;
    cursor = next;
  }
}

describe('what is too large', () => {
  it('thousands of unknown parameters are refused, and not all of them are named', async () => {
    const parameters = Object.fromEntries(Array.from({ length: 9_000 }, (_, n) => [`p${n}`, n]));
    const answer = await call('POST', '/generate', still({ parameters }));
    expect(answer.status).toBe(400);
    expect((answer.body['errors'] as unknown[]).length).toBeLessThanOrEqual(50);
    expect(answer.bytes).toBeLessThan(100_000);
  });

  it('a body at the limit is 413 or taken, never our fault', async () => {
    for (const length of [999_000, 1_048_489, 1_048_576, 5_000_000]) {
      const frame = JSON.stringify(still({ prompt: '' })).length;
      const { status } = await call('POST', '/generate', still({ prompt: 'x'.repeat(length - frame) }));
      expect([400, 413]).toContain(status);
    }
  });

  it('long prompts in many jobs come in pages, whatever limit was asked for', async () => {
    const prompt = '夜の列車、窓辺の少女'.repeat(400).slice(0, 4_000);
    const ids: string[] = [];
    for (let n = 0; n < 120; n++)
      ids.push((await tower.api.call(routes.generate, { body: still({ prompt, negative_prompt: prompt }) })).job_id);
    const jobs = (await everyPage(`/jobs?project_id=${project.id}`, 200)) as JobSummary[];
    expect(new Set(jobs.map((job) => job.id)).size).toBe(jobs.length);
    expect(jobs.length).toBeGreaterThanOrEqual(ids.length);
    for (const id of ids) await ended(id);
  }, 180_000);

  it('graphs of a job of 64 pictures come in pages', async () => {
    const { job_id: id } = await tower.api.call(routes.generate, {
      body: still({ count: 64, prompt: 'x '.repeat(1_999), negative_prompt: 'y '.repeat(1_999) }),
    });
    await ended(id);
    // One that was taken back from a card before it began has a graph of its own.
    const params = (await everyPage(`/jobs/${id}/params`, 200)) as { task_id: string }[];
    expect(new Set(params.map(({ task_id: task }) => task)).size).toBe(64);
    expect((await call('GET', `/jobs/${id}`)).status).toBe(200);
  }, 180_000);

  it('characters with all that they may hold come in pages', async () => {
    const tokens = Array.from({ length: 100 }, (_, n) => `${n} ${'錆'.repeat(190)}`);
    for (let n = 0; n < 60; n++) {
      const { status } = await call('POST', `/projects/${project.id}/characters`, {
        name: `C${n}`,
        base_prompt: '影'.repeat(3_900),
        negative_tokens: tokens,
      });
      expect(status).toBe(201);
    }
    expect(await everyPage(`/projects/${project.id}/characters`, 200)).toHaveLength(60);
  });
});

describe('what comes twice or too late', () => {
  it('a request that was not answered in time is not done twice when it is repeated as told', async () => {
    const prompt = `stopped ${randomUUID()}`;
    const key = { 'idempotency-key': randomUUID() };
    tower.signal('rendering', 'SIGSTOP');
    const first = await call('POST', '/generate', still({ prompt }), key).finally(() =>
      tower.signal('rendering', 'SIGCONT'),
    );
    expect([503]).toContain(first.status);
    expect(['outcome_unknown', 'rendering_unavailable']).toContain(first.code);
    const second = await waitFor(
      async () => {
        const answer = await call('POST', '/generate', still({ prompt }), key);
        return answer.status === 202 ? answer : undefined;
      },
      { timeoutMs: 60_000, describe: 'the repeat to be taken' },
    );
    await sleep(3_000);
    const jobs = (await everyPage(`/jobs?project_id=${project.id}`, 200)) as JobSummary[];
    expect(jobs.filter((job) => job.prompt === prompt).map((job) => job.id)).toEqual([second.body['job_id']]);
  }, 120_000);

  it('a repeat under the same key has its first answer also when the project was archived since', async () => {
    const other = await tower.api.call(routes.createProject, { body: { name: 'Soon archived' } });
    const key = { 'idempotency-key': randomUUID() };
    const body = { ...(still() as object), project_id: other.id };
    const first = await call('POST', '/generate', body, key);
    expect(first.status).toBe(202);
    expect((await call('DELETE', `/projects/${other.id}`)).status).toBe(200);
    expect(await call('POST', '/generate', body, key)).toEqual(first);
    expect((await call('POST', '/generate', { ...body, prompt: 'another' }, key)).status).toBe(409);
  });

  it('five hundred requests at once are taken or told to come back, and those taken are jobs', async () => {
    const before = (await everyPage(`/jobs?project_id=${project.id}`, 200)).length;
    const answers = await Promise.all(Array.from({ length: 500 }, () => call('POST', '/generate', still())));
    const statuses = [...new Set(answers.map(({ status }) => status))].sort();
    expect(statuses.filter((status) => status !== 202 && status !== 429)).toEqual([]);
    const taken = answers.filter(({ status }) => status === 202).map(({ body }) => String(body['job_id']));
    expect(taken.length).toBeGreaterThan(0);
    expect((await everyPage(`/jobs?project_id=${project.id}`, 200)).length - before).toBe(taken.length);
    for (const id of taken) await ended(id);
  }, 240_000);
});

describe('what is no proper HTTP', () => {
  const address = (): { host: string; port: number } => ({ host: '127.0.0.1', port: Number(new URL(tower.url).port) });

  /** The answer to raw bytes; the client's side stays open. */
  function raw(bytes: string): { socket: Socket; answer: Promise<string> } {
    const socket = connect({ ...address(), allowHalfOpen: true });
    let text = '';
    const answer = new Promise<string>((resolve) => {
      socket.on('data', (data) => {
        text += data.toString('latin1');
        if (text.includes('\r\n\r\n')) resolve(text);
      });
      socket.on('end', () => resolve(text));
      socket.on('error', () => resolve(text));
    });
    socket.write(bytes);
    return { socket, answer };
  }

  it.each([
    [
      'two Host headers',
      (port: number) => `GET /health HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nHost: evil.example\r\n\r\n`,
    ],
    [
      'an absolute target of somebody else',
      (port: number) => `GET http://evil.example/health HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`,
    ],
    ['a foreign Host', () => 'GET /health HTTP/1.1\r\nHost: evil.example\r\n\r\n'],
    ['garbage', () => '\x16\x03\x01\x02\x00 what is this\r\n\r\n'],
  ])('%s is refused', async (_, request) => {
    const { socket, answer } = raw(request(address().port));
    expect(await answer).toMatch(/^HTTP\/1\.1 4\d\d /);
    socket.destroy();
  });

  it('connections that are refused and never closed by the client do not stay', async () => {
    const descriptors = (): number => readdirSync(`/proc/${processes['gateway'] ?? 0}/fd`).length;
    const before = descriptors();
    const upgrade =
      `GET /nothing HTTP/1.1\r\nHost: 127.0.0.1:${address().port}\r\nConnection: Upgrade\r\nUpgrade: ` +
      `websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${'a'.repeat(22)}==\r\n\r\n`;
    const held = Array.from({ length: 300 }, () => raw(upgrade));
    for (const { answer } of held) expect(await answer).toMatch(/^HTTP\/1\.1 4\d\d /);
    await waitFor(() => descriptors() < before + 20, { timeoutMs: 10_000, describe: 'the connections to be gone' });
    for (const { socket } of held) socket.destroy();
  });
});

describe('on the message server', () => {
  const publisherUrl = (): URL => new URL(readFileSync(join(tower.home, 'nats-publisher.url'), 'utf8').trim());
  const login = (user?: string, pass = ''): Promise<NatsConnection> =>
    connectNats({
      servers: publisherUrl().host,
      maxReconnectAttempts: 0,
      timeout: 5_000,
      ...(user === undefined ? {} : { user, pass }),
    });
  const asPublisher = (): Promise<NatsConnection> => login(publisherUrl().username, publisherUrl().password);

  it.each([
    ['nobody', undefined, undefined],
    ['a guesser', 'rendering', 'rendering'],
    ['a publisher with another name', 'quality', 'the publisher’s password'],
  ])('%s is not let in', async (_, user, given) => {
    const pass = given === 'the publisher’s password' ? publisherUrl().password : given;
    await expect(login(user, pass)).rejects.toMatchObject({ code: 'AUTHORIZATION_VIOLATION' });
  });

  it('publishers may not judge, cancel, answer, pretend to live, or delete', async () => {
    const publisher = await asPublisher();
    const refused: string[] = [];
    void (async () => {
      for await (const status of publisher.status())
        if (status.type === Events.Error) refused.push(status.permissionContext?.subject ?? '');
    })();
    const subjects = [
      `evt.quality.v1.attempt_judged.${randomUUID()}`,
      `evt.rendering.v1.job_completed.${randomUUID()}`,
      'req.rendering.v1.cancel_job',
      'req.projects.v1.get_project',
      'hb.rendering',
      `progress.rendering.v1.${randomUUID()}`,
      '_INBOX_gateway.anything',
      '$JS.API.STREAM.DELETE.RENDERING',
      '$JS.API.STREAM.PURGE.QUALITY',
      '$JS.API.CONSUMER.DELETE.RENDERING.quality',
    ];
    for (const subject of subjects) publisher.publish(subject, '{}');
    await publisher.flush();
    await waitFor(() => subjects.every((subject) => refused.includes(subject)), {
      timeoutMs: 10_000,
      describe: 'everything to be refused',
    });
    for (const subject of ['req.rendering.>', '_INBOX_gateway.>'])
      publisher.subscribe(subject, { callback: () => undefined });
    await publisher.flush();
    await waitFor(() => refused.includes('req.rendering.>') && refused.includes('_INBOX_gateway.>'), {
      timeoutMs: 10_000,
      describe: 'listening to be refused',
    });
    await publisher.close();
  });

  it('a command with fifteen thousand wrong fields is rejected in few words', async () => {
    const publisher = await asPublisher();
    const id = randomUUID();
    const answer = publisher.subscribe(`evt.rendering.v1.command_rejected.${id}`, { max: 1 });
    const parameters = Object.fromEntries(Array.from({ length: 15_000 }, (_, n) => [`p${n}`, n]));
    await publisher
      .jetstream()
      .publish('cmd.rendering.v1.request_job', JSON.stringify({ id, data: { ...(still() as object), parameters } }));
    for await (const message of answer) expect(message.data.length).toBeLessThan(256 * 1024);
    await publisher.close();
  }, 60_000);

  it('garbage as commands ends in dead letters that a person is told of, and that can be let be', async () => {
    const publisher = await asPublisher();
    const garbage = [
      '',
      'no JSON',
      '{',
      'null',
      '[]',
      '"x"',
      '\u0000',
      '{"id":7}',
      JSON.stringify({ id: randomUUID(), data: { project_id: 'x'.repeat(500_000) } }),
    ];
    for (let round = 0; round < 20; round++)
      for (const body of garbage) await publisher.jetstream().publish('cmd.rendering.v1.request_job', body);
    await publisher.close();
    const open = async (): Promise<{ id: string }[]> =>
      (await everyPage('/dead-letters?state=open', 50)) as { id: string }[];
    const letters = await waitFor(async () => ((await open()).length >= 20 ? open() : undefined), {
      timeoutMs: 60_000,
      describe: 'dead letters',
    });
    const health = async (): Promise<string> =>
      ((await (await fetch(`${tower.url}/health`)).json()) as { status: string }).status;
    // Counted every ten seconds.
    await waitFor(async () => (await health()) === 'degraded', { timeoutMs: 30_000, describe: 'health to say so' });
    for (let from = 0; from < letters.length; from += 50)
      expect(
        (await call('POST', '/dead-letters/dismiss', { ids: letters.slice(from, from + 50).map(({ id }) => id) }))
          .status,
      ).toBe(200);
  }, 180_000);
});
