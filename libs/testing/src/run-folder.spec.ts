import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { makeRunFolder } from './run-folder';

/** Real here: folders, and processes that live or have ended. */

let cache: string;
let memory: string;
beforeEach(() => {
  [cache, memory] = ['cache', 'memory'].map((name) => mkdtempSync(join(tmpdir(), `tower-run-${name}-`))) as [
    string,
    string,
  ];
});
afterEach(() => {
  for (const place of [cache, memory]) rmSync(place, { recursive: true, force: true });
});

describe('the folder of a run', () => {
  it('lies in memory where there is room, and goes with the run', () => {
    const { folder, remove } = makeRunFolder(cache, memory, 1);
    expect(dirname(folder)).toBe(memory);
    mkdirSync(join(folder, 'pg'));
    remove();
    expect(existsSync(folder)).toBe(false);
  });

  it.each([
    ['there is no such place', 'nowhere', 1],
    ['there is too little room', '.', 2 ** 60],
  ])('lies in the cache where %s in memory', (_, place, roomNeeded) => {
    expect(dirname(makeRunFolder(cache, join(memory, place), roomNeeded).folder)).toBe(cache);
  });

  it('takes along what killed runs left in either place, and nothing of runs that go on, nor what is no run', () => {
    const { pid: ended } = spawnSync(process.execPath, ['--version']);
    for (const place of [cache, memory])
      for (const name of [`tower-jest-${ended}`, `tower-jest-${process.ppid}`, 'nats']) mkdirSync(join(place, name));
    makeRunFolder(cache, memory, 1);
    expect(readdirSync(cache).sort()).toEqual(['nats', `tower-jest-${process.ppid}`].sort());
    expect(readdirSync(memory).sort()).toEqual(
      ['nats', `tower-jest-${process.pid}`, `tower-jest-${process.ppid}`].sort(),
    );
  });
});
