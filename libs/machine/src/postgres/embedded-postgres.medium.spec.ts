// Real: the PostgreSQL server, its processes, signals and files. Nothing is faked.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { join } from 'node:path';
import { Client } from 'pg';
import { startEmbeddedPostgres, type EmbeddedPostgres, type EmbeddedPostgresOptions } from './embedded-postgres';
import { processIdentity } from '@tower/kit';

const home = mkdtempSync(join(tmpdir(), 'tower pg é-'));
const started: EmbeddedPostgres[] = [];

async function start(name: string, options: Partial<EmbeddedPostgresOptions> = {}): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ dataDir: join(home, name), ...options });
  started.push(server);
  return server;
}

async function query<Row extends object>(url: string, sql: string): Promise<Row[]> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}

afterAll(async () => {
  await Promise.all(started.map((server) => server.stop()));
  rmSync(home, { recursive: true, force: true });
});

describe('a fresh data directory', () => {
  it('gives a database that the named role owns without being a superuser', async () => {
    const { url } = await start('fresh');
    const [row] = await query<{ who: string; db: string; super: boolean; createdb: boolean }>(
      url,
      'select current_user as who, current_database() as db, rolsuper as super, rolcreatedb as createdb from ' +
        'pg_roles where rolname = current_user',
    );
    expect(row).toEqual({ who: 'tower', db: 'tower', super: false, createdb: true });
  });

  it('keeps commits, checks pages and lowers letters of every alphabet', async () => {
    const [server] = started;
    const [row] = await query<Record<string, string>>(
      server?.url ?? '',
      `select current_setting('synchronous_commit') as commit, current_setting('data_checksums') as checksums,
        current_setting('listen_addresses') as listens,
              current_setting('idle_in_transaction_session_timeout') as idle, current_setting('max_connections') as
              connections, lower('ÉЖ') as lowered`,
    );
    expect(row).toEqual({
      commit: 'on',
      checksums: 'on',
      listens: '127.0.0.1',
      idle: '10s',
      connections: '250',
      lowered: 'éж',
    });
  });

  it('lets nobody in without the password', async () => {
    const [server] = started;
    await expect(query(`postgres://tower:wrong@127.0.0.1:${server?.port}/tower`, 'select 1')).rejects.toMatchObject({
      code: '28P01',
    });
    expect(statSync(join(home, 'fresh.secret')).mode & 0o777).toBe(0o600);
    expect(statSync(join(home, 'fresh')).mode & 0o777).toBe(0o700);
  });

  it('reports the process id of the server itself, as a child of this process', async () => {
    const [server] = started;
    expect(Number(readFileSync(join(home, 'fresh', 'postmaster.pid'), 'utf8').split('\n')[0])).toBe(server?.pid);
    if (process.platform === 'linux') {
      expect(readFileSync(`/proc/${server?.pid}/comm`, 'utf8').trim()).toBe('postgres');
      expect(readFileSync(`/proc/${server?.pid}/status`, 'utf8')).toContain(`PPid:\t${process.pid}\n`);
    }
  });

  it('leaves nothing of initdb behind, and no password in the arguments', () => {
    expect(readdirSync(home).filter((name) => name.includes('initdb'))).toEqual([]);
    if (process.platform === 'linux')
      expect(readFileSync(`/proc/${started[0]?.pid}/cmdline`, 'utf8')).not.toMatch(/password=|secret/);
  });
});

describe('stopping and starting again', () => {
  it('ends with code 0 while clients are connected, and settles `exited`', async () => {
    const server = await start('stopped');
    const client = new Client({ connectionString: server.url });
    client.on('error', () => undefined);
    await client.connect();
    await server.stop();
    await expect(server.exited).resolves.toEqual({ code: 0, signal: null });
    expect(existsSync(join(home, 'stopped.launcher'))).toBe(false);
    await client.end();
  });

  it('keeps committed rows when the server is killed', async () => {
    const first = await start('killed');
    await query(first.url, 'create table fact(id int primary key); insert into fact select generate_series(1, 1000)');
    process.kill(first.pid, 'SIGKILL');
    await expect(first.exited).resolves.toEqual({ code: null, signal: 'SIGKILL' });
    const second = await start('killed');
    expect(await query(second.url, 'select count(*)::int as count from fact')).toEqual([{ count: 1000 }]);
    await second.stop();
  });

  it('starts over a half-made cluster of a killed initdb', async () => {
    const debris = join(home, 'half.initdb-abcdef', 'data');
    mkdirSync(debris, { recursive: true });
    writeFileSync(join(debris, 'PG_VERSION'), '18\n');
    const server = await start('half');
    expect(existsSync(debris)).toBe(false);
    await server.stop();
  });

  it('makes a new password when the secret file was lost', async () => {
    const first = await start('forgotten');
    await query(first.url, 'create table kept(id int)');
    await first.stop();
    rmSync(join(home, 'forgotten.secret'));
    const second = await start('forgotten');
    expect(second.url).not.toBe(first.url);
    expect(await query(second.url, 'select * from kept')).toEqual([]);
    await second.stop();
  });
});

describe('a lock that an earlier server left', () => {
  const holders: [string, () => Promise<{ pid: number; end: () => void }>][] = [
    ['a number nobody has', async () => ({ pid: 4_000_000, end: () => undefined })],
    ['an unrelated live process of the same user', async () => ({ pid: process.pid, end: () => undefined })],
    ['a zombie', async () => makeZombie()],
  ];

  it.each(holders)('does not keep it from starting when it names %s', async (_, holder) => {
    const { pid, end } = await holder();
    const server = await start('locked');
    await server.stop();
    writeFileSync(
      join(home, 'locked', 'postmaster.pid'),
      `${pid}\n${join(home, 'locked')}\n1795224892\n55999\n\n127.0.0.1\n 16041021         4\nready   \n`,
    );
    const again = await start('locked');
    expect(await query(again.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    await again.stop();
    end();
  });

  /** A child that ended and whose parent never asks how. */
  async function makeZombie(): Promise<{ pid: number; end: () => void }> {
    // The child waits until its parent has become `sleep`: a shell would still ask how it ended.
    const parent = spawn('sh', ['-c', '(read gate <&3) & echo $!; exec sleep 60 3<&-'], {
      stdio: ['ignore', 'pipe', 'ignore', 'pipe'],
    });
    const [line] = (await once(parent.stdout as Readable, 'data')) as [Buffer];
    const pid = Number(line.toString());
    while (!readFileSync(`/proc/${parent.pid}/cmdline`, 'utf8').startsWith('sleep')) await new Promise(setImmediate);
    (parent.stdio[3] as Writable).end();
    while (!readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ')) await new Promise(setImmediate);
    expect(processIdentity(pid)).toBeUndefined();
    return { pid, end: () => parent.kill('SIGKILL') };
  }
});

describe('neighbours', () => {
  it('runs two clusters side by side', async () => {
    const [left, right] = await Promise.all([start('left'), start('right')]);
    await query(left.url, 'create table only_left(id int)');
    await expect(query(right.url, 'select * from only_left')).rejects.toMatchObject({ code: '42P01' });
    expect(left.port).not.toBe(right.port);
    await Promise.all([left.stop(), right.stop()]);
  });

  it('refuses a data directory that a living launcher serves, and leaves its server alone', async () => {
    const server = await start('served');
    await expect(start('served')).rejects.toMatchObject({ kind: 'conflict', code: 'data_dir_in_use' });
    expect(await query(server.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    await server.stop();
  });

  it('says that the given port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    await expect(start('crowded', { port })).rejects.toMatchObject({
      kind: 'conflict',
      code: 'port_in_use',
      message: expect.stringContaining(String(port)),
    });
    other.close();
    const server = await start('crowded', { port });
    expect(server.port).toBe(port);
    await server.stop();
  });

  it('says that the given port is taken by another PostgreSQL', async () => {
    const other = await start('occupant');
    await expect(start('evicted', { port: other.port })).rejects.toMatchObject({ code: 'port_in_use' });
    await other.stop();
  });
});

describe('what cannot work', () => {
  it('shows the end of the log when the server refuses its settings', async () => {
    await expect(start('refused', { settings: { shared_buffers: 'plenty' } })).rejects.toMatchObject({
      code: 'postgres_exited',
      message: expect.stringContaining('invalid value for parameter "shared_buffers"'),
    });
  });

  it('touches no folder that holds something else', async () => {
    mkdirSync(join(home, 'photos'));
    writeFileSync(join(home, 'photos', 'holiday.jpg'), 'x');
    await expect(start('photos')).rejects.toMatchObject({ code: 'postgres_data_dir_not_empty' });
    expect(readdirSync(join(home, 'photos'))).toEqual(['holiday.jpg']);
  });

  it('refuses a cluster of another major version', async () => {
    mkdirSync(join(home, 'old'));
    writeFileSync(join(home, 'old', 'PG_VERSION'), '15\n');
    await expect(start('old')).rejects.toMatchObject({ code: 'postgres_version_mismatch' });
  });
});
