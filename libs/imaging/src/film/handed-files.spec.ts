// Real: files, and a child that gets them. For a disk whose files have no owners stands a call that refuses.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HandedFiles } from './handed-files';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'tower-handed-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const myself = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
const onLinux = process.platform === 'linux' ? it : it.skip;

onLinux.each<[string, ConstructorParameters<typeof HandedFiles>[1]]>([
  ['that gives its files to somebody', undefined],
  [
    'whose files have no owners',
    () => {
      throw Object.assign(new Error('EPERM'), { code: 'EPERM' });
    },
  ],
])('a child writes a file on a disk %s', (_, giveTo) => {
  const files = new HandedFiles(myself, giveTo);
  const [from, to] = [join(folder, 'from'), join(folder, 'to')];
  writeFileSync(from, 'a film', { mode: 0o600 });
  const [read, written] = [files.read(from), files.written(to)];
  const { status } = spawnSync('sh', ['-c', 'cat "$1" > "$2"', 'sh', read, written], {
    stdio: ['ignore', 'ignore', 'inherit', ...files.descriptors],
  });
  files.closeRead();
  files.takeBack();
  expect({ status, written: readFileSync(to, 'utf8') }).toEqual({ status: 0, written: 'a film' });
  expect(readdirSync(folder).sort()).toEqual(['from', 'to']);
});

onLinux('says what else giving a file away may meet', () => {
  const files = new HandedFiles(myself, () => {
    throw Object.assign(new Error('EIO'), { code: 'EIO' });
  });
  expect(() => files.written(join(folder, 'to'))).toThrow('EIO');
});
