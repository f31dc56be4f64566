import { FixedClock } from '@tower/testing';
import { RateLimit } from './rate-limit';

/** How many of `tries` requests are taken. */
const taken = (limit: RateLimit, client: string, tries: number): number =>
  Array.from({ length: tries }, () => {
    try {
      limit.count(client);
      return 1;
    } catch {
      return 0;
    }
  }).reduce<number>((sum, one) => sum + one, 0);

describe('RateLimit', () => {
  const refused = expect.objectContaining({
    kind: 'too_many',
    code: 'too_many_requests',
    options: { retryAfterMs: 100 },
  });

  it('takes a burst, then as many as come back per second, and says when to come back', () => {
    const clock = new FixedClock();
    const limit = new RateLimit(10, clock);
    expect(taken(limit, 'a', 100)).toBe(50);
    expect(() => limit.count('a')).toThrow(refused);
    clock.advance(1_000);
    expect(taken(limit, 'a', 100)).toBe(10);
    clock.advance(60_000);
    expect(taken(limit, 'a', 100)).toBe(50);
  });

  it('counts each client for itself', () => {
    const limit = new RateLimit(10, new FixedClock());
    expect(taken(limit, 'a', 100)).toBe(50);
    expect(taken(limit, 'b', 100)).toBe(50);
  });

  it('remembers so many clients, and of those the latest', () => {
    const limit = new RateLimit(1, new FixedClock());
    expect(taken(limit, 'early', 9)).toBe(5);
    for (let n = 0; n < 9_999; n++) limit.count(`client ${n}`);
    expect(taken(limit, 'early', 9)).toBe(0);
    for (let n = 0; n < 10_000; n++) limit.count(`other ${n}`);
    expect(taken(limit, 'early', 9)).toBe(5);
  });

  it('takes one request at least, however few may come', () => {
    expect(taken(new RateLimit(0.01, new FixedClock()), 'a', 3)).toBe(1);
  });

  it('takes everything when it is switched off', () => {
    expect(taken(new RateLimit(0, new FixedClock()), 'a', 10_000)).toBe(10_000);
  });
});
