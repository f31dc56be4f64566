// Real: npm start, signals, kill -9, the processes of a Tower. Simulated: the two cards.
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { routes, serviceNames } from '@tower/contracts';
import { startTestNats, waitFor } from '@tower/testing';
import { isAlive, newHome, TowerProcess } from './tower-process';

describe('the launcher', () => {
  const home = newHome();
  const towers: TowerProcess[] = [];
  const launch = (options: Parameters<typeof TowerProcess.spawn>[0] = {}): TowerProcess => {
    const tower = TowerProcess.spawn({ home, ...options });
    towers.push(tower);
    return tower;
  };
  const launcherPid = (): number => (JSON.parse(readFileSync(join(home, 'tower.json'), 'utf8')) as { pid: number }).pid;
  const expectNothingLeft = (pids: Record<string, number>): void => {
    expect(Object.entries(pids).filter(([, pid]) => isAlive(pid))).toEqual([]);
    expect(readdirSync(join(home, 'run'))).toEqual([]);
    expect(readdirSync(home).filter((name) => name === 'tower.json' || name.endsWith('.launcher'))).toEqual([]);
  };

  afterAll(async () => {
    // Politely: a launcher that is killed leaves its children to notice by themselves.
    for (const tower of towers) await tower.stop();
    rmSync(home, { recursive: true, force: true });
  });

  let projectId: string;

  it('starts with npm start; Ctrl-C, which reaches npm and the launcher alike, ends everything in order', async () => {
    const tower = launch({ command: ['npm', 'start'], ownGroup: true });
    await tower.untilReady();
    projectId = (await tower.api.call(routes.createProject, { body: { name: 'Kept over every end' } })).id;
    const pids = { ...tower.pids(), launcher: launcherPid() };
    expect(Object.keys(pids).sort()).toEqual([
      'characters',
      'echo-bridge',
      'gateway',
      'launcher',
      'nats',
      'postgres',
      'projects',
      'quality',
      'rendering',
      'sim-rtx3060',
      'sim-rx9070xt',
    ]);

    const group = tower.child.pid ?? 0;
    process.kill(-group, 'SIGINT');
    await tower.exited;
    await waitFor(() => !isAlive(pids.launcher), { timeoutMs: 15_000, describe: 'the launcher is gone' });
    expectNothingLeft(pids);
    const stops = tower
      .log()
      .flatMap((line) =>
        line['service'] === 'launcher' ? (/^(\S+) stopped \((.*)\)$/.exec(String(line['msg']))?.slice(1, 3) ?? []) : [],
      );
    // Pairs of name and end: the door first, the database last, nobody killed.
    expect(stops[0]).toBe('gateway');
    expect(stops.slice(-2)[0]).toBe('postgres');
    expect(stops.filter((word) => word.includes('SIGKILL'))).toEqual([]);
  }, 180_000);

  describe('started again', () => {
    let tower: TowerProcess;

    beforeAll(async () => {
      tower = launch();
      await tower.untilReady();
    }, 120_000);

    it('has kept what was made before', async () => {
      expect(await tower.api.call(routes.getProject, { params: { id: projectId } })).toMatchObject({
        name: 'Kept over every end',
      });
    });

    it('counts in each process exactly what docs/metrics.md lists for it', async () => {
      const page = readFileSync(join(__dirname, '..', 'docs', 'metrics.md'), 'utf8');
      const sections = page.split(/^## /m).slice(1);
      const listed = (title: string): string[] =>
        sections
          .filter((section) => section.startsWith(title))
          .flatMap((section) => [...section.matchAll(/^\| `(\w+)` \|/gm)].map((row) => row[1] ?? ''));
      const targets = JSON.parse(readFileSync(join(home, 'prometheus-targets.json'), 'utf8')) as {
        targets: string[];
        labels: { service: string };
      }[];
      expect(targets.map(({ labels }) => labels.service).sort()).toEqual([...serviceNames].sort());
      for (const { targets: addresses, labels } of targets) {
        const text = await (await fetch(`http://${addresses[0] ?? ''}/metrics`)).text();
        const counted = [...text.matchAll(/^# TYPE (\w+) /gm)].map((line) => line[1] ?? '');
        const promised = [...listed('Every service'), ...listed(`\`${labels.service}\``)];
        expect({ [labels.service]: counted.sort() }).toEqual({ [labels.service]: promised.sort() });
      }
    });

    it('is alone in its home: a second start says who is there and where', async () => {
      const second = launch();
      expect(await second.exited).toBe(1);
      expect(second.stderr.join('\n')).toMatch(
        new RegExp(`tower_already_running: .*process ${launcherPid()} at ${tower.url}`),
      );
      expect(second.stdout).toEqual([]);
      expect((await fetch(`${tower.url}/health`)).status).toBe(200);
    });

    it('starts a process again that ended', async () => {
      const pid = tower.signal('projects', 'SIGKILL');
      await tower.untilRestarted('projects', pid);
      expect(await tower.api.call(routes.getProject, { params: { id: projectId } })).toMatchObject({ id: projectId });
    });

    it('works again after kill -9 of everything, and ends what was left behind', async () => {
      const pids = tower.pids();
      // Frozen, it does not notice that its launcher is gone: an orphan.
      const orphan = tower.signal('quality', 'SIGSTOP');
      process.kill(launcherPid(), 'SIGKILL');
      for (const [name, pid] of Object.entries(pids))
        if (name !== 'quality' && isAlive(pid)) process.kill(pid, 'SIGKILL');
      await tower.exited;
      expect(isAlive(orphan)).toBe(true);

      const next = launch();
      await next.untilReady();
      expect(isAlive(orphan)).toBe(false);
      expect(next.log().map((line) => line['leftoverPid'])).toContain(orphan);
      expect(await next.api.call(routes.getProject, { params: { id: projectId } })).toMatchObject({ id: projectId });

      const after = next.pids();
      expect(await next.stop('SIGHUP')).toBe(0);
      expectNothingLeft(after);
    }, 120_000);
  });

  it('gives up waiting and kills when Ctrl-C is pressed again', async () => {
    const tower = launch();
    await tower.untilReady();
    const pids = tower.pids();
    // A frozen server keeps the orderly stop waiting.
    tower.signal('nats', 'SIGSTOP');
    tower.child.kill('SIGINT');
    await sleep(1_500);
    expect(isAlive(pids['postgres'] ?? 0)).toBe(true);
    tower.child.kill('SIGINT');
    expect(await tower.exited).toBe(130);
    await waitFor(() => Object.values(pids).every((pid) => !isAlive(pid)), {
      timeoutMs: 5_000,
      describe: 'all are gone',
    });
    expect(existsSync(join(home, 'tower.json'))).toBe(false);
  }, 120_000);

  it('stops what the demo started when the demo is interrupted', async () => {
    const tower = launch({ args: ['demo'], env: { TOWER_SIM_TIME_SCALE: '2' } });
    await waitFor(() => tower.stdout.some((line) => line.includes('processing')), {
      timeoutMs: 60_000,
      describe: 'the demo to be under way',
    });
    const pids = tower.pids();
    tower.child.kill('SIGINT');
    expect(await tower.exited).toBe(130);
    expect(tower.stderr.join('\n')).toContain('stays in the queue');
    expectNothingLeft(pids);
  }, 90_000);

  it('says who has the port when it is taken', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as { port: number };
    const tower = launch({ env: { TOWER_PORT: String(port) } });
    expect(await tower.exited).toBe(1);
    expect(tower.stderr.join('\n')).toMatch(
      new RegExp(`port_in_use: port ${port} on 127\\.0\\.0\\.1 is taken by process ${process.pid} `),
    );
    other.close();
  });

  it.each([
    ['a card without a name', { TOWER_GPUS: 'http://127.0.0.1:8188' }, 'gpus_invalid'],
    ['an address that everybody reaches', { TOWER_HOST: '0.0.0.0' }, 'environment_invalid'],
    ['a home that is a file', { TOWER_HOME: __filename }, 'home_not_usable'],
    ['an address of NATS that cannot be read', { NATS_URL: 'nats://rendering:sec/ret@one' }, 'nats_url_invalid'],
    ['a port that is none', { TOWER_PORT: 'eighty' }, 'environment_invalid'],
  ])('ends with 2 at a setting that a person must change: %s', async (_, env, code) => {
    const tower = launch({ env });
    expect(await tower.exited).toBe(2);
    expect(tower.stderr.join('\n')).toContain(code);
  });

  it('says so when NATS refuses the credentials that it was given, and leaves nothing running', async () => {
    const nats = await startTestNats({ token: 'right' });
    const tower = launch({ env: { NATS_URL: nats.url.replace('nats://', 'nats://wr0ng-secret@') } });
    expect(await tower.exited).toBe(1);
    expect(tower.stderr.join('\n')).toMatch(
      /nats_credentials_refused: NATS at nats:\/\/127\.0\.0\.1:\d+ refuses this process: NATS_URL holds a token/,
    );
    expect([...tower.stdout, ...tower.stderr].join('\n')).not.toContain('wr0ng-secret');
    expect(tower.pids()).toEqual({});
    await nats.close();
  }, 90_000);

  it('examines what a start needs, and says what to do about a card that is not there', async () => {
    const tower = launch({ args: ['doctor', '--json'], env: { TOWER_GPUS: 'nobody=http://127.0.0.1:9' } });
    expect(await tower.exited).toBe(1);
    const { ok, findings } = JSON.parse(tower.stdout.join('')) as {
      ok: boolean;
      findings: { what: string; level: string; detail: string }[];
    };
    expect(ok).toBe(false);
    expect(findings.filter((finding) => finding.level === 'problem')).toEqual([
      { what: 'nobody', level: 'problem', detail: expect.stringContaining('does not answer as a ComfyUI') as string },
    ]);
    expect(findings.map((finding) => finding.what)).toEqual(
      expect.arrayContaining(['node', 'settings', 'port', 'postgres', 'nats', 'ffmpeg', 'home', 'library']),
    );
  }, 60_000);
});
