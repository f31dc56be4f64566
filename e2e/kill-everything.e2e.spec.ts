// Real: every process of a Tower, and kill -9. Simulated: the two cards. SEED=n repeats a run's moments.
import { setTimeout as sleep } from 'node:timers/promises';
import { routes } from '@tower/contracts';
import { seededRandom } from '@tower/kit';
import { waitFor } from '@tower/testing';
import { expectCardsNeverShared, expectJobWhole, expectNoStrayFiles } from './invariants';
import { TowerProcess } from './tower-process';

const seed = Number(process.env['SEED'] ?? 20);
const jobCount = 20;
const victims = ['rendering', 'quality', 'gateway', 'nats', 'postgres'] as const;

describe(`kill -9 of everything, one after the other, while ${jobCount} jobs run (SEED=${seed})`, () => {
  let tower: TowerProcess;

  beforeAll(async () => {
    tower = await TowerProcess.start({ env: { TOWER_SIM_TIME_SCALE: '0.5' } });
  }, 120_000);
  afterAll(() => tower.remove());

  it('completes every job exactly once, with one picture each, and never puts two prompts on one card', async () => {
    const random = seededRandom(seed);
    const { api } = tower;
    const project = await api.call(routes.createProject, { body: { name: 'Kill drill' } });
    const accepted = [];
    for (let n = 0; n < jobCount; n++) {
      const body = {
        project_id: project.id,
        job_type: 'still_image' as const,
        prompt: `picture ${n}`,
        width: 128,
        height: 192,
        seed: 1000 * n,
      };
      accepted.push(await api.call(routes.generate, { body }));
    }

    const order = [...victims].sort(() => random() - 0.5);
    const moments: string[] = [];
    for (const victim of order) {
      await sleep(300 + random() * 1_500);
      const pid = tower.signal(victim, 'SIGKILL');
      const killedAt = performance.now();
      await tower.untilRestarted(victim, pid);
      moments.push(`${victim} ran again after ${Math.round(performance.now() - killedAt)} ms`);
    }
    const openWhenLastDied = (
      await api.call(routes.listJobs, { query: { limit: 200, project_id: project.id } })
    ).items.filter((job) => job.ended_at === null).length;
    process.stderr.write(`${moments.join(', ')}; ${openWhenLastDied} jobs were still open\n`);
    // Otherwise the drill killed what had nothing left to lose.
    expect(openWhenLastDied).toBeGreaterThan(0);

    for (const { job_id: id } of accepted)
      await waitFor(async () => (await api.call(routes.getJob, { params: { id } })).ended_at !== null, {
        timeoutMs: 120_000,
        describe: `job ${id} is over`,
      });

    const jobs = [];
    for (const { job_id } of accepted) jobs.push(await expectJobWhole(api, tower.library, job_id));
    await expectNoStrayFiles(api, tower.library, jobs);
    expectCardsNeverShared({ rtx3060: tower.executions('rtx3060'), rx9070xt: tower.executions('rx9070xt') }, jobs);
    expect((await fetch(`${tower.url}/health`)).status).toBe(200);
  }, 240_000);
});
