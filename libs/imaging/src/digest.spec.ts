import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256, sha256File } from './digest';

describe('sha-256', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tower-digest-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('matches the FIPS 180-2 example', () => {
    expect(sha256(Buffer.from('abc'))).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });

  it('is the same for a file and for its bytes, across chunk borders', async () => {
    const bytes = Buffer.alloc(200_001, 'Ёж');
    await writeFile(join(folder, 'große Datei.bin'), bytes);
    expect(await sha256File(join(folder, 'große Datei.bin'))).toBe(sha256(bytes));
  });

  it('hashes only the part a view shows', () => {
    expect(sha256(new Uint8Array(Buffer.from('xabcx')).subarray(1, 4))).toBe(sha256(Buffer.from('abc')));
  });

  it('rejects for a file that is not there', async () => {
    await expect(sha256File(join(folder, 'none'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
