import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gpuConfig } from '@tower/contracts';
import { createLogger, Metrics, newId } from '@tower/kit';
import { createTestDatabase, FixedClock, waitFor } from '@tower/testing';
import { startLeading, type LeadingProcess } from '../../../harness/leading-process';
import { RenderingMetrics } from '../../rendering.metrics';
import { watchThresholds } from '../watch-thresholds';
import { GpuRestart } from './restart.entity';
import { Restarter } from './restarter';

/** Real here: PostgreSQL, a lease, and the restart command as a process. */

const logger = createLogger('restarter', 'silent');
let leading: LeadingProcess;
let folder: string;

beforeEach(async () => {
  leading = await startLeading({ database: await createTestDatabase('rendering'), waitFor }, [GpuRestart]);
  folder = mkdtempSync(join(tmpdir(), 'tower-restarter-'));
});
afterEach(async () => {
  await leading.stop();
  rmSync(folder, { recursive: true, force: true });
});

const marks = (): number => (existsSync(join(folder, 'ran')) ? readFileSync(join(folder, 'ran'), 'utf8').length : 0);
const card = () =>
  gpuConfig.parse({
    name: 'rtx3060',
    url: 'http://127.0.0.1:1',
    restart_command: [
      process.execPath,
      '-e',
      "require('node:fs').appendFileSync(process.argv[1], '.')",
      join(folder, 'ran'),
    ],
  });
/** One for each process that could lead. */
const restarter = (clock = new FixedClock()): Restarter =>
  new Restarter(leading.db, new RenderingMetrics(new Metrics('rendering')), watchThresholds, clock, logger);
const ended = (count: number) =>
  waitFor(
    async () => (await leading.db.manager.find(GpuRestart)).filter(({ exitCode }) => exitCode === 0).length === count,
    {
      timeoutMs: 20_000,
      describe: 'the commands to end',
    },
  );

it('runs the command once when several processes ask for it at the same moment', async () => {
  const asked = await Promise.all(
    Array.from({ length: 6 }, () => restarter().restart(leading.fence, card(), 'it hangs')),
  );
  expect(asked.filter((ran) => ran)).toHaveLength(1);
  await ended(1);
  expect(marks()).toBe(1);
});

it('runs nothing for a process that no longer leads', async () => {
  const former = restarter();
  await expect(former.restart(leading.formerFence, card(), 'it hangs')).rejects.toMatchObject({
    code: 'lease_lost',
  });
  expect(await leading.db.manager.count(GpuRestart)).toBe(0);
  expect(await former.restart(leading.fence, card(), 'it hangs')).toBe(true);
  await ended(1);
});

it.each([
  ['back', '+1 hour'],
  ['forward', '-1 hour'],
])('keeps its pause, and no more than its pause, when the clock is set %s by an hour', async (_, shift) => {
  const clock = new FixedClock();
  const leader = restarter(clock);
  expect(await leader.restart(leading.fence, card(), 'it hangs')).toBe(true);
  await ended(1);
  // What was noted before lies in the future now, or longer ago than it was.
  await leading.db.query(`update gpu_restart set at = at + $1::interval`, [shift]);
  clock.advance(watchThresholds.restartCoolDownMs - 1);
  expect(await leader.restart(leading.fence, card(), 'it hangs again')).toBe(false);
  clock.advance(1);
  expect(await leader.restart(leading.fence, card(), 'it hangs again')).toBe(true);
  await ended(2);
  expect(marks()).toBe(2);
});

it('closes a run that ended with its process, when the command runs again', async () => {
  const at = new Date(Date.now() - 10 * watchThresholds.restartCoolDownMs);
  const abandoned = { gpu: 'rtx3060', at, because: 'a hang', endedAt: null, exitCode: null, output: '' };
  const ids = [newId(), newId()] as const;
  await leading.db.manager.insert(GpuRestart, [
    { ...abandoned, id: ids[0] },
    { ...abandoned, id: ids[1], gpu: 'another' },
  ]);
  expect(await restarter().restart(leading.fence, card(), 'another hang')).toBe(true);
  await ended(1);
  const run = await leading.db.manager.findOneByOrFail(GpuRestart, { id: ids[0] });
  expect(run).toMatchObject({ exitCode: null, output: 'the rendering service ended while the command ran' });
  expect(run.endedAt).not.toBeNull();
  expect(await leading.db.manager.findOneBy(GpuRestart, { id: ids[1] })).toMatchObject({ endedAt: null });
});
