import { createHash } from 'node:crypto';
// Real: a folder on this machine's disk.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newId } from '@tower/kit';
import { sweepLeftovers } from './leftovers';
import { artifactPath, Library } from './library';
import { thumbnailPath } from './path-guard';

let folder: string;
let root: string;
let library: Library;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tower-library-'));
  root = join(folder, 'library');
  mkdirSync(join(root, '.incoming'), { recursive: true });
  library = new Library(root);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const pathOf = (projectSlug: string): string =>
  artifactPath({ projectSlug, jobId: newId(), attempt: 1, n: '1', extension: 'png' });

async function download(content: string): Promise<{ from: string; digest: string }> {
  const from = await library.incoming(newId(), '0');
  writeFileSync(from, content, { flag: 'wx' });
  return { from, digest: createHash('sha256').update(content).digest('hex') };
}

describe('writing', () => {
  it('gives a finished file its name and leaves nothing unfinished', async () => {
    const { from, digest } = await download('a picture');
    expect(await library.place(from, 'night-train/unfiled/a-a1-1.png', digest)).toBe('night-train/unfiled/a-a1-1.png');
    await library.write('night-train/unfiled/a-a1-1.json', '{}');
    await library.write(thumbnailPath(digest), 'small');
    expect(readFileSync(join(root, 'night-train/unfiled/a-a1-1.png'), 'utf8')).toBe('a picture');
    expect(readFileSync(join(root, thumbnailPath(digest)), 'utf8')).toBe('small');
    expect(await library.unfinished()).toEqual([]);
  });

  it.each([
    '../escape',
    'x/../.thumbnails',
    '..',
    '.',
    '',
    '/etc',
    'a/../../b',
    'a\\b',
    'a\u0000b',
    '.incoming',
    'x/.thumbnails',
  ])('makes nothing outside for a project that calls its folder %j', async (slug) => {
    const { from, digest } = await download('a picture');
    const path = pathOf(slug);
    await expect(library.place(from, path, digest)).rejects.toMatchObject({ code: 'library_path_outside' });
    await expect(library.write(path.replace('.png', '.json'), '{}')).rejects.toMatchObject({
      code: 'library_path_outside',
    });
    expect(readdirSync(folder)).toEqual(['library']);
    expect(readdirSync(root)).toEqual(['.incoming']);
  });

  it.each(['night-train', 'night-train/unfiled', '.thumbnails', '.incoming'])(
    'does not follow a link at %s that leads out',
    async (link) => {
      const elsewhere = join(folder, 'elsewhere');
      mkdirSync(elsewhere);
      mkdirSync(join(root, link, '..'), { recursive: true });
      if (link === '.incoming') rmdirSync(join(root, link));
      symlinkSync(elsewhere, join(root, link));
      const outside = { code: 'library_path_outside' };
      if (link === '.incoming') await expect(library.incoming(newId(), '0')).rejects.toMatchObject(outside);
      else if (link === '.thumbnails')
        await expect(library.write(thumbnailPath('ab'.repeat(32)), 'small')).rejects.toMatchObject(outside);
      else {
        const { from, digest } = await download('a picture');
        await expect(library.place(from, 'night-train/unfiled/a-a1-1.png', digest)).rejects.toMatchObject(outside);
        await expect(library.write('night-train/unfiled/a-a1-1.json', '{}')).rejects.toMatchObject(outside);
      }
      expect(readdirSync(elsewhere)).toEqual([]);
    },
  );

  it('takes a library that is itself a link, and links that stay inside', async () => {
    for (const inside of ['other', '.incoming']) mkdirSync(join(folder, 'real', inside), { recursive: true });
    rmSync(root, { recursive: true });
    symlinkSync(join(folder, 'real'), root);
    symlinkSync(join(folder, 'real', 'other'), join(root, 'night-train'));
    const { from, digest } = await download('a picture');
    await library.place(from, 'night-train/unfiled/a-a1-1.png', digest);
    expect(existsSync(join(folder, 'real', 'other', 'unfiled', 'a-a1-1.png'))).toBe(true);
  });

  it('keeps a file that is there already when the bytes are the same, and gives other bytes another name', async () => {
    const path = 'night-train/unfiled/a-a2-1.png';
    const first = await download('one');
    const again = await download('one');
    const [second, third] = [await download('two'), await download('three')];
    expect(await library.place(first.from, path, first.digest)).toBe(path);
    expect(await library.place(again.from, path, again.digest)).toBe(path);
    expect(await library.place(second.from, path, second.digest)).toBe('night-train/unfiled/a-a2-1~2.png');
    expect(await library.place(third.from, path, third.digest)).toBe('night-train/unfiled/a-a2-1~3.png');
    const read = (name: string): string => readFileSync(join(root, 'night-train/unfiled', name), 'utf8');
    expect(['a-a2-1.png', 'a-a2-1~2.png', 'a-a2-1~3.png'].map(read)).toEqual(['one', 'two', 'three']);
    expect(await library.unfinished()).toEqual([]);
  });

  it('makes neither itself nor its first folder: without them it may be a disk that is not mounted', async () => {
    rmSync(root, { recursive: true });
    for (const made of [false, true]) {
      if (made) mkdirSync(root);
      const lacking = { kind: 'unavailable', code: 'own_disk_missing' };
      await expect(library.incoming(newId(), '0')).rejects.toMatchObject(lacking);
      await expect(library.write(thumbnailPath('ab'.repeat(32)), 'small')).rejects.toMatchObject(lacking);
      expect(await library.unfinished()).toEqual([]);
    }
  });

  it('says as trouble of our own what the disk refuses', async () => {
    await library.unfinished();
    await expect(library.assertRoom(1e15)).rejects.toMatchObject({
      kind: 'unavailable',
      code: 'own_disk_full',
      options: { details: { place: 'library', neededBytes: 1e15 } },
    });
    await library.assertRoom(1);
  });
});

it('never gives two downloads of one attempt the same place', async () => {
  const id = newId();
  const places = await Promise.all([1, 2, 3].map(() => library.incoming(id, '0')));
  expect(new Set(places).size).toBe(3);
  for (const place of places) expect(place.startsWith(join(root, '.incoming', id))).toBe(true);
});

it('removes what killed processes left beside finished files, and nothing else', async () => {
  const at = (...parts: string[]): string => {
    const path = join(root, ...parts);
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, 'x');
    return path;
  };
  const kept = [
    at('p', 'unfiled', 'a-a1-1.json'),
    at('p', 'unfiled', 'a-a1-1.png'),
    at('p', 'notes.tmp'),
    at('p', 'scene.2.tmp'),
    at('.thumbnails', 'ab', 'ab.webp'),
  ];
  const gone = [
    at('p', 'unfiled', 'a-a1-1.json.4711.tmp'),
    at('.thumbnails', 'ab', 'ab.webp.12.tmp'),
    at('p', `.probe-${newId()}.tmp`),
    at('p', 'unfiled', `.placing-${newId()}.tmp`),
  ];
  expect(await sweepLeftovers(root)).toBe(gone.length);
  expect(kept.map((path) => existsSync(path))).toEqual(kept.map(() => true));
  expect(gone.map((path) => existsSync(path))).toEqual(gone.map(() => false));
});
