import { createHash } from 'node:crypto';
// Real: a folder on this machine's disk, and a second disk where there is one. In the place of a file system without
// hard links stands a call that refuses as such ones do.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { link, rename } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newId } from '@tower/kit';
import { Library } from './library';
import { giveName, noteSuffix, type PlacingCalls } from './placing';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tower-placing-'));
  mkdirSync(join(root, '.incoming'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const refuse =
  (code: string, syscall = 'link') =>
  (): Promise<never> =>
    Promise.reject(Object.assign(new Error(code), { code, syscall }));
const linkless = (code = 'EPERM'): PlacingCalls => ({ link: refuse(code), rename });
const path = 'night-train/unfiled/a-a1-1.png';
const at = (...parts: string[]): string => join(root, ...parts);
const read = (name: string): string => readFileSync(at('night-train/unfiled', name), 'utf8');

async function download(library: Library, content: string): Promise<{ from: string; digest: string }> {
  const from = await library.incoming(newId(), '0');
  writeFileSync(from, content);
  return { from, digest: createHash('sha256').update(content).digest('hex') };
}

it.each(['EPERM', 'EACCES', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK', 'EINVAL'])(
  'places files on a disk that says %s to a hard link: nothing is overwritten, a name that is taken gets the next',
  async (code) => {
    const library = new Library(root, linkless(code));
    const [one, again, two] = [
      await download(library, 'one'),
      await download(library, 'one'),
      await download(library, 'two'),
    ];
    expect(await library.place(one.from, path, one.digest)).toBe(path);
    expect(await library.place(again.from, path, again.digest)).toBe(path);
    expect(await library.place(two.from, path, two.digest)).toBe('night-train/unfiled/a-a1-1~2.png');
    expect(['a-a1-1.png', 'a-a1-1~2.png'].map(read)).toEqual(['one', 'two']);
    expect(readdirSync(at('.incoming'))).toEqual([]);
  },
);

it('gives a name to one of many who want it at the same moment, whole, and the others the next ones', async () => {
  const library = new Library(root, linkless());
  const all = await Promise.all(Array.from({ length: 8 }, (_, n) => download(library, `picture ${n}`)));
  const places = await Promise.all(all.map(({ from, digest }) => library.place(from, path, digest)));
  expect(new Set(places).size).toBe(8);
  for (const [n, place] of places.entries()) expect(readFileSync(at(place), 'utf8')).toBe(`picture ${n}`);
  expect(readdirSync(at('.incoming'))).toEqual([]);
});

it('frees a name that a killed process had reserved, and only while nothing is under it', async () => {
  const library = new Library(root, linkless());
  const killed = await download(library, 'half way');
  mkdirSync(at('night-train/unfiled'), { recursive: true });
  // As it lies there when the power goes between the reservation and the renaming.
  writeFileSync(`${killed.from}${noteSuffix}`, path);
  writeFileSync(at(path), '');
  await library.discardUnfinished(await library.unfinished());
  expect(existsSync(at(path))).toBe(false);
  expect(readdirSync(at('.incoming'))).toEqual([]);

  // As it lies there when the power goes after the renaming.
  writeFileSync(`${killed.from}${noteSuffix}`, path);
  writeFileSync(at(path), 'a whole picture');
  await library.discard([killed.from]);
  expect(read('a-a1-1.png')).toBe('a whole picture');
  expect(readdirSync(at('.incoming'))).toEqual([]);

  // What somebody else wrote leads nowhere, and half a note says nothing.
  const outside = join(root, '..', `${newId()}.png`);
  writeFileSync(outside, '');
  for (const note of [outside, `../${outside.slice(outside.lastIndexOf('/') + 1)}`, '']) {
    writeFileSync(`${killed.from}${noteSuffix}`, note);
    await library.discard([killed.from]);
  }
  expect(statSync(outside).size).toBe(0);
  rmSync(outside);
  expect(readdirSync(at('.incoming'))).toEqual([]);
});

it('leaves no reserved name behind when the renaming fails, and says whose trouble it is', async () => {
  const library = new Library(root, { link: refuse('EPERM'), rename: refuse('EIO', 'rename') });
  const { from, digest } = await download(library, 'a picture');
  await expect(library.place(from, path, digest)).rejects.toMatchObject({ code: 'own_disk_broken' });
  expect(readdirSync(at('night-train/unfiled'))).toEqual([]);
  expect(readdirSync(at('.incoming'))).toEqual([from.slice(from.lastIndexOf('/') + 1)]);
});

it('does not take a folder that may not be written for a disk without links', async () => {
  const from = at('.incoming', 'x');
  writeFileSync(from, 'x');
  await expect(giveName(from, at('none', 'x.png'), 'none/x.png', linkless('EACCES'))).rejects.toMatchObject({
    code: 'ENOENT',
    syscall: 'open',
  });
});

describe('in a folder that is another disk', () => {
  const shm = '/dev/shm';
  const there = existsSync(shm) && statSync(shm).dev !== statSync(tmpdir()).dev;
  const itHasTwo = there ? it : it.skip;
  let other: string;
  beforeEach(() => (other = mkdtempSync(join(there ? shm : tmpdir(), 'tower-placing-'))));
  afterEach(() => rmSync(other, { recursive: true, force: true }));

  itHasTwo.each<[string, PlacingCalls]>([
    ['with links', { link, rename }],
    ['without', { link: (from, to) => (String(from).startsWith(shm) ? refuse('EPERM')() : link(from, to)), rename }],
  ])('%s, a file is copied beside its place first, and gets its name in one step', async (_, calls) => {
    const from = at('.incoming', 'x');
    writeFileSync(from, 'a picture');
    const to = join(other, 'x.png');
    expect(await giveName(from, to, 'x.png', calls)).toBe(true);
    expect(readFileSync(to, 'utf8')).toBe('a picture');
    writeFileSync(from, 'another');
    expect(await giveName(from, to, 'x.png', calls)).toBe(false);
    expect(readFileSync(to, 'utf8')).toBe('a picture');
    expect(readdirSync(other)).toEqual(['x.png']);
    expect(readdirSync(at('.incoming'))).toEqual(['x']);
  });
});
