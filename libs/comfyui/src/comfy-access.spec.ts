// Real: the client's own HTTP, TLS and WebSocket, and certificates that openssl makes. Simulated: ComfyUI, and what
// stands before it.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import type { Logger } from '@tower/kit';
import { createTestAuthority, waitFor, SimProcess, type TestAuthority } from '@tower/testing';
import { parseGpuList, type ConfiguredGpu } from './access/gpu-config';
import { ComfyClient } from './comfy-client';
import { ComfySocket } from './comfy-socket';

const secret = 'Xx-hush-hush-42';
const folder = mkdtempSync(join(tmpdir(), 'tower-card-access-'));
const picture = { bytes: Buffer.from('x'), sha256: 'ab'.repeat(32), extension: '.png' };
const graph = {
  '1': { class_type: 'EmptyImage', inputs: { width: 64, height: 64, batch_size: 1, color: 0 } },
  '2': { class_type: 'SaveImage', inputs: { images: ['1', 0] as [string, number], filename_prefix: 'tower/access' } },
};

let authority: TestAuthority;
const servers: Server[] = [];
const logged: string[] = [];
const logger = new Proxy(
  {},
  {
    get:
      () =>
      (...words: unknown[]) =>
        void logged.push(inspect(words, { depth: 9 })),
  },
) as Logger;

beforeAll(() => {
  authority = createTestAuthority(folder);
  writeFileSync(join(folder, 'token'), `${secret}\n`);
});
afterAll(() => {
  for (const server of servers) {
    server.close();
    server.closeAllConnections();
  }
  rmSync(folder, { recursive: true });
});

function card(entry: object): ConfiguredGpu {
  const [gpu] = parseGpuList([{ name: 'solo', ...entry }], 'spec', { folder, env: { CARD_SECRET: secret } });
  if (gpu === undefined) throw new Error('no card');
  return gpu;
}

const clientOf = (gpu: ConfiguredGpu): ComfyClient => new ComfyClient(gpu.name, gpu.url, gpu.access);

async function listen(handler: RequestListener): Promise<string> {
  const server = createServer(handler);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Everything that Tower asks of a server, a whole prompt included. */
async function useAll(gpu: ConfiguredGpu): Promise<void> {
  const client = clientOf(gpu);
  const hints: string[] = [];
  const socket = new ComfySocket(
    gpu.url,
    {
      event: ({ type }) => void hints.push(type),
      preview: () => undefined,
      dropped: () => undefined,
      deaf: () => undefined,
    },
    logger,
    gpu.access,
  );
  socket.start();
  try {
    await waitFor(() => hints.includes('status'), { describe: 'the socket hears something' });
    expect((await client.inventory.stats()).comfyuiVersion).toBe('0.3.64');
    expect(Object.keys(await client.inventory.objectInfo())).toContain('SaveImage');
    await client.inventory.features();
    expect(await client.alive()).toBe(0);
    expect(await client.upload(picture)).toMatch(/^tower\//);
    expect(await client.post(graph, 'p-1', socket.clientId(), {})).toMatchObject({ outcome: 'accepted' });
    await waitFor(async () => (await client.history('p-1')) !== undefined, { describe: 'the prompt ends' });
    const [file] = ((await client.history('p-1'))?.outputs['2']?.['images'] ?? []) as {
      filename: string;
      subfolder: string;
      type: 'output';
    }[];
    if (file === undefined) throw new Error('no output');
    expect(await client.has(file)).toBe(true);
    const target = join(folder, `out-${gpu.url.length}-${Date.now()}.png`);
    expect(await client.download(file, target)).toBe(readFileSync(target).length);
    await client.interrupt('p-1');
    await client.deleteHistory('p-1');
    expect(await client.queue()).toMatchObject({ queue_running: [] });
    expect(hints).toContain('execution_success');
  } finally {
    await socket.stop();
  }
}

const gated = async (gate: object, flags: readonly string[] = []): Promise<SimProcess> => {
  const file = join(folder, `gate-${Math.random()}.json`);
  writeFileSync(file, JSON.stringify(gate));
  return new SimProcess('solo', 'rtx3060', 0, '0.3.64', ['--gate', file, '--no-packs', ...flags]).start();
};

describe('a server behind a login', () => {
  it('below a path, with TLS of a private authority and a token, is used by HTTP and by its socket', async () => {
    const sim = await gated({ bearer: secret, prefix: '/comfy' }, [
      '--tls-keyfile',
      authority.key,
      '--tls-certfile',
      authority.cert,
    ]);
    try {
      const url = `https://127.0.0.1:${sim.port}/comfy/`;
      await useAll(card({ url, auth: { bearer: { file: 'token' } }, ca_file: authority.ca }));
      const other = createTestAuthority(folder, 'other');
      const trouble = async (entry: object): Promise<string> =>
        clientOf(card({ url, ...entry }))
          .queue()
          .then(
            () => 'let in',
            (error: Error) => error.message,
          );
      const distrust = 'answers, but its TLS is not to be trusted or is none: .*; its certificate is';
      expect(await trouble({})).toMatch(
        new RegExp(
          `${distrust} from an authority that is not known here: name that authority's certificate as ca_file`,
        ),
      );
      expect(await trouble({ ca_file: other.ca })).toMatch(
        new RegExp(`${distrust} not from the authority in its ca_file`),
      );
      expect(await trouble({ ca_file: authority.ca })).toBe(
        `solo (https://127.0.0.1:${sim.port}/comfy) answers 401 to /queue (it asks for Bearer): credentials are ` +
          `missing; give it auth (header, bearer or basic) in config/gpus.yaml`,
      );
    } finally {
      await sim.close();
    }
  }, 30_000);

  it.each<[string, (url: string) => object, string, string]>([
    [
      'a header',
      (url) => ({ url: `${url}/a/b/`, auth: { header: { name: 'X-Api-Key', env: 'CARD_SECRET' } } }),
      'x-api-key',
      secret,
    ],
    [
      'a password in its address',
      (url) => ({ url: `${url.replace('//', `//us%40er:${secret}@`)}/a/b` }),
      'authorization',
      `Basic ${Buffer.from(`us@er:${secret}`).toString('base64')}`,
    ],
    [
      'a password',
      (url) => ({ url: `${url}/a/b`, auth: { basic: { user: 'tower', env: 'CARD_SECRET' } } }),
      'authorization',
      `Basic ${Buffer.from(`tower:${secret}`).toString('base64')}`,
    ],
  ])('is asked with %s, by its socket too, below its path', async (_, entry, header, value) => {
    const seen: unknown[] = [];
    const url = await listen((request, response) => {
      seen.push([request.url, request.headers[header]]);
      response.end('{"exec_info":{"queue_remaining":0}}');
    });
    servers.at(-1)?.on('upgrade', (request, socket) => {
      seen.push([request.url?.split('?')[0], request.headers[header]]);
      socket.destroy();
    });
    const gpu = card(entry(url));
    await clientOf(gpu).alive();
    const socket = new ComfySocket(
      gpu.url,
      { event: () => undefined, preview: () => undefined, dropped: () => undefined, deaf: () => undefined },
      logger,
      gpu.access,
    );
    socket.start();
    await waitFor(() => seen.length >= 2, { describe: 'the socket asks' });
    await socket.stop();
    expect(seen.slice(0, 2)).toEqual([
      ['/a/b/prompt', value],
      ['/a/b/ws', value],
    ]);
  });
});

describe.each<[string, number, object, string, string]>([
  [
    'wants a login',
    401,
    { 'www-authenticate': 'Basic realm="studio"' },
    'comfyui_login_refused',
    'answers 401 to /queue (it asks for Basic): the credentials are wrong; correct ' +
      'auth.bearer (the variable CARD_SECRET) in config/gpus.yaml',
  ],
  [
    'forbids',
    403,
    {},
    'comfyui_login_refused',
    'answers 403 to /queue: these credentials may not do this, or are wrong; look at ' +
      'auth.bearer (the variable CARD_SECRET) in config/gpus.yaml',
  ],
  [
    'sends strangers to a login',
    302,
    { location: 'https://sso.example/login?state=Xx-hush-hush-42' },
    'comfyui_redirects',
    'with a redirect to https://sso.example/login?…, which looks like a page to log in: it does not take ' +
      'auth.bearer (the variable CARD_SECRET); correct it in config/gpus.yaml',
  ],
  [
    'shows a page to log in',
    200,
    { 'content-type': 'text/html' },
    'comfyui_unexpected_answer',
    'answers /queue with a web page (“Sign in & more”), which is a login or another program: is http',
  ],
  [
    'shows an error page',
    502,
    { 'content-type': 'text/html' },
    'comfyui_unexpected_answer',
    'answers 502 to GET /queue with a web page (“Sign in & more”): what stands before ComfyUI says so',
  ],
])('a server that %s', (_, status, headers, code, sentence) => {
  let client: ComfyClient;
  beforeAll(async () => {
    const url = await listen((request, response) => {
      request.resume();
      response
        .writeHead(status, headers as Record<string, string>)
        .end('<!DOCTYPE html><html><title>Sign in\n & more</title></html>');
    });
    client = clientOf(card({ url, auth: { bearer: { env: 'CARD_SECRET' } } }));
  });

  it('is told as what it is, with the setting and without the secret', async () => {
    const error: unknown = await client.queue().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code, message: expect.stringContaining(sentence) as string });
    expect(inspect(error, { depth: 9 })).not.toContain(secret);
  });

  if (status > 300 && status < 500)
    it('has certainly not taken a prompt', async () => {
      expect(await client.post({}, 'p', 'c', {})).toMatchObject({ outcome: 'unreachable' });
    });
});

it('sends what logs it in to nobody else, whoever redirects', async () => {
  const seen: unknown[] = [];
  const elsewhere = await listen((request, response) => {
    seen.push(request.headers);
    response.end('{}');
  });
  const url = await listen((request, response) => {
    request.resume();
    response.writeHead(307, { location: `${elsewhere}/queue` }).end();
  });
  for (const entry of [
    { url, auth: { bearer: { env: 'CARD_SECRET' } } },
    { url: url.replace('//', `//user:${secret}@`) },
  ]) {
    const client = clientOf(card(entry));
    for (const ask of [() => client.queue(), () => client.upload(picture), () => client.interrupt('p')])
      await expect(ask()).rejects.toMatchObject({ code: 'comfyui_redirects' });
  }
  expect(seen).toEqual([]);
});

it('takes a secret that was replaced in its file without a new start', async () => {
  const url = await listen((request, response) => {
    response
      .writeHead(request.headers.authorization === 'Bearer the-new-one' ? 200 : 401)
      .end('{"exec_info":{"queue_remaining":0}}');
  });
  writeFileSync(join(folder, 'turning'), 'the-old-one');
  const client = clientOf(card({ url, auth: { bearer: { file: 'turning' } } }));
  await expect(client.alive()).rejects.toMatchObject({ code: 'comfyui_login_refused' });
  writeFileSync(join(folder, 'turning'), 'the-new-one');
  await expect(client.alive()).rejects.toMatchObject({ code: 'comfyui_login_refused' });
  expect(await client.alive()).toBe(0);
});

it('has told no secret to the log', () => {
  expect(logged.join('\n')).not.toContain(secret);
});
