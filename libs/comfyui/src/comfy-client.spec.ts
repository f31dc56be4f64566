import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ComfyClient } from './comfy-client';
import { ComfyHttp } from './comfy-http';
import { ServerQuestions } from './server-inventory';

/** A small server that answers what a spec tells it to; requests are kept. */
let server: Server;
let client: ComfyClient;
let requests: { method: string; path: string; body: string; type: string }[];
let answers: Record<string, { status: number; body: string }>;

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('latin1');
};

beforeEach(async () => {
  requests = [];
  answers = {};
  server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const path = request.url ?? '';
      requests.push({ method: request.method ?? '', path, body, type: request.headers['content-type'] ?? '' });
      const answer = answers[`${request.method ?? ''} ${path}`] ?? { status: 404, body: '' };
      response.writeHead(answer.status).end(answer.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  client = new ComfyClient('rtx3060', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
afterEach(() => new Promise((resolve) => server.close(resolve)));

const id = '0190a000-0000-7000-8000-000000000001';
const post = () => client.post({ '1': { class_type: 'X', inputs: {} } }, id, 'c', {});
const answer = (status: number, body: object | string): void => {
  answers['POST /prompt'] = { status, body: typeof body === 'string' ? body : JSON.stringify(body) };
};

it('sends the id of the attempt and its client, and never a number', async () => {
  answer(200, { prompt_id: id, number: 3, node_errors: {} });
  expect(await post()).toEqual({ outcome: 'accepted', promptId: id, number: 3 });
  expect(Object.keys(JSON.parse(requests[0]?.body ?? '{}') as object).sort()).toEqual([
    'client_id',
    'extra_data',
    'prompt',
    'prompt_id',
  ]);
});

it('reports the id that the server gave instead of ours', async () => {
  answer(200, { prompt_id: 'another', number: 0, node_errors: [] });
  expect(await post()).toMatchObject({ outcome: 'accepted', promptId: 'another' });
});

const fault = (type: string, input: string, value: unknown) => ({
  '1': {
    class_type: 'CheckpointLoaderSimple',
    errors: [
      {
        type,
        message: 'Value not in list',
        details: `${input}: ...`,
        extra_info: { input_name: input, received_value: value },
      },
    ],
  },
});

it('row 13: takes an acceptance with node errors for a refusal, and says what was accepted all the same', async () => {
  answer(200, { prompt_id: id, number: 3, node_errors: fault('required_input_missing', 'images', null) });
  expect(await post()).toMatchObject({
    outcome: 'refused',
    kind: 'invalid',
    code: 'comfyui_partly_refused',
    promptId: id,
  });
});

it.each([
  [
    'a missing model',
    400,
    {
      error: { type: 'prompt_outputs_failed_validation', message: 'm', details: '' },
      node_errors: fault('value_not_in_list', 'ckpt_name', 'a.safetensors'),
    },
    { kind: 'missing_model', model: { folder: 'checkpoints', name: 'a.safetensors' } },
  ],
  [
    'a value that is refused',
    400,
    {
      error: { type: 'prompt_outputs_failed_validation', message: 'm', details: '' },
      node_errors: fault('value_bigger_than_max', 'steps', 9),
    },
    { kind: 'invalid' },
  ],
  [
    'an unknown node, as older servers say it',
    400,
    {
      error: {
        type: 'invalid_prompt',
        message: 'Cannot execute because node X does not exist.',
        details: "Node ID '#1'",
      },
      node_errors: {},
    },
    { kind: 'missing_node' },
  ],
  [
    'an unknown node, as newer servers say it',
    400,
    { error: { type: 'missing_node_type', message: 'Node X not found', details: '' }, node_errors: [] },
    { kind: 'missing_node' },
  ],
  ['a refusal without JSON', 400, 'no', { kind: 'invalid', code: 'comfyui_refused', message: 'it answers 400: no' }],
  ['a refusal without a word', 400, '', { kind: 'invalid', message: 'it answers 400 without a word' }],
  [
    'a graph that is too large',
    413,
    'Maximum request body size 1048576 exceeded.',
    {
      kind: 'invalid',
      code: 'comfyui_refused_413',
      message: 'it answers 413: Maximum request body size 1048576 exceeded.',
    },
  ],
  [
    'a graph that a door before it cannot read',
    422,
    '<html>\n<b>Unprocessable</b> \u0007',
    { kind: 'invalid', code: 'comfyui_refused_422', message: 'it answers 422: Unprocessable' },
  ],
])('sorts %s', async (_what, status, body, expected) => {
  answer(status, body);
  expect(await post()).toMatchObject({ outcome: 'refused', ...expected });
});

it.each([
  [500, '500 Internal Server Error'],
  [200, 'not JSON'],
  [200, '{}'],
  [429, ''],
  [408, ''],
])('does not know what became of a prompt that is answered %d %j', async (status, body) => {
  answer(status, body);
  expect((await post()).outcome).toBe('unknown');
});

it('keeps what a server says that may have queued the prompt all the same', async () => {
  answer(500, '500 Internal Server Error\n\nServer got itself in trouble');
  expect(await post()).toMatchObject({
    answer: 'it answers 500: 500 Internal Server Error Server got itself in trouble',
  });
});

it('knows that a prompt is not there when nothing listens', async () => {
  await new Promise((resolve) => server.close(resolve));
  expect(await post()).toEqual({ outcome: 'unreachable', message: expect.stringContaining('ECONNREFUSED') as string });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

it('never interrupts, cancels or forgets without an id, and never clears a list', async () => {
  for (const act of [client.interrupt(''), client.cancelJob(''), client.deleteHistory('')])
    await expect(act).rejects.toThrow(/needs a/);
  await client.deletePending(id);
  await client.deleteHistory(id);
  await client.interrupt(id);
  expect(requests.map(({ path, body }) => [path, JSON.parse(body) as unknown])).toEqual([
    ['/queue', { delete: [id] }],
    ['/history', { delete: [id] }],
    ['/interrupt', { prompt_id: id }],
  ]);
});

describe('an upload', () => {
  const picture = { bytes: Buffer.from('png'), sha256: 'a'.repeat(64), extension: '.png' };

  it('goes under a name made of its content, and comes back under the name that the server gave', async () => {
    answers['POST /upload/image'] = {
      status: 200,
      body: JSON.stringify({ name: 'aaaaaaaaaaaaaaaa (1).png', subfolder: 'tower', type: 'input' }),
    };
    expect(await client.upload(picture)).toBe('tower/aaaaaaaaaaaaaaaa (1).png');
    expect(requests[0]?.type).toMatch(/^multipart\/form-data/);
    for (const part of ['filename="aaaaaaaaaaaaaaaa.png"', 'name="overwrite"', 'name="subfolder"\r\n\r\ntower'])
      expect(requests[0]?.body).toContain(part);
  });

  it.each([
    [500, 'comfyui_disk_full', 'unavailable'],
    [400, 'comfyui_upload_refused', 'invalid'],
    [413, 'comfyui_upload_refused', 'invalid'],
    [502, 'comfyui_upload_refused', 'unavailable'],
  ])('that is answered %d fails as %s, which is %s', async (status, code, kind) => {
    answers['POST /upload/image'] = { status, body: '' };
    await expect(client.upload(picture)).rejects.toMatchObject({ code, kind });
  });
});

it.each([
  [404, false],
  [200, true],
  [500, true],
])('finds out by asking whether the server has jobs: %d means %s', async (status, jobs) => {
  answers['GET /api/jobs?limit=1'] = { status, body: '' };
  expect(await client.inventory.features()).toEqual({ jobs });
});

describe('the lines of its console', () => {
  const route = 'GET /internal/logs/raw';

  it('are read', async () => {
    answers[route] = { status: 200, body: '{"entries":[{"t":"2026-01-01T00:00:00","m":"Starting server"}]}' };
    expect(await client.inventory.log()).toEqual([{ t: '2026-01-01T00:00:00', m: 'Starting server' }]);
  });

  it.each([
    ['an old server has no such route', 404, ''],
    ['a proxy keeps them back', 403, '<html><title>Forbidden</title></html>'],
    ['something else answers', 200, '{"lines":[]}'],
  ])('are none where %s', async (_why, status, body) => {
    answers[route] = { status, body };
    expect(await client.inventory.log()).toEqual([]);
  });

  it('hide no fault of our own', async () => {
    const http = new ComfyHttp('rtx3060', client.url);
    jest.spyOn(http, 'json').mockRejectedValue(new TypeError('no such thing'));
    await expect(new ServerQuestions(http).log()).rejects.toThrow(TypeError);
  });
});
