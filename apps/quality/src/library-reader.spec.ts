// Real: the file system, with links and pipes.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LibraryReader } from './library-reader';

let folder: string;
let root: string;
let library: LibraryReader;
const secret = 'a secret of the machine';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tower-library-'));
  root = join(folder, 'library');
  mkdirSync(join(root, 'été'), { recursive: true });
  mkdirSync(join(folder, 'library-of-somebody-else'));
  writeFileSync(join(root, 'été', '花 1.png'), 'a picture');
  writeFileSync(join(folder, 'secret'), secret);
  writeFileSync(join(folder, 'library-of-somebody-else', 'secret'), secret);
  library = new LibraryReader(root);
});
afterEach(() => rmSync(folder, { recursive: true }));

const read = async (path: string, maxBytes = 1000) => {
  const file = await library.read(path, maxBytes);
  return file.state === 'read' ? file.bytes.toString() : file.state;
};

describe('the library', () => {
  it('reads what lies in it, whatever its name', async () => {
    expect(await read('été/花 1.png')).toBe('a picture');
  });

  it.each([
    '../secret',
    'été/../../secret',
    '../library-of-somebody-else/secret',
    '/etc/passwd',
    './été/../été/花 1.png',
    '',
    '.',
    '..',
    'a\u0000b',
    'été/花 1.png\u0000',
  ])('opens nothing outside it: %j', async (path) => {
    expect(await read(path)).toBe('refused');
  });

  it('follows links inside it and none that lead out', async () => {
    symlinkSync(join(root, 'été', '花 1.png'), join(root, 'inside'));
    symlinkSync(join(folder, 'secret'), join(root, 'outside'));
    symlinkSync(folder, join(root, 'up'));
    expect(await read('inside')).toBe('a picture');
    expect(await read('outside')).toBe('refused');
    expect(await read('up/secret')).toBe('refused');
  });

  it('may itself be a link', async () => {
    symlinkSync(root, join(folder, 'mounted'));
    library = new LibraryReader(join(folder, 'mounted'));
    expect(await read('été/花 1.png')).toBe('a picture');
    expect(await read('../secret')).toBe('refused');
  });

  it('reads files only, and waits for no pipe', async () => {
    execFileSync('mkfifo', [join(root, 'pipe')]);
    expect(await read('pipe')).toBe('refused');
    expect(await read('été')).toBe('refused');
  });

  it('reads no more than it may', async () => {
    expect(await read('été/花 1.png', 9)).toBe('a picture');
    expect(await library.read('été/花 1.png', 8)).toEqual({ state: 'too_large', bytes: 9 });
  });

  it('tells what may still come from what will not', async () => {
    expect(await read('not/there/yet.png')).toBe('absent');
    expect(await read('été/花 1.png/below-a-file')).toBe('absent');
  });

  it('tells a library that is away from a file that is', async () => {
    library = new LibraryReader(join(folder, 'not mounted yet'));
    const away = {
      code: 'library_unavailable',
      message: expect.stringContaining('check TOWER_LIBRARY and its mount') as string,
    };
    await expect(read('a.png')).rejects.toMatchObject(away);
    await expect(library.locate('a.mp4')).rejects.toMatchObject(away);
    // So looks the place where its disk was mounted.
    mkdirSync(join(folder, 'mounted elsewhere'));
    await expect(new LibraryReader(join(folder, 'mounted elsewhere')).locate('a.png')).rejects.toMatchObject(away);
    expect(await library.check()).toMatchObject({ ok: false });
    expect(await new LibraryReader(root).check()).toMatchObject({ ok: true });
    const tooMany = Object.assign(new Error('EMFILE: too many open files, open'), { code: 'EMFILE', syscall: 'open' });
    await expect(new LibraryReader(root).unreadable(tooMany)).rejects.toMatchObject({ code: 'library_unavailable' });
    const broken = Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO', syscall: 'read' });
    expect(await new LibraryReader(root).unreadable(broken)).toMatchObject({
      state: 'absent',
      why: expect.stringContaining('EIO') as string,
    });
  });
});
