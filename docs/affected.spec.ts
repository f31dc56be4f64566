// Real: Nx's own answers for this repository. Nothing is run, fetched or asked of a remote.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, normalize, relative } from 'node:path';
import { repositoryRoot } from '@tower/kit';

const ask = <T>(script: string, ...args: string[]): T =>
  JSON.parse(
    execFileSync(process.execPath, [script, ...args], {
      cwd: repositoryRoot,
      env: { ...process.env, NX_DAEMON: 'false', NX_NO_CLOUD: 'true' },
      maxBuffer: 64 * 1024 ** 2,
      encoding: 'utf8',
    }),
  ) as T;

const listed = (pattern: string): string[] =>
  execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', pattern], { cwd: repositoryRoot })
    .toString()
    .split('\n')
    .filter((file) => file !== '');

const services = ['gateway', 'projects', 'characters', 'rendering', 'quality', 'echo-bridge'];
const rendersMigration = 'migrations/rendering/1763700000000-create-rendering.ts';

/** `docs` is among all of them: its specs hold the pages to the whole repository. */
const planted = [
  {
    file: 'workflows/hires-fix/workflow.yaml',
    touches: ['workflows', 'rendering', 'deploy', 'e2e', 'docs'],
    spares: ['cli', 'comfy-sim', 'gateway', 'quality', 'comfyui', 'kit', 'imaging'],
  },
  {
    file: rendersMigration,
    touches: ['migrations', 'rendering', 'deploy', 'e2e', 'docs'],
    spares: ['cli', 'comfy-sim', 'gateway', 'projects', 'quality', 'db', 'bus', 'testing', 'kit'],
  },
  {
    file: 'config/gpus.yaml',
    touches: ['comfyui', 'cli', 'rendering', 'deploy', 'e2e', 'docs'],
    spares: ['kit', 'comfy-sim', 'gateway', 'projects', 'quality', 'imaging', 'library'],
  },
  {
    file: 'libs/contracts/src/job.ts',
    touches: [...services, 'contracts', 'kit', 'db', 'bus', 'testing', 'cli', 'bench', 'deploy', 'e2e', 'docs'],
    spares: ['imaging', 'migrations', 'workflows'],
  },
  {
    file: 'apps/comfy-sim/src/main.ts',
    touches: ['comfy-sim', 'rendering', 'deploy', 'e2e', 'docs'],
    spares: ['cli', 'gateway', 'projects', 'quality', 'imaging', 'kit', 'workflows'],
  },
];

interface Answers {
  /** By file, the projects whose tasks run again when it has changed. */
  readonly affected: Record<string, string[]>;
  /** By task, the files whose contents are in the key under which its result is kept. */
  readonly inputs: Record<string, string[]>;
}
let answers: Answers;
beforeAll(() => {
  const files = [...planted.map(({ file }) => file), 'docs/architecture.md'];
  const targets = ['test', 'test:medium', 'e2e'];
  answers = ask(join(__dirname, 'nx-answers.fixture.cjs'), JSON.stringify({ files, targets }));
});
const inputsOf = (task: string): string[] => answers.inputs[task] ?? [];

describe('a change of', () => {
  it.each(planted)('$file touches those who read it, and spares the others', ({ file, touches, spares }) => {
    const affected = answers.affected[file];
    expect(affected).toEqual(expect.arrayContaining(touches));
    expect(affected?.filter((project) => spares.includes(project))).toEqual([]);
  });

  it('docs/architecture.md touches the specs of the documents alone', () => {
    expect(answers.affected['docs/architecture.md']).toEqual(['docs']);
  });

  it('a workflow touches whom the command line names', () => {
    const nx = join(repositoryRoot, 'node_modules', 'nx', 'dist', 'bin', 'nx.js');
    const [{ file } = { file: '' }] = planted;
    expect(ask<string[]>(nx, 'show', 'projects', '--affected', `--files=${file}`, '--json').sort()).toEqual(
      answers.affected[file]?.sort(),
    );
  });
});

describe('the kept result of', () => {
  it.each([
    ['rendering:test', ['workflows/hires-fix/workflow.yaml', rendersMigration, 'config/gpus.yaml']],
    ['rendering:test:medium', [rendersMigration, 'apps/comfy-sim/src/main.ts', 'libs/testing/src/index.ts']],
    ['cli:test', ['config/gpus.yaml', 'models/manifest.yaml']],
    ['deploy:test', ['docker-compose.yml', 'deploy/nats.conf', 'apps/gateway/src/env.ts']],
    ['e2e:e2e', ['workflows/hires-fix/workflow.yaml', rendersMigration, 'config/gpus.yaml', 'apps/cli/src/main.ts']],
    ['docs:test', ['docs/architecture.md', 'apps/rendering/project.json', 'nx.json']],
  ])('%s counts no more once one of these has changed: %j', (task, files) => {
    const inputs = inputsOf(task);
    expect(files.filter((file) => !inputs.includes(file))).toEqual([]);
  });

  it('imaging:test still counts when a workflow, a migration or a card has', () => {
    expect(inputsOf('imaging:test')).toContain('libs/imaging/src/index.ts');
    expect(inputsOf('imaging:test').filter((file) => /^(workflows|migrations|config)\//.test(file))).toEqual([]);
  });
});

describe('every project', () => {
  interface Project {
    readonly root: string;
    readonly targets: readonly string[];
  }
  let projects: Record<string, Project>;
  /** Of the projects' folders the innermost one that holds the file. */
  const ownerOf = (file: string): string | undefined =>
    Object.keys(projects)
      .filter((name) => file.startsWith(`${projects[name]?.root}/`))
      .sort((one, other) => (projects[other]?.root.length ?? 0) - (projects[one]?.root.length ?? 0))[0];

  beforeAll(() => {
    projects = Object.fromEntries(
      listed('*project.json').map((file) => {
        const { name, targets } = JSON.parse(readFileSync(join(repositoryRoot, file), 'utf8')) as {
          name: string;
          targets: Record<string, unknown>;
        };
        return [name, { root: file.replace(/\/project\.json$/, ''), targets: Object.keys(targets) }];
      }),
    );
  });

  const sizes: readonly (readonly [target: string, specs: RegExp])[] = [
    ['test:medium', /\.medium\.spec\.ts$/],
    ['test:long', /\.long\.spec\.ts$/],
    ['e2e', /\.e2e\.spec\.ts$/],
    ['test', /\.spec\.ts$/],
  ];
  const targetOf = (spec: string): string => sizes.find(([, specs]) => specs.test(spec))?.[0] ?? '';

  it('has a target for each size of its specs, and none for a size that it has not', () => {
    const wanted = new Set(listed('*.spec.ts').map((spec) => `${ownerOf(spec)}:${targetOf(spec)}`));
    const there = Object.entries(projects).flatMap(([name, { targets }]) =>
      sizes.filter(([target]) => targets.includes(target)).map(([target]) => `${name}:${target}`),
    );
    expect(there.sort()).toEqual([...wanted].sort());
  });

  it.each(sizes)('runs by its target %s exactly the specs of that size', (target) => {
    const { targetDefaults } = JSON.parse(readFileSync(join(repositoryRoot, 'nx.json'), 'utf8')) as {
      targetDefaults: Record<string, { options: { command: string } }>;
    };
    const command = targetDefaults[target]?.options.command.replace('{projectRoot}', 'e2e') ?? '';
    const PATH = `${join(repositoryRoot, 'node_modules', '.bin')}:${process.env['PATH']}`;
    const options = { cwd: repositoryRoot, env: { ...process.env, PATH }, encoding: 'utf8' } as const;
    const specs = execFileSync('sh', ['-c', `${command} --listTests`], options)
      .trim()
      .split('\n');
    expect(specs.map((spec) => relative(repositoryRoot, spec)).sort()).toEqual(
      listed('e2e/*.spec.ts')
        .filter((spec) => targetOf(spec) === target)
        .sort(),
    );
  });

  it('counts what its code and specs name outside their own folder among what they read', () => {
    const data = /^(workflows|config|models|migrations|deploy|docs)\b(?!\/files)/;
    const named = new Map<string, Set<string>>();
    for (const file of listed('*.ts')) {
      const owner = ownerOf(file);
      if (owner === undefined || projects[owner]?.targets.includes('test') !== true) continue;
      for (const path of pathsNamedIn(file))
        if (data.test(path) && !path.startsWith(`${projects[owner]?.root}`))
          named.set(owner, (named.get(owner) ?? new Set()).add(sourceOf(path)));
    }
    expect([...named.keys()]).toEqual(expect.arrayContaining(['cli', 'rendering']));
    for (const [project, paths] of named) {
      const inputs = inputsOf(`${project}:test`);
      const isRead = (path: string): boolean => inputs.some((file) => file === path || file.startsWith(`${path}/`));
      expect([project, [...paths].filter((path) => !isRead(path))]).toEqual([project, []]);
    }
  });
});

const sourceOf = (path: string): string => path.replace(/\/dist\b/, '').replace(/\.js$/, '.ts');

/** Paths below the root that a source builds from `repositoryRoot`, or from where it stands. */
function pathsNamedIn(file: string): string[] {
  const text = readFileSync(join(repositoryRoot, file), 'utf8');
  const fromRoot = [...text.matchAll(/repositoryRoot,((?:\s*'[^']+',?)+)/g)].map(([, parts = '']) =>
    [...parts.matchAll(/'([^']+)'/g)].map(([, part]) => part).join('/'),
  );
  const fromHere = [...text.matchAll(/__dirname, '((?:\.\.\/)+[^']+)'/g)].map(([, path = '']) =>
    normalize(join(file, '..', path)),
  );
  return [...fromRoot, ...fromHere];
}
