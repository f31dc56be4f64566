// Real: every process of a Tower, its servers, and a disk of a few megabytes that fills up. Simulated: the cards.
import { mkdirSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { routes, type JobView } from '@tower/contracts';
import { mayMount, mountSmallDisk, waitFor, type SmallDisk } from '@tower/testing';
import { expectCardsNeverShared, expectJobWhole } from './invariants';
import { newHome, TowerProcess, type Card } from './tower-process';

const cards: readonly Card[] = ['rtx3060', 'rx9070xt'];
const jobCount = 24;
const mebibyte = 1024 ** 2;
const diskBytes = 24 * mebibyte;
/** Room for a few pictures. */
const roomBytes = 1.2 * mebibyte;

/** Where even root may not mount (a container without the right), the specs of `library` and `disk` have to do. */
const onSmallDisk = mayMount() ? it : it.skip;

let home: string;
let library: string;
let disk: SmallDisk | undefined;

let tower: TowerProcess | undefined;
/** Of all specs: the cards' logs go on over restarts. */
const jobs: JobView[] = [];

beforeAll(() => {
  home = newHome();
  library = join(home, 'library');
  mkdirSync(library);
  disk = mountSmallDisk(library, '24m');
});
afterEach(async () => {
  await tower?.stop();
  rmSync(join(library, 'ballast.bin'), { force: true });
});
afterAll(() => {
  disk?.unmount();
  rmSync(home, { recursive: true, force: true });
});

const starts = (): number =>
  cards.flatMap((card) => tower?.executions(card) ?? []).filter((entry) => entry.event === 'start').length;

const linesOnDisk = (): object[] =>
  tower?.log().filter((line) => JSON.stringify(line).includes("the library's disk is full")) ?? [];

const freeBytes = (): number => {
  const { bavail, bsize } = statfsSync(library);
  return bavail * bsize;
};

onSmallDisk.each([
  ['is used up to the last byte', '0'],
  ['has no more than its reserve', '512'],
])(
  'waits when the disk %s, blames nobody, says so, and goes on by itself',
  async (_, reserve) => {
    const ballast = join(library, 'ballast.bin');
    tower = await TowerProcess.start({ home, env: { TOWER_DISK_RESERVE_MB: reserve } });
    writeFileSync(ballast, Buffer.alloc(freeBytes() - roomBytes));
    const { api, url } = tower;
    const startsBefore = starts();
    const linesBefore = linesOnDisk().length;
    const { id: projectId } = await api.call(routes.createProject, { body: { name: 'Full disk' } });
    const ids: string[] = [];
    for (let n = 0; n < jobCount; n++)
      ids.push(
        (
          await api.call(routes.generate, {
            body: {
              project_id: projectId,
              job_type: 'still_image',
              prompt: `picture ${n}`,
              width: 1024,
              height: 1024,
              steps: 4,
              auto_quality_check: false,
            },
          })
        ).job_id,
      );

    const sick = await waitFor(
      async () => {
        const response = await fetch(`${url}/health`);
        return response.status === 503
          ? ((await response.json()) as { parts: Record<string, { detail: string }> })
          : undefined;
      },
      { timeoutMs: 60_000, describe: '/health to name the disk' },
    );
    expect(sick.parts['rendering']?.detail).toMatch(/the library's disk is full: [\d.]+ \w+ free, [\d.]+ \w+ needed/);

    const view = (id: string): Promise<JobView> => api.call(routes.getJob, { params: { id } });
    const waits = /^Waiting: the library's disk is full: .* needed\. Make room there\.$/;
    await waitFor(
      async () => {
        const open = (await Promise.all(ids.map(view))).filter((job) => job.ended_at === null);
        return open.length > 0 && open.every((job) => waits.test(job.stage));
      },
      { timeoutMs: 30_000, describe: 'every open job to say what it waits for' },
    );
    const { rendering } = await api.call(routes.getStatus, {});
    expect(rendering?.disks.find((disk) => disk.place === 'library')).toMatchObject({
      ok: false,
      total_bytes: diskBytes,
      detail: expect.stringContaining('Make room there') as string,
    });
    expect(rendering?.gpus.map((gpu) => gpu.state)).toEqual(['idle', 'idle']);

    // What could still be fetched or sent wrongly has its chance.
    const before = starts();
    expect(before - startsBefore).toBeLessThan(jobCount);
    await new Promise((resolve) => setTimeout(resolve, 8_000));
    expect(starts()).toBe(before);
    expect(readdirSync(join(library, '.incoming'))).toEqual([]);
    expect(linesOnDisk()).toHaveLength(linesBefore + 1);

    rmSync(ballast);
    const done = await waitFor(
      async () => {
        const views = await Promise.all(ids.map(view));
        return views.every((job) => job.ended_at !== null) ? views : undefined;
      },
      { timeoutMs: 90_000, describe: 'every job to end' },
    );
    expect(done.map((job) => job.status)).toEqual(ids.map(() => 'completed'));
    for (const job of done) {
      await expectJobWhole(api, library, job.id);
      expect(job.tasks.map((task) => task.attempts.map((attempt) => attempt.state))).toEqual([['succeeded']]);
    }
    expect(starts() - startsBefore).toBe(jobCount);
    jobs.push(...done);
    expectCardsNeverShared(Object.fromEntries(cards.map((card) => [card, tower?.executions(card) ?? []])), jobs);
    await waitFor(async () => (await fetch(`${url}/health`)).status === 200, {
      timeoutMs: 20_000,
      describe: 'all to be well',
    });
  },
  300_000,
);
