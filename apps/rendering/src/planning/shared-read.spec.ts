import { FixedClock } from '@tower/testing';
import { SharedRead } from './shared-read';

describe('a shared read', () => {
  it('is one for all who ask within the time, also while it is under way', async () => {
    const clock = new FixedClock();
    let reads = 0;
    const shared = new SharedRead(clock, () => Promise.resolve(++reads));
    expect(await Promise.all([shared.get(250), shared.get(250)])).toEqual([1, 1]);
    clock.advance(250);
    expect(await shared.get(250)).toBe(1);
    expect(await shared.get(100)).toBe(2);
    clock.advance(251);
    expect(await shared.get(250)).toBe(3);
    expect(await shared.get(2_000)).toBe(3);
  });

  it('holds ten times as long as it took where that is more', async () => {
    const clock = new FixedClock();
    let reads = 0;
    const shared = new SharedRead(clock, () => {
      clock.advance(40);
      return Promise.resolve(++reads);
    });
    expect(await shared.getWithinReason(250)).toBe(1);
    clock.advance(360);
    expect(await shared.getWithinReason(250)).toBe(1);
    clock.advance(1);
    expect(await shared.getWithinReason(250)).toBe(2);
  });

  it('keeps nobody waiting for a new read while the last one may still be used', async () => {
    const clock = new FixedClock();
    let reads = 0;
    let end: () => void = () => undefined;
    const shared = new SharedRead(clock, () =>
      ++reads === 1 ? Promise.resolve(1) : new Promise<number>((resolve) => (end = () => resolve(reads))),
    );
    expect(await shared.getWithoutWaiting(100, 1_000)).toBe(1);
    clock.advance(101);
    expect(await shared.getWithoutWaiting(100, 1_000)).toBe(1);
    end();
    await shared.get(100);
    expect(await shared.getWithoutWaiting(100, 1_000)).toBe(2);
    clock.advance(1_001);
    const late = shared.getWithoutWaiting(100, 1_000);
    end();
    expect(await late).toBe(3);
  });

  it('holds longer while nothing is heard to have changed, and where nothing is heard it does not', async () => {
    const clock = new FixedClock();
    let version: string | undefined = '1';
    let reads = 0;
    const shared = new SharedRead(
      clock,
      () => Promise.resolve(++reads),
      () => version,
    );
    const get = () => shared.getUnlessChanged(250, 2_000);
    const isGood = () => shared.peekUnlessChanged(250, 2_000) !== undefined;
    expect(isGood()).toBe(false);
    expect(await get()).toBe(1);
    clock.advance(2_000);
    expect([await get(), isGood()]).toEqual([1, true]);
    clock.advance(1);
    expect([isGood(), await get()]).toEqual([false, 2]);
    version = '2';
    clock.advance(250);
    expect([await get(), isGood()]).toEqual([2, true]);
    clock.advance(1);
    expect([isGood(), await get()]).toEqual([false, 3]);
    version = undefined;
    clock.advance(251);
    expect([isGood(), await get()]).toEqual([false, 4]);
    clock.advance(251);
    expect(await get()).toBe(5);
  });

  it('counts as changed what changes while it is read', async () => {
    const clock = new FixedClock();
    let version = 1;
    const shared = new SharedRead(
      clock,
      () => Promise.resolve(version++),
      () => String(version),
    );
    expect(await shared.getUnlessChanged(250, 2_000)).toBe(1);
    clock.advance(251);
    expect(await shared.getUnlessChanged(250, 2_000)).toBe(2);
  });

  it('does not remember a failure', async () => {
    let reads = 0;
    const shared = new SharedRead(new FixedClock(), () =>
      ++reads === 1 ? Promise.reject(new Error('the database is away')) : Promise.resolve(reads),
    );
    await expect(shared.get(250)).rejects.toThrow('away');
    expect(await shared.get(250)).toBe(2);
  });
});

it('holds what took long to read for ten times as long, though other versions are heard of, up to the bound', async () => {
  const clock = new FixedClock();
  let version = 0;
  let reads = 0;
  const read = (): Promise<number> => {
    clock.advance(100);
    return Promise.resolve(++reads);
  };
  const shared = new SharedRead(clock, read, () => String(version));
  expect(await shared.getUnlessChanged(250, 2_000)).toBe(1);
  version++;
  clock.advance(800);
  expect([await shared.getUnlessChanged(250, 2_000), shared.peekUnlessChanged(250, 2_000)]).toEqual([
    1,
    expect.anything(),
  ]);
  clock.advance(200);
  expect(shared.peekUnlessChanged(250, 2_000)).toBeUndefined();
  expect(await shared.getUnlessChanged(250, 2_000)).toBe(2);
});
