// Real: HTTP over sockets, the folder of unfinished files. Played: rendering, which looks at what has come in.
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import {
  getUploadMetadataRequest,
  getUploadRequest,
  keepUploadRequest,
  maxUploadBytes,
  type InputOf,
  type UploadView,
} from '@tower/contracts';
import { AppError, invalid, notFound } from '@tower/kit';
import { mayMount, mountSmallDisk, waitFor } from '@tower/testing';
import { startTestListener, type FakeServices } from '../http/listener.fixture';

const id = '01a1fbd7-c04b-718d-89fc-06181ab1a4b8';
const bytes = Buffer.from(Array.from({ length: 5_000 }, (_, at) => at % 251));
const digestOf = (content: Buffer | string): string => createHash('sha256').update(content).digest('hex');
const sha256 = digestOf(bytes);

const anUpload = (facts: Partial<UploadView> = {}): UploadView => ({
  id,
  path: `uploads/${sha256.slice(0, 2)}/${sha256}.png`,
  sha256,
  bytes: bytes.length,
  media_type: 'image/png',
  width: 8,
  height: 8,
  frames: null,
  fps: null,
  duration_seconds: null,
  sound: null,
  created_at: '2026-11-21T02:03:03.115Z',
  used_at: null,
  expires_at: '2026-12-21T02:03:03.115Z',
  content_url: `/api/anime/uploads/${id}/content`,
  thumbnail_url: `/api/anime/uploads/${id}/thumbnail`,
  ...facts,
});

describe('a file that is sent', () => {
  let library: string;
  let incoming: string;
  let app: NestFastifyApplication;
  let services: FakeServices;
  let url: string;
  /** What rendering was asked to keep, with the bytes that lay there then. */
  let kept: { input: InputOf<typeof keepUploadRequest>; content: Buffer }[];

  beforeAll(async () => {
    library = mkdtempSync(join(tmpdir(), 'tower-uploads-'));
    incoming = join(library, '.incoming');
    mkdirSync(incoming);
    ({ app, services } = await startTestListener({ library }));
    await app.listen(0, '127.0.0.1');
    url = `${await app.getUrl()}/api/anime/uploads`;
  });
  afterAll(async () => {
    app.getHttpServer().closeAllConnections();
    await app.close();
    rmSync(library, { recursive: true, force: true });
  });
  beforeEach(() => {
    kept = [];
    services.answer(keepUploadRequest, (input) => {
      kept.push({ input, content: readFileSync(join(incoming, input.file)) });
      return anUpload();
    });
  });
  afterEach(() => expect(readdirSync(incoming)).toEqual([]));

  const send = (
    body: Buffer | FormData | AsyncIterable<Uint8Array> | string | undefined,
    headers: Record<string, string> = {},
  ): Promise<Response> =>
    fetch(url, { method: 'POST', headers, ...(body === undefined ? {} : { body, duplex: 'half' }) } as RequestInit);
  const problemOf = async (response: Response): Promise<[number, unknown]> => [
    response.status,
    ((await response.json()) as { code: unknown }).code,
  ];

  it.each([
    ['as an image', 'image/png'],
    ['under another name for it', 'image/jpeg'],
    ['as bytes', 'application/octet-stream'],
    ['as curl sends it unasked', 'application/x-www-form-urlencoded'],
    ['as text', 'text/plain'],
  ])('is handed on whole, sent %s', async (_, type) => {
    const response = await send(bytes, { 'content-type': type });
    expect([response.status, await response.json()]).toEqual([201, anUpload()]);
    const context = { correlationId: response.headers.get('x-correlation-id') };
    expect(kept).toEqual([
      { input: { context, file: expect.stringMatching(/^upload-/) as string, sha256 }, content: bytes },
    ]);
  });

  it('is handed on whole out of a form, and in pieces of an unknown number', async () => {
    const form = new FormData();
    form.set('file', new Blob([bytes]), '../../ひと "1".svg');
    expect((await send(form)).status).toBe(201);
    const pieces = async function* (): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < bytes.length; at += 1_000) yield bytes.subarray(at, at + 1_000);
    };
    expect((await send(pieces())).status).toBe(201);
    expect(kept.map(({ content }) => content.equals(bytes))).toEqual([true, true]);
  });

  it('comes in beside others', async () => {
    const files = Array.from({ length: 6 }, (_, n) => Buffer.alloc(300_000, n));
    const answers = await Promise.all(files.map((file) => send(file)));
    expect(answers.map(({ status }) => status)).toEqual(files.map(() => 201));
    expect(kept.map(({ input, content }) => digestOf(content) === input.sha256)).toEqual(files.map(() => true));
    expect(kept.map(({ input }) => input.sha256).sort()).toEqual(files.map(digestOf).sort());
  });

  it.each([
    ['nothing', undefined, {}, 400, 'upload_empty'],
    ['no bytes', '', { 'content-type': 'image/png' }, 400, 'upload_empty'],
    ['JSON', '{"file":"a"}', { 'content-type': 'application/json' }, 415, 'media_type_unsupported'],
    ['a form without a boundary', 'x', { 'content-type': 'multipart/form-data' }, 400, 'upload_form_invalid'],
    ['packed bytes', 'x', { 'content-encoding': 'gzip' }, 415, 'media_type_unsupported'],
    ['a page of another site', 'x', { origin: 'https://elsewhere.example' }, 403, 'origin_refused'],
  ] as const)('is refused when it is %s', async (_, body, headers, status, code) => {
    expect(await problemOf(await send(body, headers))).toEqual([status, code]);
    expect(kept).toEqual([]);
  });

  it('is refused when it is too large, before it is sent where that is announced, and the connection stays', async () => {
    const large = Buffer.alloc(maxUploadBytes + 1);
    expect(await problemOf(await send(large))).toEqual([413, 'upload_too_large']);
    const pieces = async function* (): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < large.length; at += 4 * 1024 ** 2) yield large.subarray(at, at + 4 * 1024 ** 2);
    };
    expect(await problemOf(await send(pieces()))).toEqual([413, 'upload_too_large']);
    expect(kept).toEqual([]);
  });

  it.each([
    ['as it is', '', ''],
    ['as a form', 'multipart/form-data; boundary=edge', '--other\r\n'],
  ])(
    'is let go where it is refused half-way, sent %s: the connection serves the next request',
    async (_, type, start) => {
      const size = maxUploadBytes + 8 * 1024 ** 2;
      const client = connect(Number(new URL(url).port), '127.0.0.1');
      let received = '';
      client.on('data', (data: Buffer) => (received += data.toString('latin1')));
      client.write(
        `POST /api/anime/uploads HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${type || 'image/png'}\r\n` +
          `Transfer-Encoding: chunked\r\n\r\n${(size + start.length).toString(16)}\r\n${start}`,
      );
      client.write(Buffer.alloc(size));
      client.write(`\r\n0\r\n\r\nGET /api/anime/uploads/1 HTTP/1.1\r\nHost: localhost\r\n\r\n`);
      await waitFor(() => Promise.resolve(received.includes('path_invalid')), 10_000);
      expect(received).toMatch(type === '' ? /^HTTP\/1.1 413/ : /^HTTP\/1.1 400/);
      client.destroy();
    },
  );

  it.each([
    ['upload_type_unsupported', 415],
    ['upload_too_many_pixels', 422],
    ['upload_undecodable', 422],
    ['upload_empty', 400],
  ])('is refused with what rendering finds: %s', async (code, status) => {
    services.answer(keepUploadRequest, () => Promise.reject(invalid(code, 'so it is')));
    expect(await problemOf(await send(bytes))).toEqual([status, code]);
  });

  it('leaves nothing when whoever sends it goes away', async () => {
    const client = connect(Number(new URL(url).port), '127.0.0.1');
    client.write(
      'POST /api/anime/uploads HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\nContent-Length: 100000\r\n\r\n',
    );
    client.write(bytes);
    await waitFor(() => Promise.resolve(readdirSync(incoming).length === 1));
    client.destroy();
    await waitFor(() => Promise.resolve(readdirSync(incoming).length === 0));
    expect(kept).toEqual([]);
  });

  it('leaves nothing when rendering does not answer, and says so', async () => {
    services.answer(keepUploadRequest, () => Promise.reject(new AppError('unavailable', 'rendering_unavailable', 'x')));
    expect(await problemOf(await send(bytes))).toEqual([503, 'rendering_unavailable']);
  });

  (mayMount() ? it : it.skip)('is refused while the disk is full, and taken when it is not any more', async () => {
    const disk = mountSmallDisk(incoming, '1m');
    try {
      const pieces = async function* (): AsyncGenerator<Uint8Array> {
        for (let n = 0; n < 8; n += 1) yield Buffer.alloc(256 * 1024);
      };
      expect(await problemOf(await send(pieces()))).toEqual([503, 'own_disk_full']);
      expect(readdirSync(incoming)).toEqual([]);
      expect((await send(bytes)).status).toBe(201);
    } finally {
      disk.unmount();
    }
  });

  it('is described, shown and served as the file that it is, never as a page', async () => {
    services.answer(getUploadRequest, () => anUpload());
    mkdirSync(join(library, 'uploads', sha256.slice(0, 2)), { recursive: true });
    writeFileSync(join(library, anUpload().path), bytes);
    expect(await (await fetch(`${url}/${id}`)).json()).toEqual(anUpload());
    const content = await fetch(`${url}/${id}/content`, { headers: { range: 'bytes=1-3' } });
    expect([content.status, Buffer.from(await content.arrayBuffer())]).toEqual([206, bytes.subarray(1, 4)]);
    expect(Object.fromEntries(content.headers)).toMatchObject({
      'content-type': 'image/png',
      etag: `"${sha256}"`,
      'x-content-type-options': 'nosniff',
      'content-security-policy': expect.stringContaining('sandbox') as string,
      'cross-origin-resource-policy': 'same-origin',
    });
    services.answer(getUploadRequest, () => anUpload({ media_type: 'video/x-matroska' }));
    expect(Object.fromEntries((await fetch(`${url}/${id}/content`)).headers)).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-disposition': `attachment; filename="${sha256}.png"`,
    });
    rmSync(join(library, 'uploads'), { recursive: true });
    expect(await problemOf(await fetch(`${url}/${id}/content`))).toEqual([410, 'upload_file_gone']);
  });

  it('is said not to be there when it is not', async () => {
    for (const question of [getUploadRequest, getUploadMetadataRequest] as const)
      services.answer(question, () => Promise.reject(notFound('upload', id)));
    for (const what of ['', '/content', '/thumbnail', '/metadata'])
      expect(await problemOf(await fetch(`${url}/${id}${what}`))).toEqual([404, 'upload_not_found']);
  });
});
