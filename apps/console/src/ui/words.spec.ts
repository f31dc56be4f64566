import { bytesOf, durationOf, memoryOf, rangeOf, readyWords } from './words';

it.each([
  [0, '0 s'],
  [42.4, '42 s'],
  [180, '3 min'],
  [3_599, '60 min'],
  [4_800, '1 h 20 min'],
  [7_190, '2 h'],
  [190_000, '2 d 5 h'],
])('%d seconds are %s', (seconds, words) => {
  expect(durationOf(seconds)).toBe(words);
});

it.each([
  [12, 20, '12–20 s'],
  [80, 200, '80 s – 3 min'],
  [120.1, 120.2, '2 min'],
])('from %d to %d seconds is %s', (low, high, words) => {
  expect(rangeOf(low, high)).toBe(words);
});

it('counts memory as cards do, and bytes as disks are filled', () => {
  expect([memoryOf(512), memoryOf(12_288), bytesOf(0), bytesOf(3_400), bytesOf(5 * 1024 ** 3)]).toEqual([
    '512 MiB',
    '12.0 GiB',
    '0 bytes',
    '3.3 KiB',
    '5.0 GiB',
  ]);
});

describe('when something will be ready', () => {
  const now = Date.parse('2026-03-01T12:00:10Z');
  const known = { finish_at: '2026-03-01T12:00:40Z', remaining_seconds: 40, low: 30, high: 60, basis: 'learnt' };

  it('counts down from the told finish, with the told interval around it', () => {
    expect(readyWords(known, now)).toMatchObject({
      soon: 'in 30 s',
      when: expect.stringContaining('20–50 s') as string,
    });
  });

  it('says so when the time is over', () => {
    expect(readyWords(known, now + 60_000).soon).toBe('any moment');
  });

  it('makes up no end where none is known', () => {
    const unknown = { finish_at: null, remaining_seconds: null, low: null, high: null, basis: 'unknown: no card' };
    expect(readyWords(unknown, now)).toEqual({ soon: null, when: null, basis: 'unknown: no card' });
  });
});
