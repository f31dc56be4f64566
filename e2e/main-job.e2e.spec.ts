// Real: every process of a Tower, started by the launcher. Simulated: the two cards.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseNatsUrl } from '@tower/bus';
import { commandAccepted, heartbeatDeadlineMs, requestJob, routes, serviceNames } from '@tower/contracts';
import { newId, repositoryRoot } from '@tower/kit';
import { itNeeds, waitFor } from '@tower/testing';
import { connect } from 'nats';
import { chromiumProgram, complaintsOf, openBrowser } from './console-browser';
import { TowerProcess } from './tower-process';

const sha256 = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

describe('a picture from the prompt to the file', () => {
  let tower: TowerProcess;

  beforeAll(async () => {
    tower = await TowerProcess.start();
  }, 120_000);
  afterAll(() => tower.remove());

  it('says on standard output that it is ready, once, with the address and that the cards are simulated', async () => {
    expect(tower.stdout).toEqual([expect.stringMatching(/^Tower is ready: http:\/\/127\.0\.0\.1:\d+ .*SIMULATED/)]);
    expect((await fetch(`${tower.url}/health`)).status).toBe(200);
  });

  it('renders what was asked for through the public interface, into the library, with the told checksum', async () => {
    const { api } = tower;
    const project = await api.call(routes.createProject, { body: { name: 'Поезд Été' } });
    const character = await api.call(routes.createCharacter, {
      params: { id: project.id },
      body: { name: 'Ночь', base_prompt: '1girl, silver hair', negative_tokens: ['blurry'] },
    });
    const accepted = await api.call(routes.generate, {
      body: {
        project_id: project.id,
        character_ids: [character.id],
        job_type: 'still_image',
        prompt: 'on a bridge, dawn',
        count: 2,
        seed: 7,
      },
    });
    expect(accepted).toMatchObject({ seed: 7, count: 2 });

    await waitFor(async () => (await api.call(routes.getJob, { params: { id: accepted.job_id } })).ended_at !== null, {
      timeoutMs: 60_000,
      describe: 'the job is over',
    });
    const job = await api.call(routes.getJob, { params: { id: accepted.job_id } });
    expect(job).toMatchObject({
      status: 'completed',
      progress: 100,
      error: null,
      full_prompt: '1girl, silver hair, on a bridge, dawn',
    });
    const { items } = await api.call(routes.listJobArtifacts, { params: { id: job.id } });
    expect(items.map((item) => item.seed).sort()).toEqual([7, 8]);
    for (const artifact of items) {
      expect(artifact).toMatchObject({ simulated: true, best: true, verdict: 'passed' });
      expect(sha256(join(tower.library, artifact.path))).toBe(artifact.sha256);
      const bytes = Buffer.from(await (await fetch(`${tower.url}${artifact.content_url}`)).arrayBuffer());
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(artifact.sha256);
    }
    const events = await api.call(routes.listJobEvents, { params: { id: job.id } });
    expect(events.items.map((event) => event.seq)).toEqual(events.items.map((_, index) => index + 1));
  });

  itNeeds(chromiumProgram(), 'a Chromium that starts')(
    'makes a picture in the browser, and shows it when it is there, without a reload',
    async () => {
      const browser = await openBrowser();
      try {
        const page = await browser.newPage();
        const complaints = complaintsOf(page);
        await page.goto(`${tower.url}/make`);
        await page.getByLabel('Prompt', { exact: true }).fill('a lighthouse at dusk');
        await page.getByRole('button', { name: 'Make it' }).click();
        await page.waitForURL(/\/jobs\//);
        await page.locator('.tile img').waitFor();
        expect(complaints).toEqual([]);
      } finally {
        await browser.close();
      }
    },
  );

  it('names every process in /status, also those that cannot speak for themselves', async () => {
    const expected = [...serviceNames, 'postgres', 'nats', 'sim-rtx3060', 'sim-rx9070xt', 'launcher'];
    const namesOf = async (): Promise<Record<string, string>> =>
      Object.fromEntries(
        (await tower.api.call(routes.getStatus, {})).processes.map((process) => [process.service, process.state]),
      );
    await waitFor(async () => Object.values(await namesOf()).every((state) => state === 'ready'), {
      timeoutMs: 2 * heartbeatDeadlineMs,
      describe: 'everybody was heard of',
    });
    expect(Object.keys(await namesOf()).sort()).toEqual(expected.sort());
    const { processes } = await tower.api.call(routes.getStatus, {});
    expect(processes.find((process) => process.service === 'postgres')).toMatchObject({ pid: tower.pidOf('postgres') });
  });

  it('tells the command line the same', async () => {
    const status = await runTower(tower, ['status', '--json']);
    expect({ code: status.code, simulated: status.lines[0]?.['simulated'] }).toEqual({ code: 0, simulated: true });
    expect((await runTower(tower, ['status'])).text).toMatch(/GPUs are SIMULATED[\s\S]*rtx3060 +idle/);
    const doctor = await runTower(tower, ['doctor']);
    expect(doctor).toMatchObject({ code: 0, text: expect.stringContaining(`Tower runs here: ${tower.url}`) as string });
  });

  it('writes where the metrics of each service are, and they are there', async () => {
    const targets = JSON.parse(readFileSync(join(tower.home, 'prometheus-targets.json'), 'utf8')) as {
      targets: string[];
      labels: { service: string };
    }[];
    expect(targets.map((target) => target.labels.service).sort()).toEqual([...serviceNames].sort());
    for (const {
      targets: [address],
      labels,
    } of targets)
      expect(await (await fetch(`http://${address}/metrics`)).text()).toContain(`service="${labels.service}"`);
  });

  it('keeps passwords out of the log', () => {
    const secret = readFileSync(join(tower.home, 'postgres', 'data.secret'), 'utf8').trim();
    expect(secret).not.toBe('');
    const log = readFileSync(join(tower.home, 'logs', 'tower.log'), 'utf8');
    expect(log).not.toContain(secret);
    expect(log).not.toMatch(/postgres:\/\/[^\s"]*:[^\s"[]+@/);
  });

  it('lets publishers on NATS command and hear, with credentials of the command line, and nobody else', async () => {
    const { code, text } = await runTower(tower, ['nats', 'credentials']);
    expect(code).toBe(0);
    const address = parseNatsUrl(text.trim());
    const { servers, pass } = address;
    const status = (await runTower(tower, ['status'])).text;
    expect(status).toContain(`nats: nats://${servers[0]};`);
    expect(status).not.toContain(pass);
    expect(status).toContain(
      `publishers log in as "publisher", with the address in ${join(tower.home, 'nats-publisher.url')}`,
    );
    const example = /^ +(node -e .*)$/m.exec(status)?.[1] ?? '';
    const answered = spawnSync('sh', ['-c', example], { cwd: repositoryRoot, encoding: 'utf8', timeout: 20_000 });
    expect(JSON.parse(answered.stdout)).toMatchObject({
      type: commandAccepted.type,
      data: { received: { stream: 'CMD_RENDERING' } },
    });
    expect(statSync(join(tower.home, 'nats-publisher.url')).mode & 0o777).toBe(0o600);
    expect(statSync(join(tower.home, 'nats.secret')).mode & 0o777).toBe(0o600);
    await expect(connect({ servers, reconnect: false })).rejects.toMatchObject({ code: 'AUTHORIZATION_VIOLATION' });

    const publisher = await connect({ ...address });
    try {
      const project = await tower.api.call(routes.createProject, { body: { name: 'By message' } });
      const id = newId();
      const answer = publisher.subscribe(`evt.rendering.v1.*.${id}`, { max: 1 });
      await publisher.jetstream().publish(
        requestJob.subject,
        JSON.stringify({
          id,
          data: {
            project_id: project.id,
            job_type: 'still_image',
            prompt: 'a lighthouse',
            width: 128,
            height: 192,
            steps: 4,
          },
        }),
      );
      const said: unknown[] = [];
      for await (const message of answer) said.push(message.json());
      expect(said).toEqual([expect.objectContaining({ type: commandAccepted.type, causationId: id })]);
    } finally {
      await publisher.close();
    }
  });

  it('runs the demo against the Tower that is there, twice, and keeps its project', async () => {
    const first = await runTower(tower, ['demo', '--json', '--count', '3', '--steps', '6', '--size', '128x128']);
    expect(first.code).toBe(0);
    const result = first.lines.at(-1) as {
      ok: boolean;
      simulated: boolean;
      project_id: string;
      pictures: { path: string; sha256: string; gpu: string }[];
      contact_sheet: string;
    };
    expect(result).toMatchObject({ type: 'result', ok: true, simulated: true });
    expect(result.pictures).toHaveLength(3);
    expect(new Set(result.pictures.map((picture) => picture.gpu))).toEqual(new Set(['rtx3060', 'rx9070xt']));
    for (const picture of result.pictures) expect(sha256(picture.path)).toBe(picture.sha256);
    expect(existsSync(result.contact_sheet)).toBe(true);

    const second = await runTower(tower, ['demo', '--json', '--count', '1', '--steps', '4']);
    expect(second.lines.at(-1)).toMatchObject({ type: 'result', ok: true, project_id: result.project_id });
    expect(existsSync(result.contact_sheet)).toBe(true);
    expect((await fetch(`${tower.url}/health`)).status).toBe(200);
  });

  it('tells in plain lines what the demo does when nobody watches', async () => {
    const { code, text } = await runTower(tower, ['demo', '--count', '1', '--steps', '4', '--prompt', 'a lighthouse']);
    expect(code).toBe(0);
    expect(text).toContain('The GPUs are SIMULATED');
    expect(text).toMatch(/picture 1: completed, 100 %/);
    expect(text).toMatch(/Contact sheet: .*contact-sheet-\d{8}T\d{6}Z\.png/);
  });

  it('ends the demo with 2 and says what is missing when no card has the checkpoint', async () => {
    const { code, errors } = await runTower(tower, ['demo', '--model', 'nobody-has-this.safetensors']);
    expect(code).toBe(2);
    expect(errors).toMatch(/checkpoint_missing: .*models\/checkpoints.*http:\/\/127\.0\.0\.1:\d+/);
  });

  const onLinux = process.platform === 'linux' ? it : it.skip;

  onLinux('tells each process its own password of NATS and no other (skipped where there is no /proc)', () => {
    const config = readFileSync(join(tower.home, 'nats.conf'), 'utf8');
    const passwords = new Map(
      [...config.matchAll(/user: "([^"]+)"\s+password: "([^"]+)"/g)].map((match) => [match[1], match[2] ?? '']),
    );
    for (const [name, pid] of Object.entries(tower.pids())) {
      const environment = readFileSync(`/proc/${pid}/environ`, 'utf8');
      const known = [...passwords].filter(([, password]) => environment.includes(password)).map(([user]) => user);
      expect({ name, known }).toEqual({
        name,
        known: (serviceNames as readonly string[]).includes(name) ? [name] : [],
      });
    }
  });

  it('had NATS refuse nobody anything in all this, and told no password', () => {
    const serverLog = readFileSync(join(tower.home, 'logs', 'nats.log'), 'utf8');
    expect(serverLog.split('\n').filter((line) => line.includes('Violation'))).toEqual([]);
    const log = readFileSync(join(tower.home, 'logs', 'tower.log'), 'utf8');
    expect(log).not.toMatch(/does not allow this process|PERMISSIONS_VIOLATION/);
    const config = readFileSync(join(tower.home, 'nats.conf'), 'utf8');
    const passwords = [...config.matchAll(/password: "([^"]+)"/g)].map((match) => match[1] ?? '');
    expect(new Set(passwords).size).toBe(serviceNames.length + 3);
    for (const password of passwords)
      expect(`${log}${tower.stdout.join()}${tower.stderr.join()}`).not.toContain(password);
  });
});

async function runTower(
  tower: TowerProcess,
  args: string[],
): Promise<{ code: number; lines: Record<string, unknown>[]; text: string; errors: string }> {
  const root = resolve(__dirname, '..');
  const child = spawn(process.execPath, [join(root, 'apps', 'cli', 'dist', 'main.js'), ...args], {
    env: { ...process.env, TOWER_HOME: tower.home, TOWER_LIBRARY: tower.library },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number];
  const lines = text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { code, lines, text, errors };
}
