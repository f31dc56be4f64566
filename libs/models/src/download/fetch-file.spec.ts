import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repositoryRoot } from '@tower/kit';
import {
  dropAfter,
  FileServer,
  ignoreRange,
  safetensors,
  stallAfter,
  status,
  unmeasured,
  waitFor,
  wholeFile,
  type FileAnswer,
} from '@tower/testing';
import type { DownloadProgress } from './download-progress';
import { fetchFile, type FetchOptions, type FetchRequest } from './fetch-file';

const quick: FetchOptions = { firstBackoffMs: 1, maxBackoffMs: 5, idleMs: 5_000, spareBytes: 0 };
const content = safetensors(300_000);

describe('fetchFile', () => {
  let server: FileServer;
  let folder: string;
  let target: string;

  beforeAll(async () => {
    server = await FileServer.start(content);
  });
  afterAll(() => server.stop());
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tower-fetch-'));
    target = join(folder, 'loras', 'modèle.safetensors');
    server.content = content;
    server.answer(wholeFile);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const wanted = (more: Partial<FetchRequest> = {}): FetchRequest => ({
    url: `${server.origin}/a.safetensors`,
    sha256: server.sha256,
    bytes: content.length,
    target,
    ...more,
  });
  const fetchIt = (more: Partial<FetchRequest> = {}, options: FetchOptions = {}) =>
    fetchFile(wanted(more), { ...quick, ...options });
  const files = (): string[] => (existsSync(join(folder, 'loras')) ? readdirSync(join(folder, 'loras')).sort() : []);
  /**
   * What is on disk is what a later try can go on with; a connection that breaks earlier takes along what was still on
   * its way.
   */
  const dropped = (bytes: number, before = 0): FileAnswer =>
    dropAfter(bytes, () => waitFor(() => statSync(`${target}.part`).size === before + bytes));
  const failure = async (fetching: Promise<unknown>): Promise<{ code: string; message: string }> =>
    fetching.then(
      () => ({ code: 'none', message: 'it worked' }),
      (error: unknown) => error as { code: string; message: string },
    );

  it('brings the file under its name and leaves nothing else behind', async () => {
    expect(await fetchIt()).toBe('fetched');
    expect(readFileSync(target).equals(content)).toBe(true);
    expect(files()).toEqual(['modèle.safetensors']);
  });

  it('shows no token of an address, and goes on with what came under another one', async () => {
    const withToken = (token: string): string =>
      `${server.origin.replace('//', `//me:${token}@`)}/a.safetensors?token=${token}`;
    const told: string[] = [];
    server.answer(dropped(100_000), status(401));
    told.push(JSON.stringify(await failure(fetchIt({ url: withToken('hush-hush') }))));
    server.answer(status(404));
    told.push((await failure(fetchIt({ url: withToken('hush-hush') }))).message);
    told.push(...files().map((name) => readFileSync(join(folder, 'loras', name), 'latin1')));
    expect(told.join()).toContain('/a.safetensors?…');
    expect(told.join()).not.toContain('hush');
    server.answer(wholeFile);
    server.asked.length = 0;
    expect(await fetchIt({ url: withToken('hush-hash') })).toBe('fetched');
    expect(server.asked.map(({ range }) => range)).toEqual(['bytes=100000-']);
  });

  it('asks nobody for a file that is there', async () => {
    await fetchIt();
    server.answer(wholeFile);
    expect(await fetchIt()).toBe('present');
    expect(server.asked).toEqual([]);
  });

  it.each([
    ['another size', Buffer.from('mine')],
    ['another content', safetensors(300_000, 2)],
  ])('leaves a file of that name with %s alone', async (_, mine) => {
    await fetchIt();
    writeFileSync(target, mine);
    expect(await failure(fetchIt())).toMatchObject({ code: 'model_file_differs' });
    expect(readFileSync(target).equals(mine)).toBe(true);
  });

  it('goes on where the connection broke, again and again', async () => {
    server.answer(dropped(100_000), dropped(50_000, 100_000), dropAfter(0), wholeFile);
    expect(await fetchIt()).toBe('fetched');
    expect(readFileSync(target).equals(content)).toBe(true);
    expect(server.asked.map(({ range }) => range)).toEqual([
      undefined,
      'bytes=100000-',
      'bytes=150000-',
      'bytes=150000-',
    ]);
    expect(server.asked[1]?.ifRange).toBe(server.etag);
  });

  it('goes on in a later call with what an earlier one received', async () => {
    server.answer(dropped(120_000), status(503));
    const { code, message } = await failure(fetchIt({}, { maxFailures: 2 }));
    expect([code, message]).toEqual(['download_failed', expect.stringContaining('the next fetch goes on from there')]);
    expect(files()).toEqual(['modèle.safetensors.part', 'modèle.safetensors.part.json']);
    server.answer(wholeFile);
    expect(await fetchIt()).toBe('fetched');
    expect(server.asked).toEqual([expect.objectContaining({ range: 'bytes=120000-', ifRange: server.etag })]);
    expect(readFileSync(target).equals(content)).toBe(true);
  });

  it('begins anew when the server knows no ranges', async () => {
    server.answer(dropped(100_000), ignoreRange);
    expect(await fetchIt()).toBe('fetched');
    expect(readFileSync(target).equals(content)).toBe(true);
  });

  it('begins anew when the file changed at the source in the middle', async () => {
    const old = safetensors(300_000, 7);
    const { sha256 } = server;
    server.content = old;
    server.answer(dropped(100_000), (request, response, file) => {
      file.content = content;
      wholeFile(request, response, file);
    });
    expect(await fetchIt({ sha256 })).toBe('fetched');
    expect(server.asked.map(({ range }) => range)).toEqual([undefined, 'bytes=100000-']);
    expect(readFileSync(target).equals(content)).toBe(true);
  });

  it('begins anew, once, when parts of two files were put together because the server names no versions', async () => {
    const { sha256 } = server;
    server.content = safetensors(300_000, 7);
    const nameless =
      (bytes?: number) =>
      (...[request, response, file]: Parameters<FileAnswer>) => {
        const from = Number(/\d+/.exec(request.headers.range ?? '')?.[0] ?? 0);
        response.writeHead(from > 0 ? 206 : 200, {
          'content-length': file.content.length - from,
          ...(from > 0 && { 'content-range': `bytes ${from}-${file.content.length - 1}/${file.content.length}` }),
        });
        if (bytes === undefined) response.end(file.content.subarray(from));
        else
          response.write(
            file.content.subarray(from, from + bytes),
            () => void waitFor(() => statSync(`${target}.part`).size === bytes).then(() => response.socket?.destroy()),
          );
      };
    server.answer(
      nameless(100_000),
      (request, response, file) => {
        file.content = content;
        nameless()(request, response, file);
      },
      nameless(),
    );
    expect(await fetchIt({ sha256 })).toBe('fetched');
    expect(server.asked.map(({ range }) => range)).toEqual([undefined, 'bytes=100000-', undefined]);
  });

  it('forgets a part of another file', async () => {
    server.content = safetensors(300_000, 3);
    server.answer(dropped(100_000), status(503));
    await failure(fetchIt({}, { maxFailures: 2 }));
    server.content = content;
    server.answer(wholeFile);
    expect(await fetchIt()).toBe('fetched');
    expect(server.asked[0]?.range).toBeUndefined();
  });

  it('forgets a part whose note a crash cut in half', async () => {
    server.answer(dropped(100_000), status(503));
    await failure(fetchIt({}, { maxFailures: 2 }));
    writeFileSync(`${target}.part.json`, '{"url":"ht');
    server.answer(wholeFile);
    expect(await fetchIt()).toBe('fetched');
    expect(server.asked[0]?.range).toBeUndefined();
  });

  it('takes a part that is complete without asking for more', async () => {
    server.answer(dropped(100_000), status(503));
    await failure(fetchIt({}, { maxFailures: 2 }));
    writeFileSync(`${target}.part`, content);
    server.answer(status(500));
    expect(await fetchIt()).toBe('fetched');
    expect(server.asked).toEqual([]);
  });

  it('keeps nothing of a file with another digest', async () => {
    const { code, message } = await failure(fetchIt({ sha256: 'b'.repeat(64) }));
    expect([code, message]).toEqual(['download_digest_mismatch', expect.stringContaining(server.sha256)]);
    expect(files()).toEqual([]);
  });

  it.each([
    ['says it has another size', undefined, 1],
    ['sends more than it should', unmeasured(Buffer.concat([content, Buffer.from('x')])), 0],
  ])('refuses a server that %s', async (_, answer, extra) => {
    if (answer !== undefined) server.answer(answer);
    expect(await failure(fetchIt({ bytes: content.length + extra }))).toMatchObject({ code: 'download_size_mismatch' });
    expect(files()).toEqual([]);
  });

  it('asks for the rest when a body of unknown length ends early', async () => {
    server.answer(unmeasured(content.subarray(0, 1_000)), wholeFile);
    expect(await fetchIt()).toBe('fetched');
    expect(server.asked[1]?.range).toBe('bytes=1000-');
  });

  it('gives up on a server that promises more than it sends', async () => {
    server.answer(dropAfter(0));
    expect(await failure(fetchIt({}, { maxFailures: 3 }))).toMatchObject({
      code: 'download_failed',
      message: expect.stringContaining('in 3 tries') as string,
    });
    expect(server.asked).toHaveLength(3);
  });

  it('drops a connection on which nothing comes any more', async () => {
    server.answer(stallAfter(100_000), wholeFile);
    expect(await fetchIt({}, { idleMs: 150 })).toBe('fetched');
    expect(server.asked[1]?.range).toBe('bytes=100000-');
  });

  it('waits as long as a busy server wants', async () => {
    const phases: string[] = [];
    server.answer(status(429, { 'retry-after': '1' }), wholeFile);
    const began = performance.now();
    expect(await fetchIt({ onProgress: ({ phase }) => phases.push(phase) })).toBe('fetched');
    expect(performance.now() - began).toBeGreaterThanOrEqual(990);
    expect(phases[0]).toBe('waiting');
  });

  it.each([
    [401, 'download_refused'],
    [403, 'download_refused'],
    [404, 'download_gone'],
    [410, 'download_gone'],
    [400, 'download_failed'],
  ])('does not ask again after status %d', async (code, expected) => {
    server.answer(status(code));
    expect(await failure(fetchIt())).toMatchObject({ code: expected });
    expect(server.asked).toHaveLength(1);
  });

  it('takes the size from the server where the manifest knows none, and insists on one', async () => {
    expect(await fetchIt({ bytes: null })).toBe('fetched');
    rmSync(target);
    server.answer(unmeasured(content));
    expect(await failure(fetchIt({ bytes: null }))).toMatchObject({
      code: 'download_failed',
      message: expect.stringContaining('does not say how large') as string,
    });
  });

  it('asks for nothing when the disk is short, and says by how much', async () => {
    const { code, message } = await failure(fetchIt({}, { freeBytes: () => Promise.resolve(100_000), spareBytes: 1 }));
    expect([code, message]).toEqual([
      'disk_space_short',
      expect.stringMatching(/97\.7 KiB free; modèle\.safetensors needs 293 KiB more/),
    ]);
    expect([server.asked, files()]).toEqual([[], []]);
  });

  it('counts only what is still missing against the disk', async () => {
    server.answer(dropped(250_000), status(503));
    await failure(fetchIt({}, { maxFailures: 2 }));
    server.answer(wholeFile);
    expect(await fetchIt({}, { freeBytes: () => Promise.resolve(60_000) })).toBe('fetched');
  });

  it('notices a short disk by the size that the server says', async () => {
    expect(await failure(fetchIt({ bytes: null }, { freeBytes: () => Promise.resolve(100_000) }))).toMatchObject({
      code: 'disk_space_short',
    });
    expect(existsSync(target)).toBe(false);
  });

  it('refuses files that could hold a program, by their name and by that of the address', async () => {
    for (const name of ['a.ckpt', 'a.pth', 'a.pt', 'a.bin', 'a.gguf', 'a', 'a.safetensors.pth'])
      await expect(fetchFile(wanted({ target: join(folder, name) }))).rejects.toMatchObject({
        code: 'model_format_refused',
      });
    await expect(fetchIt({ url: `${server.origin}/a.zip` })).rejects.toMatchObject({ code: 'model_format_refused' });
    expect(server.asked).toEqual([]);
  });

  it('keeps nothing of a file that is not what its name says, although the digest is right', async () => {
    server.content = Buffer.from('<!doctype html><title>Sign in</title>');
    expect(await failure(fetchIt({ bytes: server.content.length, sha256: server.sha256 }))).toMatchObject({
      code: 'model_format_refused',
    });
    expect(files()).toEqual([]);
  });

  it('follows redirects on this machine, not into the network around it, to plain http or without end', async () => {
    server.answer(status(302, { location: '/elsewhere/a.safetensors' }), wholeFile);
    expect(await fetchIt()).toBe('fetched');
    rmSync(target);
    // Another name for this machine has to be looked up, and may be.
    server.answer(
      status(302, { location: `${server.origin.replace('127.0.0.1', 'localhost')}/elsewhere/a.safetensors` }),
      wholeFile,
    );
    expect(await fetchIt()).toBe('fetched');
    expect(server.asked.map(({ path }) => path)).toEqual(['/a.safetensors', '/elsewhere/a.safetensors']);
    rmSync(target);
    for (const location of [
      'http://10.0.0.1/a.safetensors',
      'https://10.0.0.1/a.safetensors',
      'https://[fd00::1]/a',
      'https://169.254.169.254/latest',
      'http://example.org/a.safetensors',
      'file:///etc/passwd',
    ]) {
      server.answer(status(302, { location }));
      expect([location, (await failure(fetchIt())).code]).toEqual([location, 'download_redirect_refused']);
      expect(server.asked).toHaveLength(1);
    }
    server.answer(status(302, { location: '/again' }));
    expect(await failure(fetchIt())).toMatchObject({
      code: 'download_failed',
      message: expect.stringContaining('redirects more than') as string,
    });
  });

  it('does not write through a link that lies in the way', async () => {
    server.answer(dropAfter(0));
    await failure(fetchIt({}, { maxFailures: 1 }));
    const victim = join(folder, 'victim');
    writeFileSync(victim, 'precious');
    symlinkSync(victim, `${target}.part`);
    server.answer(wholeFile);
    expect(await failure(fetchIt())).toMatchObject({ code: 'ELOOP' });
    expect(readFileSync(victim, 'utf8')).toBe('precious');
  });

  it('stops when told, keeps what came and lets the target go', async () => {
    const stop = new AbortController();
    server.answer(stallAfter(100_000));
    const fetching = failure(fetchIt({ signal: stop.signal }));
    await waitFor(() => existsSync(`${target}.part`) && readFileSync(`${target}.part`).length === 100_000);
    stop.abort(new Error('Ctrl-C'));
    expect(await fetching).toMatchObject({ message: 'Ctrl-C' });
    expect(files()).toEqual(['modèle.safetensors.part', 'modèle.safetensors.part.json']);
  });

  it('lets those of this process that want the same file wait for it', async () => {
    expect(await Promise.all([fetchIt(), fetchIt(), fetchIt()])).toEqual(['fetched', 'present', 'present']);
    expect(server.asked).toHaveLength(1);
  });

  it('lets whoever gives up waiting go at once', async () => {
    const stop = new AbortController();
    server.answer(stallAfter(100_000), wholeFile);
    const first = fetchIt({}, { idleMs: 400 });
    await waitFor(() => server.asked.length === 1);
    const second = failure(fetchIt({ signal: stop.signal }));
    stop.abort(new Error('enough'));
    expect(await second).toMatchObject({ message: 'enough' });
    expect(server.asked).toHaveLength(1);
    expect(await first).toBe('fetched');
  });

  it('reports what it does, in order and up to the end', async () => {
    const seen: DownloadProgress[] = [];
    server.answer(dropped(100_000), wholeFile);
    await fetchIt({ onProgress: (progress) => seen.push(progress) });
    expect(seen.at(-1)).toMatchObject({
      phase: 'receiving',
      receivedBytes: content.length,
      totalBytes: content.length,
    });
    expect(seen.find(({ phase }) => phase === 'waiting')).toMatchObject({
      receivedBytes: 100_000,
      reason: expect.stringContaining('broke') as string,
    });
  });

  it('belongs to one process at a time, and passes to the next when that one dies', async () => {
    server.answer(stallAfter(100_000));
    const child = spawn(
      process.execPath,
      [
        '--require',
        join(repositoryRoot, 'libs', 'testing', 'src', 'register-typescript.cjs'),
        '-e',
        `require(${JSON.stringify(join(__dirname, 'fetch-file.ts'))}).fetchFile(${JSON.stringify(wanted())})`,
      ],
      { cwd: repositoryRoot, stdio: ['ignore', 'inherit', 'inherit'] },
    );
    try {
      await waitFor(() => existsSync(`${target}.part`) && readFileSync(`${target}.part`).length === 100_000);
      expect(await failure(fetchIt())).toMatchObject({
        code: 'download_in_progress',
        message: expect.stringContaining(`process ${child.pid}`) as string,
      });
    } finally {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    server.answer(wholeFile);
    expect(await fetchIt()).toBe('fetched');
    expect(server.asked[0]?.range).toBe('bytes=100000-');
    expect(files()).toEqual(['modèle.safetensors']);
  });
});
