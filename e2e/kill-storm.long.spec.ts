// Real: every process of a Tower, and kill -9. Simulated: the two cards. SEED=n repeats a run's choices.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { routes, type JobSummary } from '@tower/contracts';
import { seededRandom } from '@tower/kit';
import { waitFor } from '@tower/testing';
import { expectCardsNeverShared, expectJobWhole, expectNoStrayFiles } from './invariants';
import { isAlive, TowerProcess } from './tower-process';

const seed = Number(process.env['SEED'] ?? 47);
const jobCount = 30;
const stormMs = 90_000;
/** How often each process is killed: 47 times in all. */
const kills = { rendering: 10, projects: 9, gateway: 7, postgres: 7, nats: 6, quality: 4, characters: 4 } as const;

/** False while the process is between two lives. */
function isStruck(tower: TowerProcess, part: string): boolean {
  const pid = tower.pidOf(part);
  if (pid === undefined || !isAlive(pid)) return false;
  process.kill(pid, 'SIGKILL');
  return true;
}

const jobsOf = (api: TowerProcess['api'], projectId: string): Promise<{ items: JobSummary[] }> =>
  api.call(routes.listJobs, { query: { limit: 100, project_id: projectId } });

describe(`47 times kill -9 within ${stormMs / 1000} s, while ${jobCount} jobs run (SEED=${seed})`, () => {
  let tower: TowerProcess;

  beforeAll(async () => {
    tower = await TowerProcess.start({ env: { TOWER_SIM_TIME_SCALE: '2' } });
  }, 120_000);
  afterAll(() => tower.remove());

  it('completes every job once, films among them, and leaves nothing half or twice', async () => {
    const random = seededRandom(seed);
    const { api } = tower;
    const project = await api.call(routes.createProject, { body: { name: 'Kill storm' } });
    const ids: string[] = [];
    for (let n = 0; n < jobCount; n++) {
      const work =
        n % 10 === 9 ? { job_type: 'animation_loop' as const, frame_count: 16 } : { job_type: 'still_image' as const };
      const body = {
        project_id: project.id,
        ...work,
        prompt: `picture ${n}`,
        width: 256,
        height: 256,
        preset: 'draft' as const,
        seed: 1000 * n,
      };
      ids.push((await api.call(routes.generate, { body })).job_id);
    }

    const moments = Object.entries(kills)
      .flatMap(([victim, count]) => Array.from({ length: count }, () => ({ victim, atMs: random() * stormMs })))
      .sort((a, b) => a.atMs - b.atMs);
    const began = performance.now();
    for (const { victim, atMs } of moments) {
      await sleep(Math.max(0, atMs - (performance.now() - began)));
      // Killed again while it comes up: there is a process, or will be in a moment.
      await waitFor(() => isStruck(tower, victim), { timeoutMs: 30_000, describe: `${victim} to be there` });
    }
    const { items } = await waitFor(() => jobsOf(api, project.id), {
      timeoutMs: 30_000,
      describe: 'the gateway to answer',
    });
    const openAtTheEnd = items.filter((job) => job.ended_at === null).length;
    // Otherwise the storm raged over what had nothing left to lose.
    expect(openAtTheEnd).toBeGreaterThan(0);

    const calm = performance.now();
    for (const id of ids)
      await waitFor(async () => (await api.call(routes.getJob, { params: { id } })).ended_at !== null, {
        timeoutMs: 300_000,
        describe: `job ${id} is over`,
      });
    process.stderr.write(
      `everything ended ${Math.round((performance.now() - calm) / 1000)} s after the last ` +
        `kill; ${openAtTheEnd} jobs were still open then\n`,
    );

    const jobs = [];
    for (const id of ids) jobs.push(await expectJobWhole(api, tower.library, id));
    await expectNoStrayFiles(api, tower.library, jobs);
    expectCardsNeverShared({ rtx3060: tower.executions('rtx3060'), rx9070xt: tower.executions('rx9070xt') }, jobs);
    expect(readdirSync(join(tower.library, '.incoming'))).toEqual([]);
    await waitFor(async () => (await fetch(`${tower.url}/health`)).status === 200, {
      timeoutMs: 30_000,
      describe: 'all to be well',
    });
  }, 600_000);
});
