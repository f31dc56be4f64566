// Real: the nats-server program, its store, its processes and the signals that kill them.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { processIdentity } from '@tower/kit';
import { connect, StorageType, type ConnectionOptions, type NatsConnection } from 'nats';
import { startNatsServer, type EmbeddedNats, type EmbeddedNatsOptions } from './embedded-nats';
import { findNatsServer } from './find-nats-server';

const repository = join(__dirname, '../../../..');
const home = mkdtempSync(join(tmpdir(), 'tower "nats" é-'));
const started: EmbeddedNats[] = [];
let bin = '';

async function start(name: string, options: Partial<EmbeddedNatsOptions> = {}): Promise<EmbeddedNats> {
  const server = await startNatsServer({ bin, storeDir: join(home, name), ...options });
  started.push(server);
  return server;
}

async function use<T>(
  server: { url: string },
  work: (connection: NatsConnection) => Promise<T>,
  options: ConnectionOptions = {},
): Promise<T> {
  const connection = await connect({ servers: server.url, reconnect: false, ...options });
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}

const publish = (server: { url: string }, count: number): Promise<void> =>
  use(server, async (connection) => {
    await (
      await connection.jetstreamManager()
    ).streams.add({ name: 'FACTS', subjects: ['facts'], storage: StorageType.File });
    for (let index = 0; index < count; index += 1) await connection.jetstream().publish('facts', `${index}`);
  });

const countStored = (server: { url: string }): Promise<number> =>
  use(server, async (connection) => (await (await connection.jetstreamManager()).streams.info('FACTS')).state.messages);

beforeAll(async () => {
  bin =
    process.env['TOWER_TEST_NATS_BIN'] ?? (await findNatsServer({ cacheDir: join(repository, '.cache', 'nats') })).path;
}, 300_000);
afterAll(async () => {
  await Promise.all(started.map((server) => server.stop()));
  rmSync(home, { recursive: true, force: true });
});

describe('a started server', () => {
  it('answers on the loopback with JetStream, syncing every message, by a configuration only we may read', async () => {
    const server = await start('fresh');
    await publish(server, 3);
    expect(await countStored(server)).toBe(3);
    const configFile = join(home, 'fresh.conf');
    expect(statSync(configFile).mode & 0o777).toBe(0o600);
    expect(readFileSync(configFile, 'utf8')).toMatch(/sync_interval: always/);
    expect(await use(server, async (connection) => connection.info?.max_payload)).toBe(8 * 1024 * 1024);
    if (process.platform === 'linux')
      expect(readFileSync(`/proc/${server.pid}/status`, 'utf8')).toMatch(
        new RegExp(`^Name:\\tnats-server$[^]*^PPid:\\t${process.pid}$`, 'm'),
      );
    await server.stop();
    await expect(server.exited).resolves.toMatchObject({ signal: null });
  });

  it('asks for the token when one was set', async () => {
    const server = await start('guarded', { token: 'clé "quoted"' });
    await expect(use(server, async () => undefined)).rejects.toMatchObject({ code: 'AUTHORIZATION_VIOLATION' });
    await use(server, async (connection) => expect(connection.info?.jetstream).toBe(true), { token: 'clé "quoted"' });
    await server.stop();
  });

  it('keeps what it acknowledged when it is killed', async () => {
    const first = await start('killed');
    await publish(first, 50);
    process.kill(first.pid, 'SIGKILL');
    await expect(first.exited).resolves.toEqual({ code: null, signal: 'SIGKILL' });
    const second = await start('killed');
    expect(await countStored(second)).toBe(50);
    await second.stop();
  });
});

describe('neighbours', () => {
  it('runs two servers side by side', async () => {
    const [left, right] = await Promise.all([start('left'), start('right')]);
    await publish(left, 1);
    await expect(countStored(right)).rejects.toThrow(/stream not found/);
    await Promise.all([left.stop(), right.stop()]);
  });

  it('refuses a store that a living launcher serves', async () => {
    const server = await start('served');
    await expect(start('served')).rejects.toMatchObject({ kind: 'conflict', code: 'data_dir_in_use' });
    await server.stop();
  });

  it('says that the given port is taken, whoever took it', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    await expect(start('crowded', { port: (silent.address() as { port: number }).port })).rejects.toMatchObject({
      code: 'port_in_use',
    });
    silent.close();
    const other = await start('occupant');
    await expect(start('crowded', { port: other.port })).rejects.toMatchObject({ code: 'port_in_use' });
    await other.stop();
  });
});

describe('a launcher that was killed', () => {
  interface Launcher {
    process: ChildProcess;
    server: { pid: number; url: string };
  }

  async function startLauncher(name: string): Promise<Launcher> {
    const options = JSON.stringify({ bin, storeDir: join(home, name) });
    const script =
      `require(${JSON.stringify(join(__dirname, 'embedded-nats.ts'))}).startNatsServer(${options}).then(({ ` +
      `pid, url }) => console.log(JSON.stringify({ pid, url })));`;
    const launcher = spawn(
      process.execPath,
      ['--require', join(repository, 'libs/testing/src/register-typescript.cjs'), '--eval', script],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const [line] = (await once(createInterface(launcher.stdout), 'line')) as [string];
    return { process: launcher, server: JSON.parse(line) as Launcher['server'] };
  }

  const onLinux = process.platform === 'linux' ? it : it.skip;

  onLinux('takes its server with it (skipped elsewhere: only Linux has a parent-death signal)', async () => {
    const launcher = await startLauncher('follows');
    launcher.process.kill('SIGKILL');
    for (let waitedMs = 0; processIdentity(launcher.server.pid) !== undefined && waitedMs < 10_000; waitedMs += 10)
      await delay(10);
    expect(processIdentity(launcher.server.pid)).toBeUndefined();
  });

  it('leaves an orphan that the next start ends before it begins', async () => {
    const launcher = await startLauncher('orphan');
    await publish(launcher.server, 5);
    // A stopped server obeys no polite signal, not even the one that its launcher's death sends.
    process.kill(launcher.server.pid, 'SIGSTOP');
    launcher.process.kill('SIGKILL');
    await once(launcher.process, 'exit');
    setTimeout(() => process.kill(launcher.server.pid, 'SIGCONT'), 200);
    const next = await start('orphan');
    expect(processIdentity(launcher.server.pid)).toBeUndefined();
    expect(await countStored(next)).toBe(5);
    await next.stop();
  });
});

it('shows the end of the log when the server does not start', async () => {
  await expect(start('refused', { bin: '/bin/false' })).rejects.toMatchObject({
    code: 'nats_exited',
    message: expect.stringContaining('exit code 1'),
  });
});
