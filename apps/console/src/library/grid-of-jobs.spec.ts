import type { JobSummary } from '@tower/contracts';
import { columnsIn, hasText, placesOf } from './grid-of-jobs';

const job = (more: Partial<JobSummary>): JobSummary =>
  ({
    prompt: 'A girl at the Window',
    workflow: 'anime',
    model_name: 'm',
    seed: 7,
    calibration: false,
    ...more,
  }) as JobSummary;

it('has a place for each result, and as many as were asked for where quality rejected them', () => {
  const places = placesOf(
    [
      job({ id: 'a', status: 'completed', images_complete: 2, count: 2 }),
      job({ id: 'b', status: 'rejected', images_complete: 0, count: 3 }),
      job({ id: 'c', status: 'completed', images_complete: 1, count: 1, calibration: true }),
    ],
    '',
  );
  expect(places.map(({ job: { id }, index }) => `${id}${index}`)).toEqual(['a0', 'a1', 'b0', 'b1', 'b2']);
});

it.each([
  ['window girl', true],
  ['WINDOW', true],
  ['7', true],
  ['window boy', false],
])('finds "%s": %s', (text, found) => {
  expect(hasText(job({}), text)).toBe(found);
});

it.each([
  [100, 1],
  [160, 1],
  [332, 2],
  [1_000, 5],
])('puts into %d pixels %d tiles', (width, columns) => {
  expect(columnsIn(width, 160, 12)).toBe(columns);
});
