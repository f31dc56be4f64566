import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { claimFile, type FileClaim } from './file-claim';
import { processIdentity } from './process-table';

/** What all claims have in common is proved by those on data directories, in db. */
describe('a claim on a file that several machines see', () => {
  const home = mkdtempSync(join(tmpdir(), 'tower-claim-'));
  const file = join(home, 'model.lock');
  afterEach(() => rmSync(file, { force: true }));
  afterAll(() => rmSync(home, { recursive: true }));

  const claimed = async (): Promise<FileClaim> => {
    const outcome = await claimFile(file, { isShared: true });
    if (!('claim' in outcome)) throw new Error(`held by ${outcome.heldBy}`);
    return outcome.claim;
  };
  const age = (seconds: number): void => utimesSync(file, new Date(), new Date(Date.now() - seconds * 1000));

  it('is held by a live process here however old it is, and by a dead one not even when it is new', async () => {
    writeFileSync(file, `${processIdentity(process.pid)}\n${hostname()}`);
    age(3_600);
    expect(await claimFile(file, { isShared: true })).toEqual({ heldBy: process.pid });
    writeFileSync(file, `4000000:boot:1\n${hostname()}`);
    (await claimed()).release();
    expect(existsSync(file)).toBe(false);
  });

  it('is held by a process elsewhere as long as that touches it', async () => {
    writeFileSync(file, '17:boot:1\nanother-machine');
    age(100);
    expect(await claimFile(file, { isShared: true })).toEqual({ heldBy: 17 });
    age(130);
    expect((await claimed()).touch()).toBe(true);
  });

  it('is touched by its holder alone', async () => {
    const claim = await claimed();
    age(600);
    expect(claim.touch()).toBe(true);
    writeFileSync(file, '17:boot:1\nanother-machine');
    expect(claim.touch()).toBe(false);
    claim.release();
    expect(readFileSync(file, 'utf8')).toContain('another-machine');
  });
});
