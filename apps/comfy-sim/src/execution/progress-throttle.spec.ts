import { ProgressThrottle } from './progress-throttle';

/** Values of 1 to `max` that get through when each takes so many seconds. */
function through(max: number, seconds: number, hasPreview = false): number[] {
  const throttle = new ProgressThrottle();
  return Array.from({ length: max }, (_, index) => index + 1).filter((value) =>
    throttle.lets(value, max, hasPreview, value * seconds),
  );
}

describe('a throttled progress bar', () => {
  it('shows the first and the last of ticks that come at once', () => {
    expect(through(4, 0.001)).toEqual([1, 4]);
  });

  it('shows every tick a tenth of a second after the last', () => {
    expect(through(4, 0.1)).toEqual([1, 2, 3, 4]);
    expect(through(10, 0.04)).toEqual([1, 4, 7, 10]);
  });

  it('shows every tick with a preview', () => {
    expect(through(4, 0.001, true)).toEqual([1, 2, 3, 4]);
  });

  it('waits for half a percent', () => {
    expect(through(1000, 0.2).slice(0, 3)).toEqual([1, 6, 11]);
  });

  it('begins anew with a new bar', () => {
    const throttle = new ProgressThrottle();
    expect(
      [
        [1, 9, 0],
        [2, 9, 0],
        [1, 5, 0],
      ].map(([value = 0, max = 0, at = 0]) => throttle.lets(value, max, false, at)),
    ).toEqual([true, false, true]);
  });
});
