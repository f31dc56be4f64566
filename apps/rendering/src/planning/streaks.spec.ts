import type { LatestAttempt } from './queue.queries';
import { aCard, aTask } from './planning.fixture';
import { streaksOf } from './streaks';
import type { WaitingTask } from './waiting-task';

const now = new Date('2026-03-01T12:00:00Z');
const ago = (seconds: number): Date => new Date(now.getTime() - seconds * 1_000);

const attempt = (changes: Partial<LatestAttempt> = {}): LatestAttempt => ({
  id: 'x',
  gpu: 'a',
  models: ['m'],
  missing: [],
  rank: 2,
  created_at: ago(10),
  ...changes,
});
const waits = (changes: Partial<WaitingTask> = {}): WaitingTask => ({
  ...aTask(),
  ...{ workflow: 'w', width: 1, height: 1, frames: 1, steps: 1, cfgScale: null, kind: 'k', isCalibration: false },
  rank: 2,
  models: ['n'],
  waitedSeconds: 60,
  ...changes,
});

const streak = (latest: LatestAttempt[], waiting: WaitingTask[], fits = true): number | undefined =>
  streaksOf(latest, [aCard({ name: 'a' })], { waiting, fits: () => fits, now }).get('a');
const five = Array.from({ length: 5 }, () => attempt());

describe('what a card took in a row past an older one', () => {
  it('is counted while its models stayed the same and nothing had to be loaded', () => {
    expect(streak(five, [waits()])).toBe(5);
    expect(streak([attempt(), attempt(), attempt({ missing: ['m'] }), attempt()], [waits()])).toBe(2);
    expect(streak([attempt(), attempt({ models: ['m', 'lora'] })], [waits()])).toBe(1);
    expect(streak([attempt({ models: [] })], [waits()])).toBe(0);
    expect(streak([], [waits()])).toBe(0);
  });

  it('is nothing where no older one of its rank waits that the card could take and has to load for', () => {
    expect(streak(five, [])).toBe(0);
    expect(streak(five, [waits({ waitedSeconds: 5 })])).toBe(0);
    expect(streak(five, [waits({ rank: 3 })])).toBe(0);
    expect(streak(five, [waits({ models: ['m'] })])).toBe(0);
    expect(streak(five, [waits()], false)).toBe(0);
  });

  it('begins behind those that came before the one that waits', () => {
    expect(streak([attempt(), attempt(), attempt({ created_at: ago(90) })], [waits()])).toBe(2);
  });

  it('is of each card its own', () => {
    const latest = [attempt(), attempt({ gpu: 'b' }), attempt({ gpu: 'b' })];
    const cards = ['a', 'b', 'c'].map((name) => aCard({ name }));
    expect([...streaksOf(latest, cards, { waiting: [waits()], fits: () => true, now })]).toEqual([
      ['a', 1],
      ['b', 2],
      ['c', 0],
    ]);
  });
});
