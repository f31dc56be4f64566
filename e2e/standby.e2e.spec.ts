// Real: every process of a Tower, a second rendering beside the first, SIGSTOP. Simulated: the two cards.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { routes, type JobView, type ProjectView } from '@tower/contracts';
import { waitFor } from '@tower/testing';
import { expectCardsNeverShared, expectJobWhole } from './invariants';
import { TowerProcess } from './tower-process';

/** Milliseconds. The lease is granted for six seconds and asked for every second. */
const takeoverMs = 8_000;

const schedulerLease = 'gpu-scheduler';

describe('two rendering processes', () => {
  let tower: TowerProcess;
  let standby: ChildProcess;
  let project: ProjectView;
  /** Leases that the second process said it gained. */
  const gained: string[] = [];
  const jobs: JobView[] = [];

  beforeAll(async () => {
    tower = await TowerProcess.start({ env: { TOWER_SIM_TIME_SCALE: '0.12' } });
    project = await tower.api.call(routes.createProject, { body: { name: 'Standby drill' } });
    standby = await startSecondRendering(tower, (lease) => gained.push(lease));
  }, 120_000);

  afterAll(async () => {
    for (const pid of [tower.pidOf('rendering')]) if (pid !== undefined) process.kill(pid, 'SIGCONT');
    if (standby.exitCode === null) {
      standby.kill('SIGTERM');
      await once(standby, 'exit');
    }
    await tower.remove();
  });

  const request = async (count: number): Promise<string[]> => {
    const ids: string[] = [];
    for (let n = 0; n < count; n++)
      ids.push(
        (
          await tower.api.call(routes.generate, {
            body: { project_id: project.id, job_type: 'still_image', prompt: `picture ${n}`, width: 128, height: 192 },
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
  const leader = async (): Promise<{ holder: string | null; fence: number } | undefined> =>
    (await tower.api.call(routes.getStatus, {})).rendering?.leader;
  const cards = () => ({ rtx3060: tower.executions('rtx3060'), rx9070xt: tower.executions('rx9070xt') });

  it('leaves all dispatching to the first while that one works', async () => {
    const before = await leader();
    await finish(await request(4));
    expect(await leader()).toMatchObject({ holder: before?.holder, fence: before?.fence });
    expect(gained).not.toContain(schedulerLease);
    expectCardsNeverShared(cards(), jobs);
  }, 90_000);

  it('lets the second take over within 8 s when the first is stopped, and keeps out the first that wakes', async () => {
    const before = await leader();
    const ids = await request(8);
    await waitFor(
      () =>
        [...tower.executions('rtx3060'), ...tower.executions('rx9070xt')].filter((entry) => entry.event === 'start')
          .length > 5,
      { describe: 'a card works' },
    );

    const stopped = tower.signal('rendering', 'SIGSTOP');
    const stoppedAt = performance.now();
    await waitFor(() => gained.includes(schedulerLease), { timeoutMs: takeoverMs, describe: 'the second leads' });
    process.stderr.write(`the standby took over after ${Math.round(performance.now() - stoppedAt)} ms\n`);
    const startsAtTakeover = startsOf(cards());
    await waitFor(() => startsOf(cards()) > startsAtTakeover, { timeoutMs: 20_000, describe: 'the second dispatches' });

    process.kill(stopped, 'SIGCONT');
    await finish(ids);
    await sleep(3_000);
    const after = await leader();
    expect(after?.holder).not.toBe(before?.holder);
    expect(after?.fence).toBeGreaterThan(before?.fence ?? 0);
    expectCardsNeverShared(cards(), jobs);
    expect(tower.pidOf('rendering')).toBe(stopped);
  }, 120_000);
});

const startsOf = (cards: Record<string, readonly { event: string }[]>): number =>
  Object.values(cards)
    .flat()
    .filter((entry) => entry.event === 'start').length;

/** The same program with the same settings as the launcher's own. */
async function startSecondRendering(tower: TowerProcess, onGained: (lease: string) => void): Promise<ChildProcess> {
  const settings = readFileSync(`/proc/${tower.pidOf('rendering')}/environ`, 'utf8')
    .split('\0')
    .filter((entry) => entry.includes('=') && !entry.startsWith('NODE_CHANNEL_'));
  const env = Object.fromEntries(
    settings.map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
  );
  const child = spawn(process.execPath, [join(resolve(__dirname, '..'), 'apps', 'rendering', 'dist', 'main.js')], {
    env: { ...env, OPS_PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  if (child.stdout !== null)
    createInterface({ input: child.stdout }).on('line', (line) => {
      const entry = JSON.parse(line) as { msg: string; lease?: string };
      if (entry.msg === 'lease gained' && entry.lease !== undefined) onGained(entry.lease);
    });
  await once(child, 'message');
  return child;
}
