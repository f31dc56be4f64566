// Real: the file system, the programs that are run, an HTTP server for the releases, and, in one test, the network.
// Small scripts that print a version stand in for nats-server.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { findNatsServer } from './find-nats-server';
import { officialReleases, releaseTarget, type ReleaseSource } from './release-archive';

const home = mkdtempSync(join(tmpdir(), 'tower nats é-'));
const systemPath = process.env['PATH'];
const noApt = join(home, 'no-apt');

function fakeServer(path: string, version: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\necho "nats-server: v${version}"\n`);
  chmodSync(path, 0o755);
  return path;
}

beforeEach(() => {
  delete process.env['NATS_SERVER_BIN'];
  delete process.env['NATS_DEBIAN_SUITE'];
  process.env['PATH'] = '/usr/bin:/bin';
});
afterAll(() => {
  process.env['PATH'] = systemPath;
  rmSync(home, { recursive: true, force: true });
});

describe('NATS_SERVER_BIN', () => {
  it('wins over everything else', async () => {
    process.env['PATH'] = `${dirname(fakeServer(join(home, 'path1', 'nats-server'), '2.11.0'))}:/usr/bin:/bin`;
    process.env['NATS_SERVER_BIN'] = fakeServer(join(home, 'named', 'my nats'), '2.12.3');
    expect(await findNatsServer({ cacheDir: join(home, 'unused') })).toEqual({
      path: process.env['NATS_SERVER_BIN'],
      version: '2.12.3',
    });
  });

  it.each(['2.9.10', '1.4.1'])('is refused when it names version %s', async (version) => {
    process.env['NATS_SERVER_BIN'] = fakeServer(join(home, 'old', 'nats-server'), version);
    await expect(findNatsServer({ cacheDir: join(home, 'unused') })).rejects.toMatchObject({
      kind: 'invalid',
      code: 'nats_server_too_old',
      message: expect.stringContaining('2.10 or newer'),
    });
  });

  it.each(['/no/such/file', '/bin/true'])('is refused when it names %s', async (path) => {
    process.env['NATS_SERVER_BIN'] = path;
    await expect(findNatsServer({ cacheDir: join(home, 'unused') })).rejects.toMatchObject({
      code: 'nats_server_unusable',
      message: expect.stringContaining(path),
    });
  });
});

describe('PATH', () => {
  const unreachable: ReleaseSource = { ...officialReleases, baseUrl: 'http://127.0.0.1:1' };

  it('is searched in order, passing over what is too old or does not run', async () => {
    const folders = ['2.9.25', '2.10.4-beta.1', '2.11.1'].map((version) =>
      dirname(fakeServer(join(home, version, 'nats-server'), version)),
    );
    const broken = join(home, 'broken');
    mkdirSync(broken);
    writeFileSync(join(broken, 'nats-server'), 'no program', { mode: 0o755 });
    process.env['PATH'] = [broken, ...folders, '/usr/bin', '/bin'].join(':');
    const log: string[] = [];
    const options = {
      cacheDir: join(home, 'path-cache'),
      etcApt: noApt,
      releases: unreachable,
      log: (line: string) => log.push(line),
    };
    expect(await findNatsServer(options)).toMatchObject({ version: '2.10.4-beta.1' });
    const passedOver = [expect.stringContaining('does not run'), expect.stringContaining('older than 2.10')];
    expect(log).toEqual([
      ...passedOver,
      expect.stringContaining('downloading'),
      expect.stringContaining('nats_download_failed'),
    ]);

    log.length = 0;
    expect(await findNatsServer(options)).toMatchObject({ version: '2.10.4-beta.1' });
    // Not again on the same day.
    expect(log).toEqual(passedOver);
    const [mark = ''] = readdirSync(options.cacheDir);
    utimesSync(join(options.cacheDir, mark), new Date(0), new Date(0));
    await findNatsServer(options);
    expect(log.filter((line) => line.startsWith('downloading'))).toHaveLength(1);
  });

  it('gives a server without known vulnerabilities before one with them, and no download is tried then', async () => {
    const folders = ['2.10.27', '2.14.5'].map((version) =>
      dirname(fakeServer(join(home, `order-${version}`, 'nats-server'), version)),
    );
    process.env['PATH'] = [...folders, '/usr/bin', '/bin'].join(':');
    const log: string[] = [];
    expect(
      await findNatsServer({
        cacheDir: join(home, 'order-cache'),
        etcApt: noApt,
        releases: unreachable,
        log: (line) => log.push(line),
      }),
    ).toMatchObject({ version: '2.14.5' });
    expect(log).toEqual([]);
  });
});

describe('a release of the project', () => {
  const version = '9.8.7';
  const machine = releaseTarget() ?? '';
  const name = `nats-server-v${version}-${machine}`;
  const served = new Map<string, Buffer>();
  let requests: string[] = [];
  let server: Server;
  let releases: ReleaseSource;

  beforeAll(async () => {
    fakeServer(join(home, 'release', name, 'nats-server'), version);
    execFileSync('tar', ['-czf', join(home, 'release', 'archive'), '-C', join(home, 'release'), name]);
    const archive = readFileSync(join(home, 'release', 'archive'));
    served.set(`/v${version}/${name}.tar.gz`, archive);
    server = createServer((request, response) => {
      requests.push(request.url ?? '');
      const body = served.get(request.url ?? '');
      response.writeHead(body === undefined ? 404 : 200).end(body);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    releases = {
      baseUrl: `http://127.0.0.1:${port}`,
      version,
      checksums: { [machine]: createHash('sha256').update(archive).digest('hex') },
    };
  });
  beforeEach(() => {
    requests = [];
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  it('is downloaded once and then taken from the cache', async () => {
    const cacheDir = join(home, 'cache1');
    const first = await findNatsServer({ cacheDir, etcApt: noApt, releases });
    expect(first).toMatchObject({ version, path: expect.stringContaining(cacheDir) });
    expect(await findNatsServer({ cacheDir, etcApt: noApt, releases })).toEqual(first);
    expect(requests).toHaveLength(1);
    expect(readdirSync(cacheDir)).toEqual([`release-${version}-${machine}`]);
  });

  it('is preferred to an older server of this machine', async () => {
    process.env['PATH'] = `${dirname(fakeServer(join(home, 'older', 'nats-server'), '2.10.27'))}:/usr/bin:/bin`;
    expect(await findNatsServer({ cacheDir: join(home, 'cache8'), etcApt: noApt, releases })).toMatchObject({
      version,
    });
  });

  it('is whole for each of several that look for it at once, and debris of a dead download goes', async () => {
    const cacheDir = join(home, 'cache2');
    mkdirSync(join(cacheDir, 'download-4000000-abc'), { recursive: true });
    const found = await Promise.all(
      Array.from({ length: 4 }, () => findNatsServer({ cacheDir, etcApt: noApt, releases })),
    );
    expect(new Set(found.map(({ path }) => path)).size).toBe(1);
    expect(readdirSync(cacheDir)).toHaveLength(1);
  });

  it('is downloaded again when what is in the cache does not run', async () => {
    const cacheDir = join(home, 'cache3');
    const { path } = await findNatsServer({ cacheDir, etcApt: noApt, releases });
    writeFileSync(path, 'cut off');
    expect(await findNatsServer({ cacheDir, etcApt: noApt, releases })).toEqual({ path, version });
  });

  it('is refused when its checksum is another', async () => {
    const forged = { ...releases, checksums: { [machine]: 'f'.repeat(64) } };
    const cacheDir = join(home, 'cache4');
    await expect(findNatsServer({ cacheDir, etcApt: noApt, releases: forged })).rejects.toMatchObject({
      code: 'nats_server_not_found',
      message: expect.stringContaining('nats_download_checksum'),
    });
    expect(existsSync(cacheDir)).toBe(false);
  });

  it('is checked against the published list where no checksum is pinned', async () => {
    const unpinned = { ...releases, checksums: {} };
    await expect(
      findNatsServer({ cacheDir: join(home, 'cache5'), etcApt: noApt, releases: unpinned }),
    ).rejects.toMatchObject({ message: expect.stringContaining('HTTP status 404') });
    served.set(
      `/v${version}/SHA256SUMS`,
      Buffer.from(`${'0'.repeat(64)}  other.tar.gz\n${releases.checksums[machine]}  ${name}.tar.gz\n`),
    );
    expect(await findNatsServer({ cacheDir: join(home, 'cache5'), etcApt: noApt, releases: unpinned })).toMatchObject({
      version,
    });
    served.set(`/v${version}/SHA256SUMS`, Buffer.from(`${'0'.repeat(64)}  ${name}.tar.gz\n`));
    await expect(
      findNatsServer({ cacheDir: join(home, 'cache6'), etcApt: noApt, releases: unpinned }),
    ).rejects.toMatchObject({ message: expect.stringContaining('was changed on the way') });
  });

  it('pins the checksum of every Linux machine that PostgreSQL comes for', () => {
    for (const arch of ['x64', 'arm64', 'arm', 'ia32', 'ppc64'])
      expect(officialReleases.checksums[releaseTarget('linux', arch) ?? '']).toMatch(/^[0-9a-f]{64}$/);
  });

  it('does not exist for Windows, and the message names the way out', async () => {
    expect(releaseTarget('win32', 'x64')).toBeUndefined();
    const gone = { ...releases, baseUrl: 'http://127.0.0.1:1' };
    await expect(
      findNatsServer({ cacheDir: join(home, 'cache7'), etcApt: noApt, releases: gone }),
    ).rejects.toMatchObject({ kind: 'unavailable', message: expect.stringContaining('NATS_SERVER_BIN') });
  });
});

it('refuses a suite name that would end up somewhere else', async () => {
  process.env['NATS_DEBIAN_SUITE'] = '../trixie';
  await expect(findNatsServer({ cacheDir: join(home, 'unused') })).rejects.toMatchObject({
    code: 'nats_debian_suite_invalid',
  });
});

it('finds a usable server for this machine (needs the network on its first run)', async () => {
  process.env['PATH'] = systemPath;
  const { version } = await findNatsServer({ cacheDir: join(__dirname, '../../../../.cache/nats') });
  expect(version).toMatch(/^2\.\d\d/);
}, 300_000);
