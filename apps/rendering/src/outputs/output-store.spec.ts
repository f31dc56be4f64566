import { letterOf } from './output-store';

it('tells any number of files of one attempt apart by letters', () => {
  expect([0, 1, 2, 25, 26, 27, 51, 52, 701, 702].map(letterOf)).toEqual([
    '',
    'b',
    'c',
    'z',
    'aa',
    'ab',
    'az',
    'ba',
    'zz',
    'aaa',
  ]);
  expect(new Set(Array.from({ length: 1_000 }, (_, idx) => letterOf(idx))).size).toBe(1_000);
});
