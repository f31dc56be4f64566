// Real: the file system of this machine.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Metrics, type Logger } from '@tower/kit';
import { FixedClock } from '@tower/testing';
import { DiskWatch } from './disk-watch';
import { ownDiskFull, ownFault } from './own-fault';

const huge = 1e15;

let root: string;
let clock: FixedClock;
let said: string[];
let metrics: Metrics;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tower-disk-'));
  clock = new FixedClock();
  said = [];
  metrics = new Metrics('test');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function watch(path = root, hasFiles = () => Promise.resolve(false)): DiskWatch {
  const logger = {
    warn: (_: unknown, text: string) => said.push(`warn ${text}`),
    info: (text: string) => said.push(`info ${text}`),
  } as unknown as Logger;
  return new DiskWatch(
    [
      { place: 'library', path, writesInto: join(path, '.incoming'), hasFiles },
      { place: 'temp', path: tmpdir(), enoughMb: 0 },
    ],
    1,
    metrics,
    clock,
    logger,
  );
}

async function look(disks: DiskWatch, afterMs = 60_000): Promise<void> {
  clock.advance(afterMs);
  await disks.measure();
}

it('says how much is free and how much is needed, in words and as metrics', async () => {
  const disks = watch();
  expect(await disks.pause()).toBeUndefined();
  expect(disks.views()[0]).toMatchObject({
    place: 'library',
    ok: true,
    needed_bytes: 1024 ** 2,
    detail: expect.stringMatching(/ free$/) as string,
  });
  const text = await metrics.registry.metrics();
  expect(text).toMatch(/tower_disk_free_bytes\{place="library",service="test"\} \d{4,}/);
  expect(text).toMatch(/tower_disk_needed_bytes\{place="library",service="test"\} 1048576/);
  expect(disks.check()).toEqual({ ok: true, detail: 'have room' });
  expect(said).toEqual([]);
});

it('pauses after a failed write until as much is free as that needed, and says it once', async () => {
  const disks = watch();
  await disks.measure();
  for (let n = 0; n < 20; n++) disks.failed('library', ownDiskFull('library', huge));
  await look(disks);
  expect(disks.isFailing('library')).toBe(true);
  expect(await disks.pause()).toMatch(
    /^the library's disk is full: [\d.]+ \w+ free, [\d.]+ TiB needed\. Make room there\.$/,
  );
  expect(disks.check()).toMatchObject({
    ok: false,
    detail: expect.stringContaining("the library's disk is full") as string,
  });

  disks.waiting('library', 1_000);
  await look(disks);
  expect(disks.isFailing('library')).toBe(false);
  expect(await disks.pause()).toBeUndefined();
  expect(said).toEqual([
    expect.stringMatching(/^warn work waits: the library's disk is full/),
    'info the disks have room again; work goes on',
  ]);
  expect(readdirSync(join(root, '.incoming'))).toEqual([]);
});

it('waits longer each time that a write fails again although the probe went well', async () => {
  const disks = watch();
  await disks.measure();
  const fault = ownFault(Object.assign(new Error('quota'), { code: 'EDQUOT', syscall: 'write' }), 'library', 10)!;
  const failuresWithin = async (seconds: number): Promise<number> => {
    let count = 0;
    for (let passed = 0; passed < seconds; passed++) {
      if (!disks.isFailing('library')) {
        disks.failed('library', fault);
        count += 1;
      }
      await look(disks, 1_000);
    }
    return count;
  };
  expect(await failuresWithin(60)).toBeLessThan(12);
  expect(await failuresWithin(60)).toBeLessThan(9);
  await look(disks);
  disks.failed('library', fault);
  await look(disks, 1_000);
  expect(disks.trouble()).toMatch(/^the library's disk has used up its quota/);
  await look(disks);
  disks.worked('library');
  disks.failed('library', fault);
  await look(disks, 1_000);
  expect(disks.isFailing('library')).toBe(false);
});

it('probes in the folder that refused the file', async () => {
  const disks = watch();
  await disks.measure();
  const closed = join(root, 'night-train');
  writeFileSync(closed, 'no folder');
  disks.failed(
    'library',
    ownFault(
      Object.assign(new Error('no'), {
        code: 'EACCES',
        syscall: 'link',
        path: join(root, '.incoming', 'x'),
        dest: join(closed, 'y.png'),
      }),
      'library',
    )!,
  );
  await look(disks);
  expect(disks.trouble()).toContain("the library's disk");
  rmSync(closed);
  mkdirSync(closed);
  await look(disks);
  expect(disks.trouble()).toBeUndefined();
});

it('is trouble when the place cannot even be looked at, and notices when it can', async () => {
  const path = join(root, 'library');
  writeFileSync(path, 'a file where the folder should be');
  const disks = watch(path);
  expect(await disks.pause()).toBe("the library's disk cannot be used (ENOTDIR). Look at what lies there.");
  rmSync(path);
  await look(disks);
  expect(disks.trouble()).toBeUndefined();
});

const emptied = /is empty: its disk may not be mounted\. Mount it; if it was emptied on purpose: mkdir -p .*incoming$/;

it('does not write into the empty place of a disk that went away, and goes on when it is back', async () => {
  const path = join(root, 'library');
  const disks = watch(path);
  expect(await disks.pause()).toBeUndefined();
  rmSync(path, { recursive: true });
  await look(disks);
  expect(disks.isFailing('library')).toBe(true);
  mkdirSync(path);
  await look(disks);
  expect(disks.trouble()).toMatch(emptied);
  expect(disks.check().ok).toBe(false);
  expect(readdirSync(path)).toEqual([]);
  mkdirSync(join(path, '.incoming'));
  await look(disks);
  expect(disks.trouble()).toBeUndefined();
  // Somebody tidied up: the library is there, and what it needs is made anew.
  writeFileSync(join(path, 'night-train'), '');
  rmSync(join(path, '.incoming'), { recursive: true });
  await look(disks);
  expect(disks.trouble()).toBeUndefined();
});

it('takes an empty place for an unmounted one at its very start, when files are known to lie there', async () => {
  const path = join(root, 'library');
  const disks = watch(path, () => Promise.resolve(true));
  expect(await disks.pause()).toMatch(emptied);
  mkdirSync(join(path, '.incoming'), { recursive: true });
  await look(disks);
  expect(disks.trouble()).toBeUndefined();
});

it('says what the file system can do, and in which folder something else than room is wanting', async () => {
  const disks = watch();
  await disks.measure();
  expect(disks.views()[0]).toMatchObject({ file_system: { hard_links: true, exclusive_create: true } });
  expect(disks.views()[1]).toMatchObject({ file_system: null, lacks: [] });
  const refused = Object.assign(new Error('no'), {
    code: 'EACCES',
    syscall: 'open',
    path: join(root, 'night-train', 'y.png'),
  });
  writeFileSync(join(root, 'night-train'), 'no folder');
  disks.failed('library', ownFault(refused, 'library')!);
  expect(disks.trouble()).toBe(
    "the library's disk may not be written by Tower in night-train. Give the " +
      'user that runs Tower the right to write there.',
  );
});

it('names the one disk that does not answer, and waits for it', async () => {
  const disks = watch();
  await disks.measure();
  const look = disks.measure();
  clock.advance(6_000);
  expect(disks.trouble()).toBe("the library's disk does not answer. Look at its mount.");
  await look;
  expect(disks.trouble()).toBeUndefined();
});
