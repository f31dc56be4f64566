import { readdirSync } from 'node:fs';
import { join, sep } from 'node:path';
import { repositoryRoot } from '@tower/kit';

/** What `jest.coverage.cjs` names, held against the sources: a file that moved would leave the floor unseen. */

interface Coverage {
  readonly testMatch: readonly string[];
  readonly collectCoverageFrom: readonly string[];
  readonly coverageThreshold: Readonly<Record<string, unknown>>;
}

const coverage = jest.requireActual<Coverage>(join(repositoryRoot, 'jest.coverage.cjs'));

/** With forward slashes; what is built or installed is left out. */
const files = ['apps', 'libs'].flatMap((folder) =>
  readdirSync(join(repositoryRoot, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => `${folder}/${name.split(sep).join('/')}`)
    .filter((name) => name.endsWith('.ts') && !/\/(dist|node_modules)\//.test(name)),
);

/** `{a,b}` stands for each of these, which all must be there. */
function alternatives(glob: string): string[] {
  const [whole, before = '', group = '', after = ''] = /^(.*?)\{([^{}]*)\}(.*)$/.exec(glob) ?? [];
  return whole === undefined ? [glob] : group.split(',').flatMap((part) => alternatives(`${before}${part}${after}`));
}

/** `**` stands for any folders, also none, `*` for a part of one name, and an end in `/` for all that lies below. */
function patternOf(glob: string): RegExp {
  const source = glob
    .replace(/^(<rootDir>|\.)\//, '')
    .replace(/[.+?^${}()|[\]\\]/g, '\\$&')
    .replace(/\*\*\/|\*|\/$/g, (part) => ({ '**/': '(?:.*/)?', '*': '[^/]*' })[part] ?? '/.*');
  return new RegExp(`^${source}$`);
}

const matchingNone = (globs: readonly string[], among: readonly string[]): string[] =>
  globs
    .filter((glob) => !glob.startsWith('!'))
    .flatMap(alternatives)
    .filter((glob) => !among.some((file) => patternOf(glob).test(file)));

it('covers only what is there', () => {
  const sources = files.filter((file) => !file.endsWith('.spec.ts'));
  expect(matchingNone(coverage.collectCoverageFrom, sources)).toEqual([]);
});

it('runs specs of folders that have some', () => {
  expect(matchingNone(coverage.testMatch, files)).toEqual([]);
});

it('sets floors for what is there', () => {
  const named = Object.keys(coverage.coverageThreshold).filter((name) => name !== 'global');
  expect(matchingNone(named, files)).toEqual([]);
});

it.each([
  ['a name', 'apps/fox/src/den.ts', []],
  ['a folder', './apps/fox/src/', []],
  ['any folders', '<rootDir>/apps/**/*.ts', []],
  ['no folder between', 'apps/fox/src/**/den.ts', []],
  ['one of two names', 'apps/fox/src/{den,lair}.ts', ['apps/fox/src/lair.ts']],
  ['one of two folders', 'apps/{fox,owl}/src/*.ts', ['apps/owl/src/*.ts']],
  ['a file deeper than its star', 'apps/*/den.ts', ['apps/*/den.ts']],
  ['a part of a name', 'apps/fox/src/de.ts', ['apps/fox/src/de.ts']],
  ['another character for a dot', 'apps/fox/src/den-ts', ['apps/fox/src/den-ts']],
])('names what is missing of %s', (_, glob, missing) => {
  expect(matchingNone([glob], ['apps/fox/src/den.ts'])).toEqual(missing);
});
