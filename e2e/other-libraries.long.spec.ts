// Real: every process of a Tower, its servers and its files. Simulated: the cards, and a disk that refuses hard links,
// by a module that every process loads first; a disk that goes away, by moving the folder.
import { mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { routes, type JobView } from '@tower/contracts';
import { waitFor } from '@tower/testing';
import { expectJobWhole } from './invariants';
import { newHome, TowerProcess } from './tower-process';

jest.setTimeout(240_000);

let home: string;
let tower: TowerProcess;
beforeEach(() => (home = newHome()));
afterEach(async () => {
  await tower.stop();
  rmSync(home, { recursive: true, force: true });
});

async function request(projectId: string, steps = 4): Promise<string> {
  const body = {
    project_id: projectId,
    job_type: 'still_image',
    prompt: 'at the window',
    width: 512,
    height: 512,
    steps,
    auto_quality_check: false,
  } as const;
  return (await tower.api.call(routes.generate, { body })).job_id;
}
const project = async (): Promise<string> =>
  (await tower.api.call(routes.createProject, { body: { name: 'Night Train' } })).id;
const view = (id: string): Promise<JobView> => tower.api.call(routes.getJob, { params: { id } });

async function completed(id: string): Promise<JobView> {
  const job = await waitFor(async () => ((await view(id)).ended_at === null ? undefined : view(id)), {
    timeoutMs: 90_000,
    describe: `job ${id} to end`,
  });
  expect(job.status).toBe('completed');
  await expectJobWhole(tower.api, join(home, 'library'), id);
  return job;
}
const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((entry) =>
    entry.isFile() ? [join(entry.parentPath, entry.name)] : [],
  );

it('keeps finished files on a disk without hard links, also when the process dies while it names one', async () => {
  const die = join(home, 'die');
  const env = { NODE_OPTIONS: `--require ${resolve(__dirname, 'no-hard-links.cjs')}`, TOWER_TEST_DIE_RENAMING: die };
  tower = await TowerProcess.start({ home, env });
  const projectId = await project();
  const first = await completed(await request(projectId));
  expect(first.tasks[0]?.attempts.map(({ state }) => state)).toEqual(['succeeded']);
  const { rendering } = await tower.api.call(routes.getStatus, {});
  expect(rendering?.disks.find(({ place }) => place === 'library')).toMatchObject({
    ok: true,
    file_system: { hard_links: false },
    lacks: expect.arrayContaining([expect.stringContaining('no hard links')]) as string[],
  });

  const before = tower.pidOf('rendering') ?? 0;
  writeFileSync(die, String(before));
  const id = await request(projectId);
  await tower.untilRestarted('rendering', before);
  const second = await completed(id);
  expect(second.tasks[0]?.attempts.map(({ state }) => state)).toEqual(['succeeded']);
  const files = filesIn(join(home, 'library'));
  expect(files.filter((path) => statSync(path).size === 0)).toEqual([]);
  expect(files.filter((path) => path.includes('~') || path.includes('.incoming'))).toEqual([]);
});

it("keeps what is finished while the library's disk is away, writes nothing in its place, and goes on", async () => {
  tower = await TowerProcess.start({ home });
  const projectId = await project();
  await completed(await request(projectId));
  const [library, away] = [join(home, 'library'), join(home, 'away')];
  const id = await request(projectId, 30);
  await waitFor(async () => (await view(id)).status === 'processing', {
    timeoutMs: 30_000,
    describe: 'a card to work',
  });
  renameSync(library, away);
  mkdirSync(library);

  // Whoever meets the folder first says what it lacks; the next look at the disk says why.
  await waitFor(
    async () => {
      const response = await fetch(`${tower.url}/health`);
      const { parts } = (await response.json()) as { parts: Record<string, { detail: string }> };
      return response.status === 503 && parts['rendering']?.detail.includes('is empty: its disk may not be mounted');
    },
    { timeoutMs: 30_000, describe: '/health to say that the library is away' },
  );
  const waiting = await request(projectId);
  await waitFor(async () => /its disk may not be mounted/.test((await view(waiting)).stage), {
    timeoutMs: 30_000,
    describe: 'the next job to say what it waits for',
  });
  await new Promise((pass) => setTimeout(pass, 5_000));
  expect(readdirSync(library)).toEqual([]);
  rmSync(library, { recursive: true });
  renameSync(away, library);
  for (const done of [await completed(id), await completed(waiting)])
    expect(done.tasks[0]?.attempts.map(({ state }) => state)).toEqual(['succeeded']);
  await waitFor(async () => (await fetch(`${tower.url}/health`)).status === 200, {
    timeoutMs: 20_000,
    describe: 'all to be well',
  });
});
