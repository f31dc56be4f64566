import { accuracyOf } from './accuracy';

const said = { seconds: 10, low: 8, high: 14 };

describe('an estimate that is judged by what came', () => {
  it.each([
    ['exact', 10, 0],
    ['too short: by a share of the actual time, not of the estimate', 20, 0.5],
    ['too long', 5, 1],
  ])('%s', (_, actual, relativeError) => {
    expect(accuracyOf(said, actual)?.relativeError).toBeCloseTo(relativeError, 9);
  });

  it.each([
    [8.34, true],
    [8.32, false],
    [12.5, true],
    [12.51, false],
  ])('of %d s it is within a fifth: %s', (actual, isNear) => {
    expect(accuracyOf(said, actual)?.isNear).toBe(isNear);
  });

  it.each([
    [7.99, false],
    [8, true],
    [14, true],
    [14.01, false],
  ])('of %d s it is in the interval, whose ends belong to it: %s', (actual, isInInterval) => {
    expect(accuracyOf(said, actual)?.isInInterval).toBe(isInInterval);
  });

  it.each([
    ['nothing was said', null, 10],
    ['nobody measured it', said, null],
    ['it took no time', said, 0],
  ])('is not judged where %s', (_, estimate, actual) => {
    expect(accuracyOf(estimate, actual)).toBeUndefined();
  });
});
