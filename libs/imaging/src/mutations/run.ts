import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { mistakes, type Mistake } from './mistakes';

/**
 * Makes each mistake in a temporary copy of this library, runs the vectors that should notice, and writes
 * docs/mutations.md. `npm run mutations [-- part of a name]`; with a part only those are made and nothing is written.
 */
const root = resolve(__dirname, '../../../..');
const wanted = process.argv[2];

interface Outcome {
  readonly mistake: Mistake;
  readonly red: readonly string[];
}

interface Report {
  readonly testResults: readonly {
    readonly message: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

const copy = realpathSync(mkdtempSync(join(tmpdir(), 'tower-mutations-')));
try {
  const library = join(copy, 'libs/imaging');
  mkdirSync(library, { recursive: true });
  cpSync(join(root, 'libs/imaging/src'), join(library, 'src'), { recursive: true });
  symlinkSync(join(root, 'libs/imaging/test-data'), join(library, 'test-data'));
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  cpSync(join(root, '.swcrc'), join(copy, '.swcrc'));
  cpSync(join(root, 'jest.env.cjs'), join(copy, 'jest.env.cjs'));
  writeFileSync(
    join(copy, 'jest.config.cjs'),
    `module.exports = { rootDir: __dirname, testEnvironment: '<rootDir>/jest.env.cjs', transform: { ` +
      `'^.+\\\\.ts$': ['@swc/jest'] }, testTimeout: 120000, cacheDirectory: ` +
      `${JSON.stringify(join(root, '.cache', 'jest'))} };`,
  );
  // Red means something only where it was green before.
  if (wanted === undefined)
    for (const spec of new Set(mistakes.map((mistake) => mistake.spec))) {
      const [failed] = failedTests(library, spec);
      if (failed !== undefined) throw new Error(`without any mistake this fails: ${failed}`);
    }
  const outcomes: Outcome[] = [];
  for (const mistake of mistakes.filter(({ name }) => wanted === undefined || name.includes(wanted))) {
    const outcome = { mistake, red: redTests(library, mistake) };
    outcomes.push(outcome);
    process.stdout.write(
      `${outcome.red.length > 0 ? 'red  ' : 'GREEN'} ` +
        `${mistake.tests.join(', ')}: ${mistake.name} (${outcome.red.length})\n`,
    );
  }
  const survivors = outcomes.filter(({ red }) => red.length === 0);
  if (wanted === undefined) writeFileSync(join(root, 'docs/mutations.md'), page(outcomes));
  if (survivors.length > 0) process.exitCode = 1;
} finally {
  rmSync(copy, { recursive: true });
}

/** The names of the tests that fail while the mistake stands. */
function redTests(library: string, { file, edits, spec, only, name }: Mistake): string[] {
  const path = join(library, 'src', file);
  const original = readFileSync(path, 'utf8');
  let mutated = original;
  for (const [find, replace] of edits) {
    if (mutated.split(find).length !== 2)
      throw new Error(`${name}: "${find}" is in ${file} ${mutated.split(find).length - 1} times`);
    mutated = mutated.replace(find, () => replace);
  }
  writeFileSync(path, mutated);
  try {
    return failedTests(library, spec, only);
  } finally {
    writeFileSync(path, original);
  }
}

function failedTests(library: string, spec: string, only?: string): string[] {
  const report = join(copy, 'report.json');
  rmSync(report, { force: true });
  const jest = [
    join(root, 'node_modules/jest/bin/jest.js'),
    '--runInBand',
    '--json',
    `--outputFile=${report}`,
    ...(only === undefined ? [] : ['-t', only]),
    spec,
  ];
  spawnSync(process.execPath, jest, {
    cwd: copy,
    stdio: 'ignore',
    env: { ...process.env, TOWER_VECTORS: join(library, 'test-data/quality') },
  });
  const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as Report;
  const broken = testResults.find(({ assertionResults, message }) => assertionResults.length === 0 && message !== '');
  // A copy that does not even load proves nothing about the vectors.
  if (broken !== undefined) throw new Error(broken.message);
  return testResults.flatMap(({ assertionResults }) =>
    assertionResults.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName),
  );
}

function page(outcomes: readonly Outcome[]): string {
  const { mutations } = JSON.parse(
    readFileSync(join(root, 'libs/imaging/test-data/quality/mutations.json'), 'utf8'),
  ) as {
    mutations: { mistake: string; test: string }[];
  };
  const caught = outcomes.filter(({ red }) => red.length > 0);
  const covered = mutations.filter(({ mistake, test }) =>
    caught.some((outcome) => outcome.mistake.name === mistake && outcome.mistake.tests.includes(test)),
  );
  const left = mutations.filter((entry) => !covered.includes(entry));
  const cell = (text: string): string => text.replaceAll('|', '\\|');
  return [
    '# Mistakes that the golden vectors notice',
    '',
    'Written by `npm run mutations`, which makes each mistake in a temporary ' +
      'copy of `libs/imaging` and runs the vectors of',
    'the set concerned. A row says which test turned red, and how many with it.',
    '',
    `${outcomes.length} mistakes were made in our code, ${caught.length} were noticed; they stand for ` +
      `${covered.length} of the ${mutations.length} entries of`,
    '`libs/imaging/test-data/quality/mutations.json`, which were made in another implementation.',
    '',
    '| set | mistake | in | first red test | red |',
    '| --- | --- | --- | --- | --- |',
    ...outcomes.map(
      ({ mistake, red }) =>
        `| ${mistake.tests.join(', ')} | ${cell(mistake.name)} | \`${mistake.file}\` | ` +
        `${cell(red[0] ?? '**none**')} | ${red.length} |`,
    ),
    '',
    '## Not made here',
    '',
    'They would have to be made inside a graph or a decoder instead of in our code.',
    '',
    ...left.map(({ mistake, test }) => `* ${test}: ${mistake}`),
    '',
  ].join('\n');
}
