// Real: the services' programs with the settings of docker-compose.yml, PostgreSQL, and NATS with deploy/nats.conf.
// Changed: addresses and ports, because everything shares one machine here; containers are not used.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { healthView, serviceNames } from '@tower/contracts';
import { findNatsServer, freePort } from '@tower/machine';
import { createTestDatabase, waitFor, type TestDatabase } from '@tower/testing';
import { environmentOf, readCompose, root, serviceOf } from './compose';

describe('the settings of docker-compose.yml', () => {
  const compose = readCompose();
  const folder = mkdtempSync(join(tmpdir(), 'tower-compose-'));
  const children: ChildProcess[] = [];
  const output: string[] = [];
  let database: TestDatabase;

  const start = (program: string, args: string[], env: NodeJS.ProcessEnv): void => {
    const child = spawn(program, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
    children.push(child);
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => output.push(chunk.toString()));
  };

  afterAll(async () => {
    for (const child of children.reverse()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
    await database.drop();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  it('bring up six services that are ready, behind a gateway that says so', async () => {
    chmodSync(folder, 0o755);
    database = await createTestDatabase();
    const [natsPort, monitorPort, gatewayPort] = [await freePort(), await freePort(), await freePort()];
    const { path: nats } = await findNatsServer({ cacheDir: join(root, '.cache', 'nats') });
    const natsConfig = join(folder, 'nats.conf');
    copyFileSync(join(root, 'deploy', 'nats-users.conf'), join(folder, 'nats-users.conf'));
    writeFileSync(
      natsConfig,
      readFileSync(join(root, 'deploy', 'nats.conf'), 'utf8').replace(
        'store_dir: /data',
        `store_dir: ${JSON.stringify(join(folder, 'nats'))}`,
      ),
    );
    start(
      nats,
      ['--config', natsConfig, '--addr', '127.0.0.1', '--port', String(natsPort), '--http_port', String(monitorPort)],
      { ...process.env, ...environmentOf(serviceOf(compose, 'nats')) },
    );

    const here: Record<string, string> = {
      DATABASE_URL: database.url,
      TOWER_PORT: String(gatewayPort),
      TOWER_LIBRARY: join(folder, 'library'),
      TOWER_GPUS_FILE: join(root, 'config', 'gpus.yaml'),
      TOWER_MODELS_FILE: join(root, 'config', 'models.yaml'),
      // Nobody is meant to hear of this test.
      ECHO_URL: 'http://127.0.0.1:9',
      OPS_HOST: '127.0.0.1',
    };
    const natsHere = (url = ''): string => url.replace('@nats:4222', `@127.0.0.1:${natsPort}`);
    const setup = serviceOf(compose, 'nats-setup');
    start(process.execPath, (setup.command ?? []).slice(1), {
      PATH: process.env['PATH'],
      NATS_URL: natsHere(environmentOf(setup)['NATS_URL']),
    });
    const [code] = (await once(children.at(-1) as ChildProcess, 'exit')) as [number];
    expect({ code, output: output.join('') }).toMatchObject({
      code: 0,
      output: expect.stringContaining('are as Tower needs them') as string,
    });

    for (const name of serviceNames) {
      const service = serviceOf(compose, name);
      const { command = [] } = service;
      const environment = environmentOf(service);
      const settings = Object.fromEntries(
        Object.entries(environment).map(([key, value]) => [
          key,
          key === 'NATS_URL' ? natsHere(value) : (here[key] ?? value),
        ]),
      );
      start(process.execPath, command.slice(1), {
        PATH: process.env['PATH'],
        NODE_ENV: 'production',
        ...settings,
        OPS_PORT: String(await freePort()),
      });
    }

    const health = await waitFor(
      async () => {
        const response = await fetch(`http://127.0.0.1:${gatewayPort}/health`);
        return response.status === 200 ? healthView.parse(await response.json()) : undefined;
      },
      { timeoutMs: 60_000, describe: '/health to be well' },
    ).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${output.join('').slice(-4_000)}`);
    });
    expect(Object.values(health.parts).filter((part) => !part.ok)).toEqual([]);
    expect(children.filter((child) => child.exitCode !== null).map((child) => child.spawnargs.slice(-2))).toEqual([
      ['nats', 'setup'],
    ]);
    expect(output.join('')).not.toContain('Violation');

    const monitor = (await (await fetch(`http://127.0.0.1:${monitorPort}/jsz?config=true`)).json()) as {
      config: { sync_interval?: number; sync_always?: boolean };
      streams: number;
    };
    expect(monitor.config).toMatchObject({ sync_always: true });
    expect(monitor.streams).toBeGreaterThan(0);
  }, 90_000);
});
