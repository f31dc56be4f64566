import { once } from 'node:events';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import {
  createProjectRequest,
  getJobQualityRequest,
  getJobRequest,
  getProjectRequest,
  getRenderingStatusRequest,
  getUnfiledProjectRequest,
  listProjectsRequest,
  problem,
  requestJobRequest,
  type JobAccepted,
  type ProjectView,
} from '@tower/contracts';
import { AppError, notFound, type ErrorKind, type Health } from '@tower/kit';
import { waitFor } from '@tower/testing';
import { startTestListener, type FakeServices } from './listener.fixture';

const id = '01a1fbd7-c04b-718d-89fc-06181ab1a4b8';
const aProject: ProjectView = {
  id,
  name: 'Ночной поезд',
  slug: 'project',
  description: '',
  gate_policy: 'enforce',
  created_at: '2026-11-21T02:03:03.115Z',
  updated_at: '2026-11-21T02:03:03.115Z',
  archived_at: null,
};
const json = { 'content-type': 'application/json', host: 'localhost' };

describe('the door', () => {
  let app: NestFastifyApplication;
  let services: FakeServices;
  let health: Health;

  beforeEach(async () => {
    ({ app, services, health } = await startTestListener());
    services.answer(createProjectRequest, ({ body }) => ({ ...aProject, name: body.name }));
    services.answer(listProjectsRequest, () => ({ items: [aProject] }));
  });
  afterEach(() => app.close());

  type Call = { method?: string; url?: string; headers?: Record<string, string>; payload?: string | Buffer };
  const call = ({ method = 'POST', url = '/api/anime/projects', headers = json, payload }: Call) =>
    app.inject({
      method: method as 'POST',
      url,
      headers: { host: 'localhost', ...headers },
      ...(payload === undefined ? {} : { payload }),
    });

  it("gives the handler parsed input and answers with the route's status", async () => {
    const answer = await call({
      payload: JSON.stringify({ name: '  Ночной поезд ' }),
      headers: { ...json, 'idempotency-key': 'key-1' },
    });
    expect(answer.statusCode).toBe(201);
    expect(answer.json()).toEqual(aProject);
    expect(services.asked).toEqual([
      {
        subject: 'req.projects.v1.create_project',
        input: {
          context: { correlationId: answer.headers['x-correlation-id'], idempotencyKey: 'key-1' },
          body: { name: 'Ночной поезд', description: '', gate_policy: 'enforce' },
        },
      },
    ]);
  });

  it('takes a correlation id that is a UUID, and mints one for anything else', async () => {
    const given = '01A1FBD7-4C92-72F6-9F29-65A3E3F7534F';
    expect((await call({ method: 'GET', headers: { 'x-correlation-id': given } })).headers['x-correlation-id']).toBe(
      given.toLowerCase(),
    );
    for (const other of ['x', '', `${given}\u00e9`])
      expect(
        (await call({ method: 'GET', headers: { 'x-correlation-id': other } })).headers['x-correlation-id'],
      ).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('passes typed query fields on, and finds routes under their aliases', async () => {
    await call({ method: 'GET', url: '/api/anime/projects?limit=7&include_archived=true' });
    expect(services.asked[0]?.input).toEqual({ limit: 7, include_archived: true });
    services.answer(getJobRequest, ({ id: job }) => Promise.reject(notFound('job', job)));
    for (const url of [`/api/anime/jobs/${id}`, `/api/anime/job/${id}`])
      expect((await call({ method: 'GET', url })).json()).toMatchObject({ code: 'job_not_found' });
  });

  it('makes a full request of the short form', async () => {
    const accepted: JobAccepted = {
      job_id: id,
      status: 'queued',
      seed: 1,
      count: 1,
      workflow: 'w',
      model_name: 'm',
      width: 64,
      height: 64,
      frame_count: 1,
      fps: null,
      duration_seconds: null,
      sound: false,
      warnings: [],
      preset: 'standard',
      steps: 0,
      deadline_at: null,
      deadline_outlook: null,
      given_up: [],
      suggestion: null,
      websocket_url: `/ws/jobs/${id}`,
      job_url: `/api/anime/jobs/${id}`,
      estimate: {
        start_at: null,
        finish_at: null,
        remaining_seconds: null,
        low: null,
        high: null,
        p80: null,
        confidence: null,
        basis: 'prior',
      },
    };
    services.answer(getUnfiledProjectRequest, () => aProject);
    services.answer(requestJobRequest, () => accepted);
    const answer = await call({
      url: '/api/anime/generate',
      payload: '{"type":"image","prompt":"rain","quality":"low"}',
    });
    expect(answer.statusCode).toBe(202);
    expect(answer.json()).toEqual(accepted);
    expect(services.asked[1]?.input).toMatchObject({
      body: { project_id: id, job_type: 'still_image', prompt: 'rain', preset: 'low', count: 1, max_regenerations: 2 },
    });
  });

  it('does not answer for the quality of a job that there is not', async () => {
    services.answer(getJobQualityRequest, ({ job_id }) => ({ job_id, attempts: [] }));
    services.answer(getJobRequest, ({ id: job }) => Promise.reject(notFound('job', job)));
    expect((await call({ method: 'GET', url: `/api/anime/jobs/${id}/quality` })).statusCode).toBe(404);
  });

  describe('refuses', () => {
    const big = ' '.repeat(1024 * 1024 + 1);
    const refusals: [string, Call, number, string, object?][] = [
      ['malformed JSON', { payload: '{"name":' }, 400, 'json_malformed'],
      ['JSON that is not UTF-8', { payload: Buffer.from([0x22, 0xff, 0x22]) }, 400, 'json_malformed'],
      ['keys that reach prototypes', { payload: '{"name":"a","__proto__":{"b":1}}' }, 400, 'json_malformed'],
      ['no body where one is needed', {}, 400, 'body_missing'],
      ['an empty body where one is needed', { payload: '' }, 400, 'body_missing'],
      ['null as a body', { payload: 'null' }, 400, 'body_invalid'],
      [
        'a body of another type',
        { headers: { 'content-type': 'text/plain' }, payload: 'name=a' },
        415,
        'media_type_unsupported',
      ],
      [
        'a form',
        { headers: { 'content-type': 'application/x-www-form-urlencoded' }, payload: 'name=a' },
        415,
        'media_type_unsupported',
      ],
      ['a body without a type', { headers: {}, payload: '{"name":"a"}' }, 415, 'media_type_unsupported'],
      [
        'a compressed body',
        { headers: { ...json, 'content-encoding': 'gzip' }, payload: '{"name":"a"}' },
        415,
        'media_type_unsupported',
      ],
      ['a body over the limit', { payload: big }, 413, 'body_too_large'],
      ['a body that leaves no room for what goes with it', { payload: big.slice(0, 1_048_489) }, 413, 'body_too_large'],
      ['a missing field', { payload: '{}' }, 400, 'body_invalid', [{ pointer: '/name', message: expect.any(String) }]],
      [
        'an unknown field',
        { payload: '{"name":"a","nmae":"b"}' },
        400,
        'body_invalid',
        [{ pointer: '/nmae', message: expect.stringContaining('unknown field') }],
      ],
      [
        'NUL in text',
        { payload: '{"name":"a\\u0000"}' },
        400,
        'body_invalid',
        [{ pointer: '/name', message: expect.stringContaining('NUL') }],
      ],
      [
        'a lone surrogate in text',
        { payload: '{"name":"\\ud800"}' },
        400,
        'body_invalid',
        [{ pointer: '/name', message: expect.stringContaining('well-formed') }],
      ],
      [
        'an unknown query field',
        { method: 'GET', url: '/api/anime/projects?bogus=1' },
        400,
        'query_invalid',
        [{ pointer: '?bogus', message: expect.any(String) }],
      ],
      [
        'a query field that is not a whole number',
        { method: 'GET', url: '/api/anime/projects?limit=1e1' },
        400,
        'query_invalid',
        [{ pointer: '?limit', message: expect.any(String) }],
      ],
      [
        'a query field that comes twice',
        { method: 'GET', url: '/api/anime/projects?limit=1&limit=2' },
        400,
        'query_invalid',
        [{ pointer: '?limit', message: 'given more than once' }],
      ],
      [
        'NUL in a query',
        { method: 'GET', url: '/api/anime/projects?cursor=%00' },
        400,
        'query_invalid',
        [{ pointer: '?cursor', message: expect.stringContaining('NUL') }],
      ],
      ['bad encoding in a query', { method: 'GET', url: '/api/anime/projects?limit=%zz' }, 400, 'url_malformed'],
      ['bad encoding in a path', { method: 'GET', url: '/api/anime/%zz' }, 400, 'url_malformed'],
      [
        'an id that is none',
        { method: 'GET', url: '/api/anime/projects/abc' },
        400,
        'path_invalid',
        [{ pointer: '{id}', message: expect.any(String) }],
      ],
      [
        'NUL in an id',
        { method: 'GET', url: '/api/anime/projects/%00' },
        400,
        'path_invalid',
        [{ pointer: '{id}', message: expect.any(String) }],
      ],
      [
        'a very long id',
        { method: 'GET', url: `/api/anime/projects/${'a'.repeat(4_000)}` },
        400,
        'path_invalid',
        [{ pointer: '{id}', message: expect.any(String) }],
      ],
      [
        'an Idempotency-Key with a blank',
        { headers: { ...json, 'idempotency-key': 'a b' }, payload: '{"name":"a"}' },
        400,
        'idempotency_key_invalid',
        [{ pointer: 'Idempotency-Key:', message: expect.any(String) }],
      ],
      [
        'an Idempotency-Key beyond ASCII',
        { headers: { ...json, 'idempotency-key': 'clé' }, payload: '{"name":"a"}' },
        400,
        'idempotency_key_invalid',
        [{ pointer: 'Idempotency-Key:', message: expect.any(String) }],
      ],
      [
        'an Idempotency-Key that is too long',
        { headers: { ...json, 'idempotency-key': 'k'.repeat(201) }, payload: '{"name":"a"}' },
        400,
        'idempotency_key_invalid',
        [{ pointer: 'Idempotency-Key:', message: expect.any(String) }],
      ],
      [
        'an empty Idempotency-Key',
        { headers: { ...json, 'idempotency-key': '' }, payload: '{"name":"a"}' },
        400,
        'idempotency_key_invalid',
        [{ pointer: 'Idempotency-Key:', message: expect.any(String) }],
      ],
      ['an unknown address', { method: 'GET', url: '/api/anime/nope' }, 404, 'route_not_found'],
      [
        'an unknown address before it looks at the body',
        { url: '/api/anime/nope', headers: { 'content-type': 'text/plain' }, payload: 'x' },
        404,
        'route_not_found',
      ],
      ['another method', { method: 'PUT', payload: '{}' }, 405, 'method_not_allowed'],
      ['a method nobody knows here', { method: 'PROPFIND' }, 405, 'method_not_allowed'],
      [
        'an address that is too long',
        { method: 'GET', url: `/api/anime/projects?cursor=${'a'.repeat(8_000)}` },
        414,
        'url_too_long',
      ],
      [
        'a page of another site',
        { headers: { ...json, origin: 'http://evil.example' }, payload: '{"name":"a"}' },
        403,
        'origin_refused',
      ],
      [
        'a page without an origin',
        { headers: { ...json, origin: 'null' }, payload: '{"name":"a"}' },
        403,
        'origin_refused',
      ],
      ["a name that is not this machine's", { method: 'GET', headers: { host: 'evil.example' } }, 403, 'host_refused'],
      ['a plain request to a websocket address', { method: 'GET', url: '/ws' }, 426, 'upgrade_required'],
    ];
    it.each(refusals.map(([what, request, status, code, errors]) => ({ what, request, status, code, errors })))(
      '$what',
      async ({ request, status, code, errors }) => {
        const answer = await call(request);
        const body = problem.parse(answer.json());
        expect({ status: answer.statusCode, type: answer.headers['content-type'], code: body.code }).toEqual({
          status,
          type: expect.stringContaining('application/problem+json'),
          code,
        });
        expect(body).toMatchObject({
          status,
          correlation_id: answer.headers['x-correlation-id'],
          type: `urn:tower:problem:${code}`,
        });
        if (errors !== undefined) expect(body.errors).toEqual(errors);
        expect(services.asked).toEqual([]);
      },
    );

    it.each<[ErrorKind, number]>([
      ['invalid', 400],
      ['too_large', 413],
      ['forbidden', 403],
      ['not_found', 404],
      ['conflict', 409],
      ['too_many', 429],
      ['unavailable', 503],
    ])('as a service refuses: %s is %i, with its code', async (kind, status) => {
      services.answer(getProjectRequest, () =>
        Promise.reject(
          new AppError(kind, 'project_whatever', 'because', {
            retryAfterMs: 1_500,
            fields: [{ pointer: '/name', message: 'no' }],
          }),
        ),
      );
      const answer = await call({ method: 'GET', url: `/api/anime/projects/${id}` });
      expect(answer.statusCode).toBe(status);
      expect(answer.json()).toMatchObject({
        code: 'project_whatever',
        detail: 'because',
        errors: [{ pointer: '/name', message: 'no' }],
        retry_after_seconds: 2,
      });
      expect(answer.headers['retry-after']).toBe('2');
    });

    it('to say what broke inside', async () => {
      services.answer(getProjectRequest, () => Promise.reject(new Error('password is swordfish')));
      const broken = await call({ method: 'GET', url: `/api/anime/projects/${id}` });
      expect(broken.statusCode).toBe(500);
      expect(broken.body).not.toContain('swordfish');
      services.answer(getProjectRequest, () => ({ ...aProject, gate_policy: 'swordfish' }) as unknown as ProjectView);
      const wrong = await call({ method: 'GET', url: `/api/anime/projects/${id}` });
      expect(wrong.json()).toMatchObject({ status: 500, code: 'answer_invalid' });
      expect(wrong.body).not.toContain('swordfish');
    });
  });

  it('names the methods of an address with OPTIONS and with 405, and answers HEAD without a body', async () => {
    const options = await call({ method: 'OPTIONS', headers: {} });
    expect([options.statusCode, options.headers.allow, options.body]).toEqual([204, 'GET, HEAD, POST, OPTIONS', '']);
    expect((await call({ method: 'DELETE', headers: {} })).headers.allow).toBe('GET, HEAD, POST, OPTIONS');
    const head = await call({ method: 'HEAD', headers: {} });
    expect([head.statusCode, head.body, Number(head.headers['content-length']) > 100]).toEqual([200, '', true]);
    expect(options.headers).not.toHaveProperty('access-control-allow-origin');
  });

  it('tells browsers to guess nothing, and nobody what it is made with', async () => {
    const { headers } = await call({ method: 'GET' });
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
      'content-security-policy': expect.stringContaining("default-src 'none'"),
    });
    for (const absent of ['server', 'x-powered-by', 'access-control-allow-origin'])
      expect(headers).not.toHaveProperty(absent);
  });

  it('is healthy only when every part is, and names those that are not', async () => {
    health.started();
    const answer = await call({ method: 'GET', url: '/health', headers: {} });
    expect(answer.statusCode).toBe(503);
    expect(answer.json()).toMatchObject({
      code: 'parts_unavailable',
      parts: { gateway: { ok: true, detail: 'ready' }, rendering: { ok: false, detail: 'has not been heard of' } },
    });
    expect(answer.json<{ detail: string }>().detail).toContain('rendering');
  });

  it('says how everything is while rendering does not answer', async () => {
    expect((await call({ method: 'GET', url: '/status', headers: {} })).json()).toMatchObject({
      simulated: false,
      rendering: null,
    });
    services.answer(getRenderingStatusRequest, () => ({
      queue: {
        pending: 0,
        queued: 0,
        processing: 0,
        quality_check: 0,
        oldest_queued_seconds: null,
        paused: null,
        paused_jobs: 0,
      },
      gpus: [],
      utilisation: {},
      leader: { holder: null, fence: 1, until: null },
      planner: null,
      library: { free_bytes: 1, total_bytes: 2 },
      machine: { ffmpeg: null, warnings: [] },
      disks: [],
      models: { present: {}, missing: [] },
    }));
    expect((await call({ method: 'GET', url: '/status', headers: {} })).json()).toMatchObject({
      rendering: { library: { free_bytes: 1 } },
    });
  });

  it('refuses a client that sends more than it may, before anything else is done for it', async () => {
    const narrow = await startTestListener({ requestsPerSecond: 0.2 });
    narrow.services.answer(listProjectsRequest, () => ({ items: [] }));
    const look = () => narrow.app.inject({ method: 'GET', url: '/api/anime/projects', headers: { host: 'localhost' } });
    expect((await look()).statusCode).toBe(200);
    const refused = await look();
    expect([refused.statusCode, refused.headers['retry-after']]).toEqual([429, '5']);
    expect(problem.parse(refused.json())).toMatchObject({
      status: 429,
      code: 'too_many_requests',
      retry_after_seconds: 5,
    });
    expect(narrow.services.asked).toHaveLength(1);
    await narrow.app.close();
  });

  it('serves its pages from itself', async () => {
    for (const url of [
      '/',
      '/docs',
      '/docs/swagger-ui-bundle.js',
      '/docs/swagger-ui.css',
      '/docs/start.js',
      '/openapi.json',
    ])
      expect((await call({ method: 'GET', url, headers: {} })).statusCode).toBe(200);
    const page = await call({ method: 'GET', url: '/docs', headers: {} });
    expect(page.body).not.toMatch(/https?:\/\//);
    expect(page.headers['content-security-policy']).not.toMatch(/unsafe|\*/);
    for (const url of ['/docs/package.json', '/docs/..%2fpackage.json', '/docs/constructor'])
      expect((await call({ method: 'GET', url, headers: {} })).statusCode).toBe(404);
  });

  it.each([
    ['swagger-ui-bundle.js', /^(text|application)\/javascript; charset=utf-8$/],
    ['swagger-ui.css', /^text\/css; charset=utf-8$/],
    ['favicon.png', /^image\/png$/],
  ])('serves %s so that a browser keeps it and asks only whether it has changed', async (name, type) => {
    const url = `/docs/${name}`;
    const whole = await call({ method: 'GET', url, headers: {} });
    expect(whole.headers).toMatchObject({
      'content-type': expect.stringMatching(type),
      'content-length': String(whole.rawPayload.length),
      'cache-control': 'public, max-age=3600',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      etag: expect.stringMatching(/^W\/"/),
    });
    const known = await call({ method: 'GET', url, headers: { 'if-none-match': String(whole.headers.etag) } });
    expect([known.statusCode, known.rawPayload.length]).toEqual([304, 0]);
    const described = await call({ method: 'HEAD', url, headers: {} });
    expect([described.statusCode, described.headers['content-length'], described.rawPayload.length]).toEqual([
      200,
      whole.headers['content-length'],
      0,
    ]);
    const part = await call({ method: 'GET', url, headers: { range: 'bytes=1-3' } });
    expect([part.statusCode, part.rawPayload]).toEqual([206, whole.rawPayload.subarray(1, 4)]);
  });

  it.each([
    [{ range: 'bytes=99999999-' }, 416, 'range_not_satisfiable'],
    [{ 'if-match': '"another"' }, 412, 'precondition_failed'],
  ])('refuses a file of its pages to %j as a problem', async (headers, status, code) => {
    const refused = await call({ method: 'GET', url: '/docs/favicon.png', headers });
    expect(refused.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(problem.parse(refused.json())).toMatchObject({ status, code });
    if (status === 416) expect(refused.headers['content-range']).toMatch(/^bytes \*\/\d+$/);
  });
});

describe('the door, on a connection', () => {
  let app: NestFastifyApplication;
  let port: number;

  beforeAll(async () => {
    ({ app } = await startTestListener());
    await app.listen(0, '127.0.0.1');
    port = (app.getHttpServer().address() as { port: number }).port;
  });
  afterAll(() => app.close());

  /** Everything that comes back for these bytes until the other side hangs up. */
  const send = (...parts: string[]): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1');
      let received = '';
      socket
        .setEncoding('latin1')
        .on('data', (data: string) => (received += data))
        .on('end', () => resolve(received))
        .on('error', reject);
      void (async () => {
        for (const part of parts) {
          socket.write(part, 'latin1');
          await sleep(5);
        }
      })();
    });

  it.each([
    [
      'headers that are too large',
      `GET /status HTTP/1.1\r\nHost: localhost\r\nX: ${'a'.repeat(17_000)}\r\n\r\n`,
      431,
      'headers_too_large',
    ],
    ['what is not HTTP', 'hello\r\n\r\n', 400, 'http_malformed'],
    ['a header without a colon', 'GET /status HTTP/1.1\r\nHost: localhost\r\nnonsense\r\n\r\n', 400, 'http_malformed'],
    [
      'two lengths',
      'POST /api/anime/projects HTTP/1.1\r\nHost: localhost\r\nContent-Length: ' +
        '1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
      'http_malformed',
    ],
    ['NUL in a header', 'GET /status HTTP/1.1\r\nHost: localhost\r\nX: a\u0000b\r\n\r\n', 400, 'http_malformed'],
    [
      'two Hosts',
      'GET /status HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n',
      400,
      'http_malformed',
    ],
    [
      'a first line that names another host',
      'GET http://evil.example/status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
      400,
      'http_malformed',
    ],
    ['no Host', 'GET /status HTTP/1.1\r\nConnection: close\r\n\r\n', 400, 'http_malformed'],
  ])('refuses %s with a problem', async (_what, bytes, status, code) => {
    const [head = '', body = ''] = (await send(bytes)).split('\r\n\r\n');
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(head).toMatch(/content-type: application\/problem\+json/i);
    expect(problem.parse(JSON.parse(body))).toMatchObject({ status, code });
  });

  // A client that writes all before it reads would get a broken pipe instead of the reason.
  it.each([
    ['whose length says so', 'Content-Length: 3000000', (data: string) => data],
    [
      'whose length shows only as it comes',
      'Transfer-Encoding: chunked',
      (data: string) => `${data.length.toString(16)}\r\n${data}\r\n`,
    ],
  ])('reads a body that is too large to its end, %s, and stays usable', async (_what, header, frame) => {
    const chunks = Array.from({ length: 30 }, () => frame('x'.repeat(100_000)));
    const end = header.startsWith('Transfer') ? '0\r\n\r\n' : '';
    const answers = await send(
      `POST /api/anime/projects HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${header}\r\n\r\n`,
      ...chunks,
      `${end}GET /api/anime/nowhere HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
    );
    expect(answers.match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 413', 'HTTP/1.1 404']);
    expect(answers).toContain('"body_too_large"');
  });

  it('lets go of clients that keep their side open after they were refused', async () => {
    const server = app.getHttpServer() as Server;
    const open = (): Promise<number> =>
      new Promise((resolve, reject) =>
        server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
      );
    await waitFor(async () => (await open()) === 0);
    const clients = [
      'hello\r\n\r\n',
      `GET / HTTP/1.1\r\nX: ${'a'.repeat(17_000)}\r\n\r\n`,
      'GET /status HTTP/1.1\r\nConnection: close\r\n\r\n',
    ].map((bytes) => {
      const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
      client.on('error', () => undefined).resume();
      client.write(bytes);
      return client;
    });
    await Promise.all(clients.map((client) => once(client, 'end')));
    await waitFor(async () => (await open()) === 0, 3_000);
    for (const client of clients) client.destroy();
  });

  it('lets no request hold a connection without sending its headers', () => {
    expect(app.getHttpServer()).toMatchObject({ headersTimeout: 10_000, requestTimeout: 30_000, timeout: 120_000 });
  });
});
