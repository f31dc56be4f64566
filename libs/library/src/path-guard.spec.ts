// Real: a folder on this machine's disk, with links and a pipe.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isOutside, locate, locateThumbnail, openRegular, partsBelow, thumbnailPath } from './path-guard';

let folder: string;
let root: string;

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'tower-guard-')));
  root = join(folder, 'library');
  for (const name of ['night-train/unfiled', '.incoming', '.thumbnails/ab', 'été'])
    mkdirSync(join(root, name), { recursive: true });
  for (const name of ['night-train/unfiled/a.png', 'été/花 1.png', '.incoming/half', '.thumbnails/ab/x.webp'])
    writeFileSync(join(root, name), name);
  writeFileSync(join(folder, 'secret'), 'secret');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const outcome = (path: string): Promise<string> =>
  locate(root, path).catch((error: unknown) =>
    isOutside(error) ? 'outside' : ((error as NodeJS.ErrnoException).code ?? 'unknown'),
  );

it.each(['night-train/unfiled/a.png', 'été/花 1.png'])('finds %s', async (path) => {
  expect(await outcome(path)).toBe(join(root, path));
});

it.each([
  '../secret',
  'night-train/../../secret',
  'night-train/../été/花 1.png',
  './été/花 1.png',
  '/etc/hostname',
  'night-train//unfiled/a.png',
  'night-train\\unfiled\\a.png',
  'été/花 1.png\u0000',
  '.incoming/half',
  'night-train/.thumbnails/x.webp',
  '.thumbnails/ab/x.webp',
  '.thumbnails',
  '.',
  '..',
  '',
])('takes %j for no path of the library', async (path) => {
  expect(partsBelow(path)).toBeUndefined();
  expect(await outcome(path)).toBe('outside');
});

it('follows links only within the library', async () => {
  symlinkSync(join(folder, 'secret'), join(root, 'out'));
  symlinkSync(folder, join(root, 'night-train', 'up'));
  symlinkSync(join(root, 'été'), join(root, 'in'));
  expect(await outcome('out')).toBe('outside');
  expect(await outcome('night-train/up/secret')).toBe('outside');
  expect(await outcome('in/花 1.png')).toBe(join(root, 'été/花 1.png'));
});

it('says of what is not there what the system says', async () => {
  expect(await outcome('night-train/none.png')).toBe('ENOENT');
  expect(await outcome('night-train/unfiled/a.png/b')).toBe('ENOTDIR');
});

it('opens regular files alone, and waits for no pipe', async () => {
  const opened = await openRegular(join(root, 'été/花 1.png'));
  expect(opened?.size).toBe(Buffer.byteLength('été/花 1.png'));
  await opened?.handle.close();
  expect(spawnSync('mkfifo', [join(root, 'pipe')]).status).toBe(0);
  expect(await openRegular(join(root, 'pipe'))).toBeUndefined();
  symlinkSync(join(root, 'été/花 1.png'), join(root, 'link'));
  await expect(openRegular(join(root, 'link'))).rejects.toMatchObject({ code: 'ELOOP' });
});

it('puts thumbnails where it finds them', async () => {
  const sha256 = 'ab'.repeat(32);
  expect(thumbnailPath(sha256)).toBe(`.thumbnails/ab/${sha256}.webp`);
  expect(partsBelow(thumbnailPath(sha256), true)).toEqual([['.thumbnails', 'ab'], `${sha256}.webp`]);
  writeFileSync(join(root, thumbnailPath(sha256)), 'small');
  expect(await locateThumbnail(root, sha256)).toBe(join(root, thumbnailPath(sha256)));
});
