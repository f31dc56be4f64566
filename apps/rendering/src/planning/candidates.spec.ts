import { byDensity, candidatesOf, weightOf, windowOf } from './candidates';
import type { Waiting } from './eligibility';
import { aCard, aTask, filmCard } from './planning.fixture';

const cards = [aCard(), filmCard];
const candidates = (waiting: readonly Waiting[], seconds: (task: Waiting) => number = () => 10) =>
  candidatesOf({
    cards,
    busy: new Map(),
    waiting,
    estimate: (task) => ({ seconds: seconds(task), low: 1, high: 99, confidence: null, basis: '' }),
  });
const many = (count: number, changes: (index: number) => Partial<Waiting> = () => ({})): Waiting[] =>
  Array.from({ length: count }, (_, index) => aTask({ taskId: `t${index}`, ...changes(index) }));
const ids = (some: readonly { task: Waiting }[]): string[] => some.map(({ task }) => task.taskId);

describe('candidates', () => {
  it('are what some card may take, with its time on each', () => {
    const [only, ...others] = candidates([aTask(), aTask({ taskId: 'gone', modelName: 'other.safetensors' })]);
    expect(others).toEqual([]);
    expect(only).toMatchObject({ place: 0, weight: 1, least: 10 });
    expect(candidates([aTask({ excludedGpus: ['rtx3060'] })])[0]?.estimates.map((one) => one?.seconds)).toEqual([
      10,
      undefined,
    ]);
  });

  it('weigh by rank; one without counts as normal', () => {
    expect([0, 1, 2, 3, undefined].map((rank) => weightOf(rank === undefined ? aTask() : aTask({ rank })))).toEqual([
      16, 4, 1, 0.25, 1,
    ]);
  });

  it('come densest first: urgent, short, long waiting ones before others, else in line', () => {
    const waiting = [
      aTask({ taskId: 'usual' }),
      aTask({ taskId: 'long' }),
      aTask({ taskId: 'urgent', rank: 0 }),
      aTask({ taskId: 'waited', waitedSeconds: 240 }),
      aTask({ taskId: 'too' }),
    ];
    const dense = byDensity(candidates(waiting, ({ taskId }) => (taskId === 'long' ? 100 : 10)));
    expect(ids(dense)).toEqual(['urgent', 'waited', 'usual', 'too', 'long']);
  });
});

describe('the window', () => {
  it('is everything while that is little', () => {
    const { inside, behind } = windowOf(byDensity(candidates(many(28))), cards, cards);
    expect([inside.length, behind.length]).toEqual([28, 0]);
  });

  it('has the densest and the oldest, and loses nothing', () => {
    const waiting = many(60, (index) => ({ rank: index < 50 ? 0 : 3, waitedSeconds: index === 59 ? 5_000 : 0 }));
    const { inside, behind } = windowOf(byDensity(candidates(waiting)), cards, cards);
    expect(ids(inside)).toContain('t59');
    expect(inside).toHaveLength(28);
    expect([...ids(inside), ...ids(behind)].sort()).toEqual(waiting.map(({ taskId }) => taskId).sort());
  });

  it('has something for each card, and what its tasks have to come after', () => {
    const waiting = [
      ...many(40, (index) => ({ rank: 0, excludedGpus: ['rtx3060'], ...(index === 0 ? { needs: ['last'] } : {}) })),
      aTask({ taskId: 'elsewhere', rank: 3, excludedGpus: ['rx9070xt'] }),
      aTask({ taskId: 'last', rank: 3, jobId: 'j9' }),
    ];
    const { inside } = windowOf(byDensity(candidates(waiting)), cards, cards);
    expect(ids(inside)).toEqual(expect.arrayContaining(['elsewhere', 'last', 't0']));
  });
});
