// Real: every process of a Tower, started twice with other cards. Simulated: the two cards.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { routes } from '@tower/contracts';
import { freePort } from '@tower/machine';
import { waitFor } from '@tower/testing';
import { expectJobWhole } from './invariants';
import { newHome, TowerProcess } from './tower-process';

describe('a Tower that is started with other cards than before', () => {
  const home = newHome();
  const cards: ChildProcess[] = [];
  let tower: TowerProcess;

  const startCard = async (name: string): Promise<string> => {
    const port = await freePort();
    const args = ['--profile', 'rtx3060', '--port', String(port), '--time-scale', '0.1', '--home', join(home, name)];
    const child = spawn(
      process.execPath,
      [join(resolve(__dirname, '..'), 'apps', 'comfy-sim', 'dist', 'main.js'), ...args],
      { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] },
    );
    cards.push(child);
    await once(child, 'message');
    return `http://127.0.0.1:${port}`;
  };

  afterAll(async () => {
    await tower.remove();
    for (const card of cards) card.kill('SIGKILL');
    rmSync(home, { recursive: true, force: true });
  });

  it('renders on the new card what ran on the one that was taken out', async () => {
    const [old, mine] = await Promise.all([startCard('old'), startCard('mine')]);
    tower = await TowerProcess.start({ home, env: { TOWER_GPUS: `demo=${old}` } });
    const project = await tower.api.call(routes.createProject, { body: { name: 'From demo to real' } });
    const { job_id: id } = await tower.api.call(routes.generate, {
      body: {
        project_id: project.id,
        job_type: 'still_image',
        prompt: 'a girl with blue hair',
        width: 1024,
        height: 1024,
        steps: 100,
      },
    });
    await waitFor(async () => (await tower.api.call(routes.getJob, { params: { id } })).status === 'processing', {
      timeoutMs: 30_000,
      describe: 'the job runs',
    });
    await tower.stop();

    tower = await TowerProcess.start({ home, env: { TOWER_GPUS: `mycard=${mine}` } });
    await waitFor(async () => (await tower.api.call(routes.getJob, { params: { id } })).ended_at !== null, {
      timeoutMs: 90_000,
      describe: 'the job is over',
    });
    const job = await expectJobWhole(tower.api, tower.library, id);
    expect(job.status).toBe('completed');
    expect(job.tasks[0]?.attempts.map(({ gpu, state, outcome }) => [gpu, state, outcome])).toEqual([
      ['demo', 'lost', 'demo is no longer configured'],
      ['mycard', 'succeeded', 'rendered'],
    ]);
  }, 240_000);
});
