import { Repeats } from './repeats';

describe('Repeats', () => {
  it('shows a sentence once in ten seconds and then says how many were left out', () => {
    let now = 0;
    const repeats = new Repeats({ now: () => new Date(now), monotonicMs: () => now });
    expect(repeats.admit('broke')).toBe(0);
    expect(repeats.admit('other')).toBe(0);
    now = 9_999;
    expect([repeats.admit('broke'), repeats.admit('broke')]).toEqual([undefined, undefined]);
    now = 10_000;
    expect(repeats.admit('broke')).toBe(2);
  });
});
