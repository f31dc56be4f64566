// Real: HTTP servers on this machine, one that plays a ComfyUI and one that nobody may be sent to.
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger, describeError } from '@tower/kit';
import { waitFor } from '@tower/testing';
import { ComfyClient } from './comfy-client';
import { ComfySocket } from './comfy-socket';

let servers: Server[];
let folder: string;

beforeEach(() => {
  servers = [];
  folder = mkdtempSync(join(tmpdir(), 'tower-http-'));
});
afterEach(async () => {
  await Promise.all(
    servers.map(
      (server) =>
        new Promise((resolve) => {
          server.close(resolve);
          server.closeAllConnections();
        }),
    ),
  );
  rmSync(folder, { recursive: true });
});

async function listen(handler: RequestListener): Promise<Server & { url: string }> {
  const server = createServer(handler);
  servers.push(server);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return Object.assign(server, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
}

const file = { filename: 'a_00001_.png', subfolder: 'tower', type: 'output' as const };
const picture = { bytes: Buffer.from('x'), sha256: 'ab'.repeat(32), extension: '.png' };
const target = (): string => join(folder, 'incoming');

const requests: [string, (client: ComfyClient) => Promise<unknown>][] = [
  ['the queue', (client) => client.queue()],
  ['a history', (client) => client.history('p')],
  ['the description of its nodes', (client) => client.inventory.objectInfo()],
  ['what it can do', (client) => client.inventory.features()],
  ['an output', (client) => client.download(file, target())],
  ['whether an output is there', (client) => client.has(file)],
  ['an upload', (client) => client.upload(picture)],
  ['an interrupt', (client) => client.interrupt('p')],
];

describe.each([301, 302, 307, 308])('a server that answers %i', (status) => {
  let reached: string[];
  let client: ComfyClient;

  beforeEach(async () => {
    reached = [];
    const inner = await listen((request, response) => {
      reached.push(`${request.method ?? ''} ${request.url ?? ''}`);
      response.end('secret');
    });
    inner.on('upgrade', (request, socket) => {
      reached.push(`upgrade ${request.url ?? ''}`);
      socket.destroy();
    });
    const card = await listen((request, response) => {
      request.resume();
      response.writeHead(status, { location: `${inner.url.replace('//', '//user:secret@')}/admin` }).end();
    });
    card.on('upgrade', (_, socket) =>
      socket.end(
        `HTTP/1.1 ${status} Elsewhere\r\nlocation: ` +
          `${inner.url.replace('http', 'ws')}/admin\r\ncontent-length: 0\r\n\r\n`,
      ),
    );
    client = new ComfyClient('solo', card.url);
  });

  it.each(requests)('is not followed when asked for %s, and named with what to do', async (_, ask) => {
    await expect(ask(client)).rejects.toMatchObject({
      code: 'comfyui_redirects',
      message: expect.stringMatching(
        new RegExp(
          String.raw`^solo answers /\S+ with a redirect to http://127\.0\.0\.1:\d+/admin; ` +
            String.raw`name its final address in config/gpus\.yaml$`,
        ),
      ) as string,
    });
    expect(reached).toEqual([]);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('has certainly not taken a prompt', async () => {
    expect(await client.post({}, 'p', 'c', {})).toMatchObject({
      outcome: 'unreachable',
      message: expect.stringContaining('with a redirect to') as string,
    });
    expect(reached).toEqual([]);
  });
});

it('does not follow a redirect of the socket either', async () => {
  let upgrades = 0;
  const reached: string[] = [];
  const inner = await listen((_, response) => void response.end());
  inner.on('upgrade', (request, socket) => {
    reached.push(request.url ?? '');
    socket.destroy();
  });
  const card = await listen((_, response) => void response.end());
  card.on('upgrade', (_, socket) => {
    upgrades += 1;
    socket.end(`HTTP/1.1 302 Found\r\nlocation: ${inner.url.replace('http', 'ws')}/admin\r\ncontent-length: 0\r\n\r\n`);
  });
  const socket = new ComfySocket(
    card.url,
    { event: () => undefined, preview: () => undefined, dropped: () => undefined, deaf: () => undefined },
    createLogger('test', 'silent'),
  );
  socket.start();
  await waitFor(() => upgrades >= 2, { describe: 'a second try' });
  await socket.stop();
  expect(reached).toEqual([]);
});

/** Writes without end and tells when the other side has had enough. */
function endless(response: ServerResponse, opening: string): Promise<number> {
  const piece = Buffer.alloc(1024 ** 2, ' ');
  let sent = 0;
  const write = (): void => {
    while (!response.destroyed && response.write(piece)) sent += piece.length;
  };
  response.write(opening);
  response.on('drain', write);
  write();
  return once(response, 'close').then(() => sent);
}

describe('an answer without end', () => {
  const mebibyte = 1024 ** 2;

  it.each([
    ['a queue', 64, (client: ComfyClient) => client.queue()],
    ['what it is', 4, (client: ComfyClient) => client.inventory.stats()],
    ['a refusal', 4, (client: ComfyClient) => client.alive()],
    ['the answer to an upload', 4, (client: ComfyClient) => client.upload(picture)],
  ])('is read to its limit and no further: %s', async (what, limitMb, ask) => {
    let sent: Promise<number> | undefined;
    const card = await listen((request, response) => {
      request.resume();
      response.statusCode = what === 'a refusal' ? 500 : 200;
      sent = endless(response, '[');
    });
    const error: unknown = await ask(new ComfyClient('solo', card.url)).catch((thrown: unknown) => thrown);
    expect(describeError(error)).toMatch(
      new RegExp(`^comfyui_answer_too_large: solo answers with more than ${limitMb}(\\.0)? MiB`),
    );
    expect(await sent).toBeLessThan((limitMb + 16) * mebibyte);
  });
});

describe('an output', () => {
  const download = (card: { url: string }, expectSize?: (bytes: number) => Promise<void>): Promise<unknown> =>
    new ComfyClient('solo', card.url).download(file, target(), expectSize).catch((error: unknown) => error);

  it('is streamed to a place where nothing lies', async () => {
    const card = await listen((_, response) => void response.end('a picture'));
    const sizes: number[] = [];
    expect(await download(card, (bytes) => Promise.resolve(void sizes.push(bytes)))).toBe(9);
    expect(readFileSync(target(), 'utf8')).toBe('a picture');
    expect(sizes).toEqual([9]);
    expect(await download(card)).toMatchObject({ code: 'EEXIST' });
  });

  it.each([
    ['that the card does not have', 404, {}, 'comfyui_output_missing'],
    [
      'that announces more than any output has',
      200,
      { 'content-length': String(3 * 1024 ** 3) },
      'comfyui_output_too_large',
    ],
    ['that does not fit on our disk', 200, { 'content-length': String(1024 ** 2) }, 'no room'],
  ])('%s is cancelled, and nothing of it is written', async (what, status, headers, code) => {
    let closed: Promise<unknown> | undefined;
    const card = await listen((_, response) => {
      closed = once(response, 'close');
      response.writeHead(status, headers);
      response.write('the beginning');
    });
    const error = await download(card, () =>
      what.includes('fit') ? Promise.reject(Object.assign(new Error('no room'), { code })) : Promise.resolve(),
    );
    expect(error).toMatchObject({ code });
    await closed;
    expect(readdirSync(folder)).toEqual([]);
  });

  it('that breaks off in the middle means that the card went away', async () => {
    const card = await listen((_, response) => {
      response.writeHead(200, { 'content-length': '100000' });
      response.write('the beginning', () => setTimeout(() => response.destroy(), 50));
    });
    expect(await download(card)).toMatchObject({ code: 'comfyui_unreachable' });
  });
});

describe('what is said of a server that answers otherwise than a ComfyUI', () => {
  const saidOf = async (url: string): Promise<string> =>
    new ComfyClient('a', url).queue().then(
      () => 'nothing',
      (error: Error) => error.message,
    );

  it.each<[string, RequestListener, RegExp]>([
    [
      'a question who is asking',
      (_, response) => response.writeHead(401).end(),
      /^a \(http\S+\) answers 401 to \/queue: credentials are missing/,
    ],
    [
      'a page for people',
      (_, response) => response.end('<html>log in</html>'),
      /^a answers \/queue with a web page, which is a login or another program: is http.* a ComfyUI\?/,
    ],
  ])('which is %s', async (_what, answer, words) => {
    expect(await saidOf((await listen(answer)).url)).toMatch(words);
  });

  it('which speaks no TLS is not that it does not answer', async () => {
    const { url } = await listen((_, response) => response.end('{}'));
    expect(await saidOf(url.replace('http:', 'https:'))).toMatch(
      /^a \(https:.*\) answers, but its TLS is not to be trusted or is none: /,
    );
  });

  it('tells nobody the credentials in its address', async () => {
    const { url } = await listen((_, response) => response.end('no'));
    expect(await saidOf(url.replace('//', '//user:secret@'))).not.toContain('secret');
  });
});
