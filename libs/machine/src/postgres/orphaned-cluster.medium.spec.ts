// Real: a second launcher process, its PostgreSQL, and the signals that kill them.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { findServersIn, processIdentity } from '@tower/kit';
import { Client } from 'pg';
import { signalIfAlive } from '../processes/stop-process';
import { startEmbeddedPostgres } from './embedded-postgres';

const home = mkdtempSync(join(tmpdir(), 'tower-orphan-'));
const register = join(__dirname, '../../../testing/src/register-typescript.cjs');

interface Launcher {
  process: ChildProcess;
  server: { pid: number; url: string };
}

/** Another Node process that starts the server. `env` may hide setpriv from it, so that the server outlives it. */
async function startLauncher(dataDir: string, env: NodeJS.ProcessEnv = {}): Promise<Launcher> {
  const script = `
    const { startEmbeddedPostgres } = require(${JSON.stringify(join(__dirname, 'embedded-postgres.ts'))});
    startEmbeddedPostgres({ dataDir: ${JSON.stringify(dataDir)} })
      .then(({ pid, url }) => console.log(JSON.stringify({ pid, url })));`;
  const launcher = spawn(process.execPath, ['--require', register, '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  });
  const [line] = (await once(createInterface(launcher.stdout), 'line')) as [string];
  return { process: launcher, server: JSON.parse(line) as Launcher['server'] };
}

async function kill(launcher: Launcher): Promise<void> {
  launcher.process.kill('SIGKILL');
  await once(launcher.process, 'exit');
}

async function untilGone(pid: number): Promise<void> {
  for (let waitedMs = 0; processIdentity(pid) !== undefined; waitedMs += 10) {
    if (waitedMs > 10_000) throw new Error(`process ${pid} still lives after 10 s`);
    await delay(10);
  }
}

async function connect(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

afterAll(() => rmSync(home, { recursive: true, force: true }));

describe('a launcher that was killed', () => {
  const onLinux = process.platform === 'linux' ? it : it.skip;

  onLinux('takes its server with it (skipped elsewhere: only Linux has a parent-death signal)', async () => {
    const launcher = await startLauncher(join(home, 'follows'));
    await kill(launcher);
    await untilGone(launcher.server.pid);
    expect(readFileSync(join(home, 'follows.log'), 'utf8')).toContain('database system is shut down');
  });

  it('leaves an orphan that the next start ends before it begins', async () => {
    const dataDir = join(home, 'orphan');
    const launcher = await startLauncher(dataDir);
    const client = await connect(launcher.server.url);
    await client.query('create table fact(id int); insert into fact values (1)');
    // A stopped server obeys no polite signal, not even the one that its launcher's death sends.
    process.kill(launcher.server.pid, 'SIGSTOP');
    await kill(launcher);
    expect(findServersIn(dataDir, 'postgres')).toContain(launcher.server.pid);
    setTimeout(() => signalIfAlive(launcher.server.pid, 'SIGCONT'), 200);

    const next = await startEmbeddedPostgres({ dataDir });
    expect(processIdentity(launcher.server.pid)).toBeUndefined();
    const again = await connect(next.url);
    expect((await again.query('select * from fact')).rows).toEqual([{ id: 1 }]);
    await again.end();
    await next.stop();
    await client.end().catch(() => undefined);
  });

  it('does not keep the data locked when the server was killed too, with a backend still at work', async () => {
    const dataDir = join(home, 'both');
    const launcher = await startLauncher(dataDir);
    const client = await connect(launcher.server.url);
    const busy = client.query('do $$ begin loop perform 1; end loop; end $$').catch((error: unknown) => error);
    await delay(100);
    process.kill(launcher.server.pid, 'SIGKILL');
    await kill(launcher);
    await untilGone(launcher.server.pid);

    const next = await startEmbeddedPostgres({ dataDir });
    expect(await busy).toBeInstanceOf(Error);
    const again = await connect(next.url);
    expect((await again.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    await again.end();
    await next.stop();
  });
});
