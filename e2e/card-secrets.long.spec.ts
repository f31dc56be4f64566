// Real: every process of a Tower, the command line, TLS, and the files that all of them leave. Simulated: the cards,
// and what stands before them.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { routes, serviceNames } from '@tower/contracts';
import { freePort } from '@tower/machine';
import { createTestAuthority, waitFor } from '@tower/testing';
import { TowerProcess } from './tower-process';

const secrets = {
  bearer: 'zq-hush-bearer-1',
  header: 'zq-hush-header-2',
  wrong: 'zq-hush-wrong-3',
  address: 'zq-hush@address-4',
  nobody: 'zq-hush-nobody-5',
  echo: 'zq-hush-echo-6',
};
/** Every spelling under which a secret could get out. */
const spellings = Object.values(secrets).flatMap((secret) => [
  secret,
  encodeURIComponent(secret),
  ...['tower', 'nobody', 'echo'].map((user) => Buffer.from(`${user}:${secret}`).toString('base64').replace(/=+$/, '')),
]);

const folder = mkdtempSync(join(tmpdir(), 'tower-card-secrets-'));
chmodSync(folder, 0o755);
const cards: ChildProcess[] = [];
let tower: TowerProcess;
let env: NodeJS.ProcessEnv;

async function startCard(name: string, gate: object, flags: readonly string[] = []): Promise<number> {
  const port = await freePort();
  const file = join(folder, `${name}.gate.json`);
  writeFileSync(file, JSON.stringify(gate));
  const args = [
    '--profile',
    'rtx3060',
    '--port',
    String(port),
    '--time-scale',
    '0',
    '--home',
    join(folder, name),
    '--gate',
    file,
    ...flags,
  ];
  const child = spawn(process.execPath, [resolve(__dirname, '..', 'apps', 'comfy-sim', 'dist', 'main.js'), ...args], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  cards.push(child);
  await once(child, 'message');
  return port;
}

const whatShows = (text: string): string[] => spellings.filter((spelling) => text.includes(spelling));

async function cli(...args: string[]): Promise<string> {
  const run = TowerProcess.spawn({ home: tower.home, args, env });
  await run.exited;
  return [...run.stdout, ...run.stderr].join('\n');
}

/** Everything below a folder, as bytes: databases, streams, logs, sidecars, run files. */
function* filesBelow(path: string): Generator<string> {
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    const inner = join(path, entry.name);
    if (entry.isDirectory()) yield* filesBelow(inner);
    else if (entry.isFile()) yield inner;
  }
}

beforeAll(async () => {
  const authority = createTestAuthority(folder);
  const tls = ['--tls-keyfile', authority.key, '--tls-certfile', authority.cert];
  const [safe, pasted, wrong] = await Promise.all([
    startCard('safe', { bearer: secrets.bearer, prefix: '/comfy' }, tls),
    startCard('pasted', { basic: { user: 'tower', password: secrets.address } }, ['--cpu']),
    startCard('wrong', { headers: { 'X-Api-Key': secrets.header } }),
  ]);
  writeFileSync(join(folder, 'bearer'), `${secrets.bearer}\n`);
  const gpus = [
    {
      name: 'safe',
      url: `https://127.0.0.1:${safe}/comfy/`,
      auth: { bearer: { file: join(folder, 'bearer') } },
      ca_file: authority.ca,
      vendor: 'nvidia',
    },
    { name: 'rtx4090', url: `http://tower:${encodeURIComponent(secrets.address)}@127.0.0.1:${pasted}`, vendor: 'amd' },
    { name: 'wrong', url: `http://127.0.0.1:${wrong}`, auth: { header: { name: 'X-Api-Key', env: 'TOWER_CARD_KEY' } } },
    { name: 'nobody', url: `http://nobody:${secrets.nobody}@127.0.0.1:9` },
  ];
  env = {
    TOWER_GPUS: JSON.stringify(gpus),
    TOWER_CARD_KEY: secrets.wrong,
    LOG_LEVEL: 'trace',
    ECHO_URL: `http://echo:${secrets.echo}@127.0.0.1:9`,
  };
  tower = await TowerProcess.start({ env });
}, 180_000);
afterAll(async () => {
  for (const card of cards) card.kill('SIGKILL');
  await (tower as TowerProcess | undefined)?.remove();
  rmSync(folder, { recursive: true, force: true });
});

it('renders on cards that want a login, and says of the others what is wrong', async () => {
  const { api } = tower;
  const project = await api.call(routes.createProject, { body: { name: 'Behind a door' } });
  for (const seed of [1, 2, 3]) {
    const { job_id: id } = await api.call(routes.generate, {
      body: { project_id: project.id, job_type: 'still_image', prompt: 'a door', seed },
    });
    await waitFor(async () => (await api.call(routes.getJob, { params: { id } })).ended_at !== null, {
      timeoutMs: 60_000,
      describe: 'the job is over',
    });
    expect(await api.call(routes.getJob, { params: { id } })).toMatchObject({ status: 'completed' });
  }
  const gpus = await waitFor(
    async () => {
      const { rendering } = await api.call(routes.getStatus, {});
      return rendering?.gpus.every(({ state }) => state !== 'unknown') === true ? rendering.gpus : undefined;
    },
    { timeoutMs: 30_000, describe: 'all cards were looked at' },
  );
  expect(gpus.map(({ name, state, detail }) => [name, state, detail])).toEqual([
    ['safe', 'idle', expect.anything()],
    ['rtx4090', 'idle', expect.anything()],
    [
      'wrong',
      'down',
      expect.stringContaining(
        'answers 401 to /queue: the credentials are wrong; correct auth.header (the ' +
          'variable TOWER_CARD_KEY) in config/gpus.yaml',
      ),
    ],
    ['nobody', 'down', expect.stringContaining('(http://127.0.0.1:9) does not answer')],
  ]);
  expect(gpus[0]).toMatchObject({
    warnings: [],
    url: expect.stringMatching(/^https:\/\/127\.0\.0\.1:\d+\/comfy$/) as string,
  });
  expect(gpus[1]?.warnings[0]).toMatch(/^rtx4090 is configured as vendor: amd, but its server computes with the CPU/);
}, 120_000);

it('shows no secret in any answer, on the command line, or in a metric', async () => {
  const paths = Object.values(routes)
    .filter(({ method, path }) => method === 'GET' && !/[{:]/.test(path))
    .map(({ path }) => path);
  expect(paths.length).toBeGreaterThan(5);
  for (const path of paths) {
    const answer = await fetch(`${tower.url}/api/anime${path}`);
    expect([path, answer.status === 404, whatShows(await answer.text())]).toEqual([path, false, []]);
  }
  const { items } = await tower.api.call(routes.listJobs, {});
  for (const { id } of items)
    for (const read of [routes.getJob, routes.listJobEvents, routes.listJobArtifacts])
      expect(whatShows(JSON.stringify(await tower.api.call(read, { params: { id } })))).toEqual([]);

  const said = await Promise.all([cli('status'), cli('status', '--json'), cli('doctor'), cli('models', 'list')]);
  expect(said[2]).toMatch(/wrong .*the credentials are wrong; correct auth\.header \(the variable TOWER_CARD_KEY\)/);
  expect(said[2]).toMatch(/note .*rtx4090.* is configured as vendor: amd/);
  expect(said[2]).toMatch(/ok .*safe .*https:\/\/127/);
  expect(said[0]).toMatch(/warning: rtx4090 is configured as vendor: amd/);
  expect(said.flatMap(whatShows)).toEqual([]);
  const targets = JSON.parse(readFileSync(join(tower.home, 'prometheus-targets.json'), 'utf8')) as {
    targets: [string];
  }[];
  for (const {
    targets: [address],
  } of targets)
    expect(whatShows(await (await fetch(`http://${address}/metrics`)).text())).toEqual([]);
}, 120_000);

it('gives the secrets of cards to rendering alone', () => {
  const environment = (part: string): string => readFileSync(`/proc/${tower.pidOf(part) ?? 0}/environ`, 'utf8');
  const has = Object.fromEntries(serviceNames.map((service) => [service, whatShows(environment(service)).length > 0]));
  expect(has).toEqual(
    Object.fromEntries(serviceNames.map((service) => [service, service === 'rendering' || service === 'echo-bridge'])),
  );
  expect(environment('echo-bridge')).not.toMatch(/TOWER_GPUS|TOWER_CARD_KEY/);
});

it('leaves no secret in any file: logs at trace, database, streams, sidecars, run files', async () => {
  await tower.stop();
  const files = [...filesBelow(tower.home)];
  expect(files.some((file) => file.endsWith('tower.log') && statSync(file).size > 10_000)).toBe(true);
  expect(files.some((file) => file.includes('/library/') && file.endsWith('.json'))).toBe(true);
  // What is not secret is there, so the search can find what is.
  expect(
    files.some((file) => file.includes('/postgres') && readFileSync(file, 'latin1').includes('TOWER_CARD_KEY')),
  ).toBe(true);
  const showing = files.filter((file) => whatShows(readFileSync(file, 'latin1')).length > 0);
  expect(showing).toEqual([]);
  // Nothing had to be taken out of what rendering and the bridge to Echo say.
  const said = tower
    .log()
    .filter(({ service }) => service === 'rendering' || service === 'echo-bridge')
    .map((line) => JSON.stringify(line));
  expect(said.length).toBeGreaterThan(10);
  expect(said.filter((line) => line.includes('[redacted]'))).toEqual([]);
});
