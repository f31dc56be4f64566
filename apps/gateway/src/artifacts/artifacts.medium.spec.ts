// Real: files, links, HTTP over a socket. Made up: rendering, who says where a file lies.
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { getArtifactRequest, type ArtifactView } from '@tower/contracts';
import { startTestListener, type FakeServices } from '../http/listener.fixture';

const id = '01a1fbd7-c04b-718d-89fc-06181ab1a4b8';
const bytes = Buffer.from(Array.from({ length: 1000 }, (_, at) => at % 251));
const sha256 = createHash('sha256').update(bytes).digest('hex');

const anArtifact = (facts: Partial<ArtifactView> = {}): ArtifactView => ({
  id,
  job_id: id,
  task_id: id,
  attempt_id: id,
  attempt: 1,
  idx: 0,
  role: 'output',
  path: 'night-train/unfiled/поезд "1"-a1-1.png',
  sha256,
  bytes: bytes.length,
  media_type: 'image/png',
  width: 8,
  height: 8,
  frames: null,
  fps: null,
  duration_seconds: null,
  sound: null,
  gpu: 'sim',
  seed: 1,
  seconds: 1,
  simulated: true,
  verdict: null,
  best: true,
  created_at: '2026-11-21T02:03:03.115Z',
  content_url: `/api/anime/artifacts/${id}/content`,
  thumbnail_url: `/api/anime/artifacts/${id}/thumbnail`,
  ...facts,
});

describe('the bytes of an artifact', () => {
  let folder: string;
  let library: string;
  let app: NestFastifyApplication;
  let services: FakeServices;
  let url: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tower-gateway-'));
    library = join(folder, 'library');
    mkdirSync(library);
    ({ app, services } = await startTestListener({ library }));
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
  });
  afterAll(async () => {
    // fetch keeps connections whose answers nobody read to the end.
    app.getHttpServer().closeAllConnections();
    await app.close();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(() => stored(anArtifact()));

  function write(path: string, content: Buffer | string = bytes): void {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
  /** Rendering says so, and the file is there. */
  function stored(artifact: ArtifactView): void {
    write(join(library, artifact.path));
    said(artifact);
  }
  const said = (artifact: ArtifactView): void => services.answer(getArtifactRequest, () => artifact);
  const get = (headers: Record<string, string> = {}, what = 'content', method = 'GET'): Promise<Response> =>
    fetch(`${url}/api/anime/artifacts/${id}/${what}`, { method, headers });
  const bodyOf = async (response: Response): Promise<Buffer> => Buffer.from(await response.arrayBuffer());
  const codeOf = async (response: Response): Promise<unknown> => ((await response.json()) as { code: unknown }).code;

  it('come whole, with a name and a tag that hold for ever', async () => {
    const response = await get();
    expect(response.status).toBe(200);
    expect(await bodyOf(response)).toEqual(bytes);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'image/png',
      'content-length': '1000',
      etag: `"${sha256}"`,
      'accept-ranges': 'bytes',
      'cache-control': 'private, immutable, max-age=31536000',
      'content-disposition': 'inline; filename="_1_-a1-1.png"',
      'x-content-type-options': 'nosniff',
      'content-security-policy': expect.stringContaining('sandbox'),
    });
  });

  it.each([
    ['bytes=0-0', 'bytes 0-0/1000', [0, 1]],
    ['bytes=990-', 'bytes 990-999/1000', [990, 1000]],
    ['bytes=-10', 'bytes 990-999/1000', [990, 1000]],
    ['bytes=100-199', 'bytes 100-199/1000', [100, 200]],
  ])('come in part for %s', async (range, contentRange, [from, to]) => {
    const response = await get({ range });
    expect([response.status, response.headers.get('content-range'), response.headers.get('content-length')]).toEqual([
      206,
      contentRange,
      String((to ?? 0) - (from ?? 0)),
    ]);
    expect(await bodyOf(response)).toEqual(bytes.subarray(from, to));
  });

  it.each(['bytes=1000-', 'bytes=5-2', 'bytes=0-1,5-6', 'bytes=x'])(
    'are refused for %s, with their size',
    async (range) => {
      const response = await get({ range });
      expect([response.status, response.headers.get('content-range'), await codeOf(response)]).toEqual([
        416,
        'bytes */1000',
        'range_not_satisfiable',
      ]);
    },
  );

  it('come in part only to who has the same file', async () => {
    expect((await get({ range: 'bytes=0-9', 'if-range': `"${sha256}"` })).status).toBe(206);
    expect((await get({ range: 'bytes=0-9', 'if-range': '"another"' })).status).toBe(200);
  });

  it('do not come again to who has them', async () => {
    const response = await get({ 'if-none-match': `"x", "${sha256}"`, range: 'bytes=5000-' });
    expect([response.status, (await bodyOf(response)).length, response.headers.get('etag')]).toEqual([
      304,
      0,
      `"${sha256}"`,
    ]);
  });

  it('are described by HEAD', async () => {
    const response = await get({ range: 'bytes=0-9' }, 'content', 'HEAD');
    expect([response.status, response.headers.get('content-length'), (await bodyOf(response)).length]).toEqual([
      200,
      '1000',
      0,
    ]);
  });

  it('of an empty file are none', async () => {
    write(join(library, 'empty.png'), '');
    said(anArtifact({ path: 'empty.png', bytes: 0 }));
    const response = await get();
    expect([response.status, response.headers.get('content-length'), (await bodyOf(response)).length]).toEqual([
      200,
      '0',
      0,
    ]);
  });

  it.each(['video/mp4', 'video/webm', 'image/gif', 'image/webp'])(
    'of %s are shown in place, and come in parts for players that seek',
    async (mediaType) => {
      stored(
        anArtifact({
          path: 'night-train/unfiled/loop-a1-1.mp4',
          media_type: mediaType,
          frames: 16,
          fps: 8,
          duration_seconds: 2,
        }),
      );
      const response = await get({ range: 'bytes=500-' });
      expect([
        response.status,
        response.headers.get('content-type'),
        response.headers.get('content-range'),
        response.headers.get('content-disposition'),
      ]).toEqual([206, mediaType, 'bytes 500-999/1000', 'inline; filename="loop-a1-1.mp4"']);
      expect(await bodyOf(response)).toEqual(bytes.subarray(500));
    },
  );

  it('of a type that a browser might run are offered as a download', async () => {
    stored(anArtifact({ path: 'drawing.svg', media_type: 'image/svg+xml' }));
    const { headers } = await get();
    expect([headers.get('content-type'), headers.get('content-disposition')]).toEqual([
      'application/octet-stream',
      'attachment; filename="drawing.svg"',
    ]);
  });

  it('are gone when the file is, or is another one, or a folder', async () => {
    said(anArtifact({ path: 'night-train/never.png' }));
    expect([(await get()).status, await codeOf(await get())]).toEqual([410, 'artifact_file_gone']);
    stored(anArtifact({ path: 'changed.png', bytes: 999 }));
    expect((await get()).status).toBe(410);
    mkdirSync(join(library, 'folder.png'), { recursive: true });
    said(anArtifact({ path: 'folder.png', bytes: statSync(join(library, 'folder.png')).size }));
    expect((await get()).status).toBe(410);
    expect((await get({}, 'thumbnail')).status).toBe(410);
  });

  it('are not called gone when the whole library is, and come again with it', async () => {
    const elsewhere = join(folder, 'not mounted');
    renameSync(library, elsewhere);
    try {
      for (const what of ['content', 'thumbnail']) {
        const response = await get({}, what);
        expect(response.status).toBe(503);
        expect(await response.json()).toMatchObject({
          code: 'own_disk_missing',
          detail: "the library's disk lacks a folder or a file that has to be there",
        });
      }
      // So looks the place where its disk was mounted.
      mkdirSync(library);
      const response = await get();
      expect(response.status).toBe(503);
      expect(await response.json()).toMatchObject({
        code: 'own_disk_gone',
        detail: 'the library is empty: its disk may not be mounted',
      });
    } finally {
      rmSync(library, { recursive: true, force: true });
      renameSync(elsewhere, library);
    }
    expect((await get()).status).toBe(200);
  });

  it('are never those of a file outside the library', async () => {
    write(join(folder, 'secret.png'));
    write(join(folder, 'library-of-somebody-else', 'secret.png'));
    symlinkSync(join(folder, 'secret.png'), join(library, 'link.png'));
    symlinkSync(folder, join(library, 'up'));
    for (const path of [
      '../secret.png',
      'a/../../secret.png',
      '../library-of-somebody-else/secret.png',
      '/../secret.png',
      'link.png',
      'up/secret.png',
      'up/library-of-somebody-else/secret.png',
      '..\\secret.png',
      'secret.png\u0000.png',
      '.',
      '',
    ]) {
      said(anArtifact({ path }));
      const response = await get();
      expect({ path, refused: response.status === 403 || response.status === 410 }).toEqual({ path, refused: true });
    }
  });

  it('may be reached through links that stay inside', async () => {
    stored(anArtifact({ path: 'here/file.png' }));
    symlinkSync(join(library, 'here'), join(library, 'there'));
    said(anArtifact({ path: 'there/file.png' }));
    expect((await get()).status).toBe(200);
  });

  it('have a small copy beside them', async () => {
    write(join(library, '.thumbnails', sha256.slice(0, 2), `${sha256}.webp`), 'small');
    const response = await get({}, 'thumbnail');
    expect([
      response.status,
      response.headers.get('content-type'),
      response.headers.get('etag'),
      await response.text(),
    ]).toEqual([200, 'image/webp', `W/"${sha256}"`, 'small']);
    expect((await get({ 'if-none-match': `W/"${sha256}"` }, 'thumbnail')).status).toBe(304);
  });

  it('are not kept open by who leaves in the middle', async () => {
    const large = Buffer.alloc(8 * 1024 * 1024, 1);
    write(join(library, 'large.png'), large);
    said(anArtifact({ path: 'large.png', bytes: large.length }));
    const leaving = new AbortController();
    const response = await fetch(`${url}/api/anime/artifacts/${id}/content`, { signal: leaving.signal });
    await response.body?.getReader().read();
    leaving.abort();
    expect((await get({ range: 'bytes=-1' })).status).toBe(206);
  });
});
