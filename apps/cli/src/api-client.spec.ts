// Real: HTTP and WebSocket over the loopback. The server is a few lines that answer as the gateway would.
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { routes } from '@tower/contracts';
import { ApiClient } from './api-client';

interface Seen {
  method: string;
  url: string;
  key: string | undefined;
  body: string;
}
type Answer = { status: number; body: unknown } | 'hang up';

const project = {
  id: '01890000-0000-7000-8000-000000000000',
  name: 'Ночь',
  slug: 'project',
  description: '',
  gate_policy: 'enforce',
  created_at: '2026-11-21T00:00:00.000Z',
  updated_at: '2026-11-21T00:00:00.000Z',
  archived_at: null,
};
const unavailable = {
  status: 503,
  body: { type: 'urn:x', title: 't', status: 503, code: 'projects_unavailable', detail: 'not now' },
};

describe('ApiClient', () => {
  let server: Server;
  let seen: Seen[];
  let answers: Answer[];
  let client: ApiClient;

  beforeEach(async () => {
    seen = [];
    answers = [];
    server = createServer((request, response) => {
      void read(request).then((body) => {
        seen.push({
          method: request.method ?? '',
          url: request.url ?? '',
          key: request.headers['idempotency-key'] as string | undefined,
          body,
        });
        const answer = answers.shift() ?? { status: 200, body: project };
        if (answer === 'hang up') request.socket.destroy();
        else response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    client = new ApiClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, { patienceMs: 2_000 });
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  it('fills path and query in, and gives back what the contract says', async () => {
    answers = [{ status: 200, body: { items: [project], unknown: 1 } }];
    expect(await client.call(routes.listProjects, { query: { limit: 5, include_archived: 'true' } })).toEqual({
      items: [project],
    });
    await client.call(routes.getProject, { params: { id: project.id } });
    expect(seen.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'GET /api/anime/projects?limit=5&include_archived=true',
      `GET /api/anime/projects/${project.id}`,
    ]);
  });

  it('asks again with the same key while Tower is away, so that one thing is made once', async () => {
    answers = [unavailable, 'hang up', { status: 201, body: project }];
    await client.call(routes.createProject, { body: { name: 'Ночь' } });
    expect(seen).toHaveLength(3);
    expect(new Set(seen.map((request) => request.key)).size).toBe(1);
    expect(seen[0]?.key).toMatch(/^[0-9a-f-]{36}$/);
    expect(JSON.parse(seen[2]?.body ?? '')).toEqual({ name: 'Ночь' });
  });

  it('comes back when there was too much to do', async () => {
    answers = [
      { status: 429, body: { ...unavailable.body, status: 429, code: 'too_many_requests' } },
      { status: 200, body: project },
    ];
    expect(await client.call(routes.getProject, { params: { id: project.id } })).toMatchObject({ name: 'Ночь' });
    expect(seen).toHaveLength(2);
  });

  it('does not repeat what might be done twice', async () => {
    answers = [unavailable];
    await expect(
      client.call(routes.updateProject, { params: { id: project.id }, body: { name: 'x' } }),
    ).rejects.toMatchObject({ kind: 'unavailable', code: 'projects_unavailable' });
    expect(seen).toHaveLength(1);
  });

  it('throws the problem with its code, sentence and fields', async () => {
    answers = [
      {
        status: 400,
        body: {
          type: 'urn:x',
          title: 't',
          status: 400,
          code: 'body_invalid',
          detail: 'the body is wrong',
          errors: [{ pointer: '/name', message: 'too long' }],
        },
      },
    ];
    await expect(client.call(routes.createProject, { body: { name: 'x' } })).rejects.toMatchObject({
      kind: 'invalid',
      code: 'body_invalid',
      message: 'the body is wrong (/name: too long)',
    });
  });

  it('gives up after its patience, saying where nobody answered', async () => {
    server.close();
    const impatient = new ApiClient(client.url, { patienceMs: 100 });
    await expect(impatient.call(routes.getStatus, {})).rejects.toMatchObject({
      code: 'tower_unreachable',
      message: expect.stringContaining(client.url) as string,
    });
  });

  it('stops asking when told to', async () => {
    const stop = new AbortController();
    const stoppable = new ApiClient(client.url, { patienceMs: 60_000, signal: stop.signal });
    answers = Array.from({ length: 50 }, () => unavailable);
    const asking = stoppable.call(routes.getStatus, {});
    setTimeout(() => stop.abort(new Error('enough')), 150);
    await expect(asking).rejects.toThrow('enough');
  });
});

async function read(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}
