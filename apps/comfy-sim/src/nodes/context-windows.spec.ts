import { closesLoop, framesAtOnce, isSliding, windowCount, type ContextWindows } from './context-windows';

const looped: ContextWindows = {
  length: 16,
  overlap: 4,
  stride: 1,
  schedule: 'looped',
  closedLoop: true,
  onEqualLength: false,
};

describe('context windows', () => {
  it('do nothing for just as many frames as one has, unless they are told to', () => {
    expect(isSliding(looped, 16)).toBe(false);
    expect(closesLoop(looped, 16)).toBe(false);
    expect(closesLoop({ ...looped, onEqualLength: true }, 16)).toBe(true);
    expect(closesLoop({ ...looped, length: 12 }, 16)).toBe(true);
  });

  it('close a loop only on a looped schedule that is asked to', () => {
    expect(closesLoop({ ...looped, closedLoop: false }, 32)).toBe(false);
    expect(closesLoop({ ...looped, schedule: 'static' }, 32)).toBe(false);
  });

  it.each<[string, Partial<ContextWindows>, number, number]>([
    ['16 of 16 that close', { onEqualLength: true }, 16, 2],
    ['12 of 16 that close', { length: 12 }, 16, 2],
    ['16 of 32 that close', {}, 32, 3],
    ['16 of 32 that do not', { closedLoop: false }, 32, 3],
    ['16 of 28 that do not', { closedLoop: false }, 28, 2],
    ['batches', { schedule: 'batched', overlap: 0 }, 40, 3],
    ['none that slide', {}, 16, 1],
  ])('%s', (_, changes, frames, count) => {
    expect(windowCount({ ...looped, ...changes }, frames)).toBe(count);
  });

  it('limit what is worked on at once', () => {
    expect(framesAtOnce(looped, 64)).toBe(16);
    expect(framesAtOnce(undefined, 64)).toBe(64);
  });
});
