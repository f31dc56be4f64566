import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { repositoryRoot } from '@tower/kit';

/** Every app whose rooms the page lists. */
const page = readFileSync(join(__dirname, 'architecture.md'), 'utf8');
const lists = [...page.matchAll(/<!-- floors of (\S+) -->\n([\s\S]*?)\n<!-- \/floors of \1 -->/g)].map(
  ([, source = '', list = '']) => ({ source, floors: floorsIn(list), ground: groundIn(page) }),
);

/** By room: its floor, counted from the bottom. */
type Floors = ReadonlyMap<string, number>;

interface Import {
  /** Below the sources, with the room first; of the roof when there is no room. */
  readonly from: string;
  readonly to: string;
}

function floorsIn(list: string): Floors {
  const lines = list.split('\n').map((line) => /^(\d+)\. (.*)$/.exec(line));
  return new Map(
    lines.flatMap((line) =>
      [...(line?.[2] ?? '').matchAll(/`([a-z-]+)`:/g)].map(([, room = '']) => [room, Number(line?.[1])] as const),
    ),
  );
}

function groundIn(text: string): string[] {
  const sentence = /the ground that every room may stand on: ([^\n]*)/.exec(text)?.[1] ?? '';
  return [...sentence.matchAll(/`([a-z.-]+)\.ts`/g)].map(([, file = '']) => file);
}

/** Undefined for the roof. */
const roomOf = (path: string): string | undefined => (path.includes('/') ? path.split('/')[0] : undefined);

/** The imports between files of one folder, types included; those of specs and fixtures go where they like. */
function importsWithin(source: string): Import[] {
  const root = join(repositoryRoot, source);
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  const ours = files.filter((file) => !/\.(spec|fixture)\.ts$/.test(file));
  return ours.flatMap((file) =>
    [...readFileSync(join(root, file), 'utf8').matchAll(/(?:from|import|require\()\s*\(?'(\.[^']*)'/g)].map(
      ([, target = '']) => ({
        from: file.split(sep).join('/'),
        to: relative(root, resolve(root, dirname(file), target))
          .split(sep)
          .join('/'),
      }),
    ),
  );
}

/** Why an import is none that the floors allow; undefined when it is one. */
function whyNot({ from, to }: Import, floors: Floors, ground: readonly string[]): string | undefined {
  const [room, other] = [roomOf(from), roomOf(to)];
  if (room === undefined || room === other) return undefined;
  if (other === undefined) return ground.includes(to) ? undefined : `${from} knows the roof: ${to}`;
  const [floor, otherFloor] = [floors.get(room), floors.get(other)];
  if (floor === undefined || otherFloor === undefined) return `${from} → ${to}: a room that the page does not list`;
  if (floor > otherFloor) return undefined;
  return floor < otherFloor
    ? `${from} (floor ${floor}) goes up to ${to} (floor ${otherFloor})`
    : `${from} goes over to ${to} on its own floor ${floor}`;
}

describe('the rule', () => {
  const floors: Floors = new Map([
    ['cellar', 1],
    ['east', 2],
    ['west', 2],
  ]);
  const said = (from: string, to: string): string | undefined => whyNot({ from, to }, floors, ['ground']);

  it.each([
    ['down', 'east/a.ts', 'cellar/b'],
    ['within a room', 'east/a.ts', 'east/deep/b'],
    ['from the roof', 'door.ts', 'east/b'],
    ['to the ground', 'cellar/a.ts', 'ground'],
  ])('allows an import %s', (_, from, to) => {
    expect(said(from, to)).toBeUndefined();
  });

  it.each([
    ['up', 'cellar/a.ts', 'east/b', 'cellar/a.ts (floor 1) goes up to east/b (floor 2)'],
    ['on its own floor', 'east/a.ts', 'west/b', 'east/a.ts goes over to west/b on its own floor 2'],
    ['of the roof', 'east/a.ts', 'module', 'east/a.ts knows the roof: module'],
    ['of an unlisted room', 'east/a.ts', 'shed/b', 'east/a.ts → shed/b: a room that the page does not list'],
  ])('refuses an import %s', (_, from, to, why) => {
    expect(said(from, to)).toBe(why);
  });
});

it('is asked of an app at least', () => {
  expect(lists.map(({ source }) => source)).toContain('apps/rendering/src');
});

describe.each(lists)('$source', ({ source, floors, ground }) => {
  const imports = importsWithin(source);

  it('has the rooms that the page lists, and no other', () => {
    const rooms = new Set(imports.flatMap(({ from }) => roomOf(from) ?? []));
    expect([...floors.keys()].sort()).toEqual([...rooms].sort());
  });

  it('imports down only', () => {
    expect(imports.flatMap((one) => whyNot(one, floors, ground) ?? [])).toEqual([]);
  });
});
