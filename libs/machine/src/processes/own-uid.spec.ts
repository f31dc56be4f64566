// Real: the accounts and processes of this machine.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ownUid } from './own-uid';

const home = mkdtempSync(join(tmpdir(), 'tower-uid-'));
const file = join(home, 'uid');
afterEach(() => rmSync(file, { force: true }));
afterAll(() => rmSync(home, { recursive: true }));

const onLinux = process.platform === 'linux' ? it : it.skip;
const asRoot = process.getuid?.() === 0 && process.platform === 'linux' ? it : it.skip;

onLinux("is nobody else's, and the same next time", () => {
  const uid = ownUid(file);
  expect(uid).toBeGreaterThanOrEqual(61_184);
  expect(uid).toBeLessThanOrEqual(65_519);
  expect(readFileSync('/etc/passwd', 'utf8')).not.toContain(`:${uid}:`);
  expect(ownUid(file)).toBe(uid);
  expect(readFileSync(file, 'utf8')).toBe(`${uid}\n`);
});

const foreign = ['', 'a name', '0', '65534', '1000'];
onLinux.each(foreign)('is drawn anew when what is remembered (%j) is none of ours', (content) => {
  writeFileSync(file, content);
  expect(ownUid(file)).toBeGreaterThanOrEqual(61_184);
  expect(readFileSync(file, 'utf8').trim()).not.toBe(content);
});

asRoot('is drawn anew when a foreign process has it, and kept when the process is ours', async () => {
  const uid = ownUid(file);
  const child = spawn('/bin/sleep', ['60'], { uid, gid: uid, stdio: 'ignore', cwd: '/' });
  await once(child, 'spawn');
  try {
    expect(ownUid(file, (pid) => pid === child.pid)).toBe(uid);
    expect(ownUid(file)).not.toBe(uid);
  } finally {
    child.kill('SIGKILL');
    await once(child, 'close');
  }
});
