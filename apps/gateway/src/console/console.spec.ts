import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { repositoryRoot } from '@tower/kit';
import { startTestListener } from '../http/listener.fixture';
import { consolePages } from './console-pages';

const script = 'export const answer = 42;'.repeat(100);

describe('the console behind the door', () => {
  let folder: string;
  let app: NestFastifyApplication;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tower-console-'));
    mkdirSync(join(folder, 'assets'));
    writeFileSync(join(folder, 'index.html'), '<!doctype html><title>Tower</title>');
    writeFileSync(join(folder, '.built'), 'stamp');
    writeFileSync(join(folder, 'assets', 'main-Ab12.js'), script);
    writeFileSync(join(folder, 'assets', 'main-Ab12.js.gz'), gzipSync(script));
    ({ app } = await startTestListener({ console: folder }));
  });
  afterAll(async () => {
    await app.close();
    rmSync(folder, { recursive: true });
  });

  const get = (url: string, headers: Record<string, string> = {}) =>
    app.inject({ method: 'GET', url, headers: { host: 'localhost', ...headers } });

  it.each(consolePages.map((path) => path.replace(':id', '01a1fbd7-c04b-718d-89fc-06181ab1a4b8')))(
    'answers %s with its page, which nobody keeps and which runs nothing from elsewhere',
    async (path) => {
      const answer = await get(path);
      expect([answer.statusCode, answer.body]).toEqual([200, '<!doctype html><title>Tower</title>']);
      expect(answer.headers).toMatchObject({
        'cache-control': 'no-store',
        'content-type': 'text/html; charset=utf-8',
        'x-content-type-options': 'nosniff',
      });
      const policy = String(answer.headers['content-security-policy']);
      expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self';");
      expect(policy).not.toMatch(/unsafe|https?:|\*/);
    },
  );

  it('lets what is named after its contents be kept for ever, compressed for those who can read it', async () => {
    const plain = await get('/assets/main-Ab12.js');
    expect(plain.body).toBe(script);
    const packed = await get('/assets/main-Ab12.js', { 'accept-encoding': 'br, gzip' });
    expect(gunzipSync(packed.rawPayload).toString()).toBe(script);
    expect(packed.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'accept-encoding' });
    for (const { headers } of [plain, packed])
      expect(headers).toMatchObject({
        'cache-control': 'public, max-age=31536000, immutable',
        'content-type': expect.stringMatching(/^(text|application)\/javascript; charset=utf-8$/) as string,
      });
  });

  it.each([
    '/assets/main-Zz99.js',
    '/assets/..%2findex.html',
    '/assets/.built',
    '/nothing',
    '/make/deeper',
    '/api/anime/nothing',
    '/api/anime/make',
  ])('does not answer %s with a page', async (path) => {
    const answer = await get(path, { accept: 'text/html' });
    expect([answer.statusCode, answer.headers['content-type']]).toEqual([
      404,
      'application/problem+json; charset=utf-8',
    ]);
  });

  it('is known at exactly the addresses that its own router knows', () => {
    const router = readFileSync(join(repositoryRoot, 'apps', 'console', 'src', 'router.tsx'), 'utf8');
    const paths = [...router.matchAll(/\bpath: '([^']+)'/g)].map((match) => (match[1] ?? '').replace('$', ':'));
    expect(paths.sort()).toEqual([...consolePages].sort());
  });
});

it('says how to build the console where nobody has', async () => {
  const { app } = await startTestListener();
  const answer = await app.inject({ method: 'GET', url: '/', headers: { host: 'localhost' } });
  expect([answer.statusCode, answer.body]).toEqual([200, expect.stringContaining('npm run console')]);
  await app.close();
});
