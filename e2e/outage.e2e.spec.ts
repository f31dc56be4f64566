// Real: every process of a Tower, PostgreSQL and NATS of our own that come and go; that NATS knows Tower's users and
// nobody else. Simulated: one card that comes and goes.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { natsUsers, withUser, type NatsUserName } from '@tower/bus';
import { routes, type JobView } from '@tower/contracts';
import { findNatsServer, startNatsServer, freePort, startEmbeddedPostgres } from '@tower/machine';
import { waitFor } from '@tower/testing';
import { expectCardsNeverShared, expectJobWhole } from './invariants';
import { newHome, readExecutions, TowerProcess } from './tower-process';

const root = resolve(__dirname, '..');
const awayMs = 10_000;

const passwords = (user: NatsUserName): string => `of-${user}-alone`;
const natsUsersOf = (url: string): NodeJS.ProcessEnv =>
  Object.fromEntries(
    natsUsers.map((user) => [`NATS_URL_${user.toUpperCase().replaceAll('-', '_')}`, withUser(url, user, passwords)]),
  );

interface Server {
  readonly url: string;
  readonly port: number;
  stop(): Promise<void>;
}

describe('things that are away for a while', () => {
  const home = newHome();
  const executionLog = join(home, 'executions.jsonl');
  let postgres: Server;
  let nats: Server;
  let card: ChildProcess;
  let cardPort: number;
  let tower: TowerProcess;
  let projectId: string;
  const jobs: JobView[] = [];

  const startPostgres = (port?: number): Promise<Server> =>
    startEmbeddedPostgres({ dataDir: join(home, 'postgres', 'data'), ...(port === undefined ? {} : { port }) });
  const startNats = async (port?: number): Promise<Server> => {
    const { path: bin } = await findNatsServer({ cacheDir: join(root, '.cache', 'nats') });
    return startNatsServer({ bin, storeDir: join(home, 'nats'), passwords, ...(port === undefined ? {} : { port }) });
  };
  const startCard = async (...faults: string[]): Promise<ChildProcess> => {
    const args = [
      ...faults.flatMap((fault) => ['--fault', fault]),
      '--profile',
      'rtx3060',
      '--port',
      String(cardPort),
      '--time-scale',
      '0.1',
      '--home',
      join(home, 'card'),
      '--execution-log',
      executionLog,
    ];
    const child = spawn(process.execPath, [join(root, 'apps', 'comfy-sim', 'dist', 'main.js'), ...args], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    await once(child, 'message');
    return child;
  };
  const request = async (count: number): Promise<string[]> => {
    const ids: string[] = [];
    for (let n = 0; n < count; n++)
      ids.push(
        (
          await tower.api.call(routes.generate, {
            body: {
              project_id: projectId,
              job_type: 'still_image',
              prompt: `picture ${n}`,
              width: 128,
              height: 192,
              steps: 12,
            },
          })
        ).job_id,
      );
    return ids;
  };
  const finish = async (ids: readonly string[]): Promise<void> => {
    for (const id of ids)
      await waitFor(async () => (await tower.api.call(routes.getJob, { params: { id } })).ended_at !== null, {
        timeoutMs: 60_000,
        describe: `job ${id} is over`,
      });
    for (const id of ids) jobs.push(await expectJobWhole(tower.api, tower.library, id));
  };
  const startsOnCard = (): number => readExecutions(executionLog).filter((entry) => entry.event === 'start').length;

  beforeAll(async () => {
    cardPort = await freePort();
    [postgres, nats, card] = await Promise.all([startPostgres(), startNats(), startCard()]);
    tower = await TowerProcess.start({
      env: {
        DATABASE_URL: postgres.url,
        NATS_URL: nats.url,
        ...natsUsersOf(nats.url),
        TOWER_GPUS: `solo=http://127.0.0.1:${cardPort}`,
      },
    });
    projectId = (await tower.api.call(routes.createProject, { body: { name: 'Outage drill' } })).id;
  }, 120_000);

  afterAll(async () => {
    await tower.remove();
    card.kill('SIGKILL');
    await Promise.all([postgres.stop(), nats.stop()]);
    rmSync(home, { recursive: true, force: true });
  });

  it('starts neither servers nor simulators when they are given', () => {
    expect(Object.keys(tower.pids()).sort()).toEqual([
      'characters',
      'echo-bridge',
      'gateway',
      'projects',
      'quality',
      'rendering',
    ]);
    expect(tower.readyLine()).not.toContain('SIMULATED');
  });

  it.each(['postgres', 'nats'] as const)(
    'survives %s being away for 10 s: no process ends, nothing is lost, clients are told',
    async (server) => {
      const pids = tower.pids();
      const before = startsOnCard();
      const ids = await request(5);
      await waitFor(() => startsOnCard() > before, { describe: 'the card works' });

      await (server === 'postgres' ? postgres : nats).stop();
      const stoppedAt = performance.now();
      await waitFor(async () => (await fetch(`${tower.url}/health`)).status === 503, {
        timeoutMs: awayMs,
        describe: '/health tells it',
      });
      const refusal = await fetch(`${tower.url}/api/anime/projects`);
      expect(refusal.status).toBe(503);
      expect(await refusal.json()).toMatchObject({ status: 503, code: expect.any(String) as string });
      await sleep(Math.max(0, awayMs - (performance.now() - stoppedAt)));
      if (server === 'postgres') postgres = await startPostgres(postgres.port);
      else nats = await startNats(nats.port);
      const backAt = performance.now();
      await waitFor(async () => (await fetch(`${tower.url}/health`)).status === 200, {
        timeoutMs: 20_000,
        describe: '/health is well again',
      });
      process.stderr.write(
        `after ${server} came back, everything was well within ${Math.round(performance.now() - backAt)} ms\n`,
      );

      await finish(ids);
      expect(tower.pids()).toEqual(pids);
      expectCardsNeverShared({ solo: readExecutions(executionLog) }, jobs);
    },
    120_000,
  );

  it('keeps a job queued while its card does not answer, says why, and renders it when the card is back', async () => {
    card.kill('SIGKILL');
    await once(card, 'exit');
    const cardState = async (): Promise<string | undefined> =>
      (await tower.api.call(routes.getStatus, {})).rendering?.gpus[0]?.state;
    await waitFor(async () => (await cardState()) === 'down', {
      timeoutMs: 20_000,
      describe: '/status shows the card down',
    });
    const [id = ''] = await request(1);
    const waiting = await tower.api.call(routes.getJob, { params: { id } });
    expect(waiting).toMatchObject({ status: 'queued', gpu: null });
    expect(waiting.stage).toContain('solo');
    const { rendering } = await tower.api.call(routes.getStatus, {});
    expect(rendering?.gpus[0]?.detail).toContain(String(cardPort));

    card = await startCard();
    await finish([id]);
  }, 90_000);

  it('ends the demo with 1 and says what to do when a card cannot make a picture', async () => {
    card.kill('SIGKILL');
    await once(card, 'exit');
    card = await startCard('oom*1000');
    const cardState = async (): Promise<string | undefined> =>
      (await tower.api.call(routes.getStatus, {})).rendering?.gpus[0]?.state;
    await waitFor(async () => (await cardState()) === 'idle', {
      timeoutMs: 20_000,
      describe: 'the card to be seen again',
    });
    const demo = TowerProcess.spawn({ home: tower.home, args: ['demo', '--count', '1'] });
    expect(await demo.exited).toBe(1);
    expect(demo.stdout.at(-1)).toMatch(/^Job [0-9a-f-]{36} failed: comfyui_out_of_memory: .*smaller size/);
  }, 60_000);
});
