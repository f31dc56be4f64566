// Real: the tools, as the scripts of package.json and jest start them, in an account that nobody used before.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repositoryRoot } from '@tower/kit';

const { scripts } = JSON.parse(readFileSync(join(repositoryRoot, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
};
/** A script with further words, without npm, which keeps things of its own. */
const script = (name: string, words: string): [string, string[]] => ['sh', ['-c', `${scripts[name]} ${words}`]];

const program = (...path: string[]): string => join(repositoryRoot, ...path);

/** A network in the scoring thread, as the quality service runs it from what was compiled. */
const scoring = `
  const { createHash } = require('node:crypto');
  const { readFileSync } = require('node:fs');
  const { ScoringThread } = require('@tower/imaging');
  const folder = ${JSON.stringify(program('libs', 'imaging', 'test-data', 'quality', 'models'))};
  const file = 'lpips_rand.onnx';
  const sha256 = createHash('sha256').update(readFileSync(folder + '/' + file)).digest('hex');
  const entry = { id: 'lpips', contract: 'lpips_pair', file, url: '', licence: '', nonCommercial: false, sha256 };
  const thread = new ScoringThread({ entries: [entry], folder, options: {} });
  const picture = { data: Buffer.alloc(64 * 64 * 3), width: 64, height: 64, channels: 3 };
  thread.ask('perceptualDistance', ['lpips', picture, picture]).then(() => thread.close());`;

describe('the home folder and the folder for temporary files stay empty', () => {
  let outside: string;
  let folders: { readonly HOME: string; readonly TMPDIR: string };

  beforeEach(() => {
    outside = mkdtempSync(join(tmpdir(), 'tower-outside-'));
    folders = { HOME: join(outside, 'home'), TMPDIR: join(outside, 'tmp') };
    for (const folder of Object.values(folders)) mkdirSync(folder);
  });
  afterEach(() => rmSync(outside, { recursive: true }));

  /** Without what jest's configuration set for this process, and without `CI`, which turns some of it off. */
  const account = (): NodeJS.ProcessEnv => ({ PATH: process.env['PATH'], ...folders });

  it.each<[string, string, string[]]>([
    ['the compiler', ...script('compile', '--help')],
    ['Nx', ...script('nx', 'show projects')],
    ['ESLint', ...script('eslint', 'docs/nothing-outside.spec.ts')],
    [
      'TypeScript that is run as it is',
      process.execPath,
      ['--require', program('libs', 'testing', 'src', 'register-typescript.cjs'), '--eval', ''],
    ],
    [
      'jest, and networks in specs',
      process.execPath,
      [
        program('node_modules', 'jest', 'bin', 'jest.js'),
        '-c',
        'jest.small.cjs',
        'libs/imaging/src/models/models.spec.ts',
      ],
    ],
    ['networks in a service', process.execPath, ['--eval', scoring]],
  ])(
    'after %s',
    (_, command, args) => {
      const { status, stderr } = spawnSync(command, args, { cwd: repositoryRoot, env: account(), encoding: 'utf8' });
      expect([status, status === 0 ? '' : stderr]).toEqual([0, '']);
      const left = Object.values(folders).flatMap((folder) =>
        readdirSync(folder, { recursive: true, encoding: 'utf8' }),
      );
      expect(left).toEqual([]);
    },
    120_000,
  );
});
