import { FixedClock } from './fixed-clock';

it('stands still until it is advanced', () => {
  const clock = new FixedClock('2026-03-04T05:06:07.000Z');
  const before = clock.monotonicMs();
  clock.advance(90_000);
  expect(clock.now().toISOString()).toBe('2026-03-04T05:07:37.000Z');
  expect(clock.monotonicMs() - before).toBe(90_000);
  clock.setWall(-3_600_000);
  expect(clock.now().toISOString()).toBe('2026-03-04T04:07:37.000Z');
  expect(clock.monotonicMs() - before).toBe(90_000);
  expect(() => clock.advance(-1)).toThrow(RangeError);
});
