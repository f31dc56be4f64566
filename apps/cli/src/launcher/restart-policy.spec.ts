import { failuresAfterExit, healthyAfterMs, restartDelayMs } from './restart-policy';

describe('restartDelayMs', () => {
  it('starts at 250 ms, doubles, and stays at 10 s', () => {
    expect([1, 2, 3, 4, 5, 6, 7, 8, 50].map(restartDelayMs)).toEqual([
      250, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000, 10_000,
    ]);
  });
});

describe('failuresAfterExit', () => {
  it('counts ends in a row, and begins again after a healthy time', () => {
    expect(failuresAfterExit(0, 0)).toBe(1);
    expect(failuresAfterExit(4, healthyAfterMs - 1)).toBe(5);
    expect(failuresAfterExit(4, healthyAfterMs)).toBe(1);
  });
});
