// Real: every process of a Tower, its home on a small file system of its own. Simulated: the cards. Needs the right to
// mount.
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { routes } from '@tower/contracts';
import { mayMount, mountSmallDisk, waitFor, type SmallDisk } from '@tower/testing';
import { newHome, TowerProcess } from './tower-process';

describe('a home on a small disk', () => {
  const onSmallDisk = mayMount() ? it : it.skip;
  let place: string;
  let home: string;
  let disk: SmallDisk | undefined;
  const towers: TowerProcess[] = [];
  const launch = (args: readonly string[] = ['start']): TowerProcess => {
    const tower = TowerProcess.spawn({ home, args, env: { TOWER_LIBRARY: join(place, 'library') } });
    towers.push(tower);
    return tower;
  };

  beforeAll(() => {
    place = newHome();
    home = join(place, 'home');
    mkdirSync(home);
    disk = mountSmallDisk(home, '1g');
  });
  afterAll(async () => {
    for (const tower of towers) await tower.stop();
    disk?.unmount();
    rmSync(place, { recursive: true, force: true });
  });

  onSmallDisk(
    'of 1 GiB starts, says so, and renders, also after a restart of NATS (skipped where we may not mount)',
    async () => {
      const tower = launch();
      await tower.untilReady();
      expect(tower.stderr.join('\n')).toMatch(/iB free; that is enough to start, but .*make room/);
      const project = await tower.api.call(routes.createProject, { body: { name: 'Small disk' } });
      const render = async (): Promise<void> => {
        const { job_id: id } = await tower.api.call(routes.generate, {
          body: { project_id: project.id, job_type: 'still_image', prompt: 'a', width: 128, height: 192, steps: 4 },
        });
        await waitFor(async () => (await tower.api.call(routes.getJob, { params: { id } })).status === 'completed', {
          timeoutMs: 60_000,
          describe: 'the job is over',
        });
      };
      await render();
      await tower.untilRestarted('nats', tower.signal('nats', 'SIGKILL'));
      await render();
      await tower.stop();
    },
    180_000,
  );

  onSmallDisk(
    'that is nearly full is refused with one sentence, by the start and by the doctor (skipped where we may not mount)',
    async () => {
      execFileSync('fallocate', ['-l', '840M', join(home, 'ballast')]);
      const tower = launch();
      expect(await tower.exited).not.toBe(0);
      expect(tower.stderr.join('\n')).toMatch(
        /home_disk_full: .*only \d+ MiB free, Tower needs 256 MiB to start; make room, or set TOWER_HOME/,
      );
      const doctor = launch(['doctor', '--json']);
      expect(await doctor.exited).toBe(1);
      expect(doctor.stdout.join('')).toMatch(/"what":"home","level":"problem","detail":"[^"]*only \d+ MiB free/);
    },
    60_000,
  );
});
