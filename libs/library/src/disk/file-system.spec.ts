// Real: the file system of this machine, and for each thing that it may lack the refusal in its place.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { link, rename } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { examineFileSystem, lacksOf, unfitBecause, type FileCalls } from './file-system';
import { flushToDisk } from './flush';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'tower-file-system-'))));
afterEach(() => {
  // Whatever was found, nothing is left of the search.
  expect(readdirSync(folder)).toEqual([]);
  rmSync(folder, { recursive: true, force: true });
});

const refuse = (code: string) => (): Promise<never> => Promise.reject(Object.assign(new Error(code), { code }));
const without = (changes: Partial<FileCalls>): FileCalls => ({ link, rename, flush: flushToDisk, ...changes });

it('finds that the disk of this machine has everything', async () => {
  const traits = await examineFileSystem(folder);
  expect(traits).toMatchObject({
    hard_links: true,
    exclusive_create: true,
    replacing_rename: true,
    flushes_files: true,
    longest_name: 255,
    takes_own_names: true,
  });
  expect(unfitBecause(traits)).toBeUndefined();
});

it('says what is lacking and done without, and what cannot be done without', async () => {
  const poor = await examineFileSystem(folder, without({ link: refuse('EPERM'), flush: () => Promise.resolve(false) }));
  expect(poor).toMatchObject({ hard_links: false, flushes_files: false, flushes_folders: false });
  expect(lacksOf(poor)).toEqual([
    expect.stringMatching(/^no hard links/),
    expect.stringMatching(/^files cannot be flushed/),
    expect.stringMatching(/^folders cannot be flushed/),
  ]);
  expect(unfitBecause(poor)).toBeUndefined();
  expect(unfitBecause(await examineFileSystem(folder, without({ rename: refuse('EEXIST') })))).toMatch(
    /does not replace/,
  );
  expect(unfitBecause({ ...poor, exclusive_create: false })).toMatch(/overwrite/);
  expect(unfitBecause({ ...poor, longest_name: 0 })).toMatch(/names may have 0 bytes/);
  expect(lacksOf({ ...poor, case_sensitive: false }).at(-1)).toMatch(/upper and lower case/);
});

it('throws what the system says when nothing can be made there', async () => {
  await expect(examineFileSystem(join(folder, 'none'))).rejects.toMatchObject({ code: 'ENOENT' });
});
