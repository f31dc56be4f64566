import { claimedMbOf, hinderingClaim, type MemoryClaim } from './claimed-memory';

const claim = (megabytes: number, endsIn: number): MemoryClaim => ({
  megabytes,
  who: 'Blender',
  until: new Date(endsIn * 1000),
  endsIn,
  isSettled: true,
});

describe('memory that other programs claim', () => {
  it('adds up', () => {
    expect(claimedMbOf([])).toBe(0);
    expect(claimedMbOf([claim(2_000, 5), claim(3_000, 9)])).toBe(5_000);
  });

  it.each([
    ['nothing claimed', [], 12_000, undefined],
    ['what fits beside it', [claim(4_000, 60)], 8_000, undefined],
    ['one megabyte too much', [claim(4_000, 60)], 8_001, 60],
    ['the first end is enough', [claim(2_000, 10), claim(6_000, 60)], 6_000, 10],
    ['the first end is not enough', [claim(2_000, 10), claim(6_000, 60)], 9_000, 60],
    ['given in another order', [claim(6_000, 60), claim(2_000, 10)], 6_000, 10],
    ['work that needs more than the whole card waits for the whole', [claim(1_000, 30)], 20_000, 30],
  ])('%s', (_, claims, needMb, endsIn) => {
    expect(hinderingClaim(claims, 12_000, needMb)?.endsIn).toBe(endsIn);
  });
});
