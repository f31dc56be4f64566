import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { repositoryRoot } from '@tower/kit';

/** What the pages say of files and commands, held against the repository as it is. */

const folders = ['apps', 'bench', 'config', 'deploy', 'docs', 'e2e', 'libs', 'migrations', 'workflows'];
const pages = [
  'README.md',
  ...readdirSync(__dirname, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name.split(sep).join('/')}`),
];
const textOf = (page: string): string => readFileSync(join(repositoryRoot, page), 'utf8');

/** Below the folders above, with forward slashes; what is built or installed is left out. */
const files = folders.flatMap((folder) =>
  readdirSync(join(repositoryRoot, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => `${folder}/${name.split(sep).join('/')}`)
    .filter((name) => !/\/(dist|node_modules)(\/|$)/.test(name)),
);
/** A spec may be named without the ends of its name: `e2e/outage` for `e2e/outage.e2e.spec.ts`. */
const names = files.flatMap((file) => {
  const bare = file.replace(/\.ts$/, '');
  const kind = /\.(medium|long|e2e)\.spec$/;
  return bare.endsWith('.spec')
    ? [file, bare, bare.replace(/\.spec$/, ''), bare.replace(kind, '.spec'), bare.replace(kind, '')]
    : [file];
});
const nameSet = new Set(names);

/** `<name>` and `*` stand for one part of a path, `{a,b}` for each of these. */
function isThere(path: string): boolean {
  const group = /^(.*?)\{([^{}]+)\}(.*)$/.exec(path);
  if (group) return (group[2] ?? '').split(',').every((part) => isThere(`${group[1]}${part}${group[3]}`));
  const source = path.replace(/\/dist\/(.*)\.js$/, '/src/$1.ts').replace(/\/$/, '');
  if (!/[<*]/.test(source)) return folders.includes(source) || nameSet.has(source);
  const escaped = source.replace(/<[^<>]+>|\*/g, '*').replace(/[.+?^${}()|[\]\\]/g, '\\$&');
  const pattern = new RegExp(`^${escaped.replaceAll('*', '[^/]+')}$`);
  return names.some((name) => pattern.test(name));
}

const pathForm = new RegExp(`(?<![\\w./<>-])(?:${folders.join('|')})/[\\w.@<>*{},/-]*[\\w>*}/]`, 'g');
const kept = readFileSync(join(repositoryRoot, '.gitignore'), 'utf8').split('\n');

it.each(pages)('%s names no file that is not there', (page) => {
  const named = [...textOf(page).matchAll(pathForm)].map(([path]) => path);
  expect(named.filter((path) => !isThere(path) && !kept.includes(path))).toEqual([]);
});

/** `reconcile.ts`, `attempts/reconcile.ts`, `outcome.spec`: a file by the end of its path. */
const isEndOfName = (end: string): boolean => names.some((name) => name.endsWith(`/${end}`));

it.each(pages)('%s calls no source file by a name that none has', (page) => {
  const named = [...textOf(page).matchAll(/`((?:[\w-]+\/)*[\w.-]+\.(?:spec|ts|long))`/g)].map(
    (match) => match[1] ?? '',
  );
  expect(named.filter((name) => !isThere(name) && !isEndOfName(name))).toEqual([]);
});

it.each(pages)('%s names as proof only what there is', (page) => {
  const proofs = textOf(page)
    .split(/\n\n+/)
    .filter((block) => /^\|.*\| proof \|$/m.test(block))
    .flatMap((block) => block.split('\n').slice(2))
    .flatMap((row) => [...(row.split('|').at(-2) ?? '').matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? ''))
    .filter((proof) => !proof.startsWith('npm run '));
  expect(proofs.filter((proof) => !isThere(proof) && !isEndOfName(proof))).toEqual([]);
});

const { scripts } = JSON.parse(readFileSync(join(repositoryRoot, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
};

it.each(pages)('%s tells to run no script that package.json has not', (page) => {
  const run = [...textOf(page).matchAll(/npm run (?:--silent )?([\w:-]+)/g)].map((match) => match[1] ?? '');
  expect(run.filter((name) => scripts[name] === undefined)).toEqual([]);
});

it.each(pages)('%s links to no page that is not there', (page) => {
  const links = [...textOf(page).matchAll(/\]\((?!https?:|#)([^)#\s]+)(?:#[^)]*)?\)/g)].map((match) => match[1] ?? '');
  expect(links.filter((link) => !existsSync(join(repositoryRoot, page, '..', link)))).toEqual([]);
});
