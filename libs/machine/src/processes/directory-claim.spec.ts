import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { claimDirectory } from './directory-claim';
import { processIdentity } from '@tower/kit';

const home = mkdtempSync(join(tmpdir(), 'tower-claim-'));
const directory = join(home, 'données');
const file = `${directory}.launcher`;

afterEach(() => rmSync(file, { force: true }));
afterAll(() => rmSync(home, { recursive: true, force: true }));

it('is refused while the claiming process lives, and names it', async () => {
  const claim = await claimDirectory(directory);
  await expect(claimDirectory(directory)).rejects.toMatchObject({
    code: 'data_dir_in_use',
    options: { details: { pid: process.pid } },
  });
  claim.release();
  expect(existsSync(file)).toBe(false);
});

it.each([
  ['a process that is gone', '4000000:boot:1'],
  ['a reused process number', `${process.pid}:another-boot:1`],
  ['nobody, because the writer died', ''],
  ['something unreadable', '\u0000\u0000'],
])('replaces the claim of %s', async (_, content) => {
  writeFileSync(file, content);
  const claim = await claimDirectory(directory);
  expect(readFileSync(file, 'utf8')).toBe(processIdentity(process.pid));
  claim.release();
});

it('is given to exactly one of several that find the same dead claim', async () => {
  writeFileSync(file, '4000000:boot:1');
  const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => claimDirectory(directory)));
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
});

it('leaves a claim alone that somebody else made after the release', async () => {
  const claim = await claimDirectory(directory);
  writeFileSync(file, 'someone else');
  claim.release();
  expect(readFileSync(file, 'utf8')).toBe('someone else');
});
