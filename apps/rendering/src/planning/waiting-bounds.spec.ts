import * as fc from 'fast-check';
import { ineligibility, type Waiting } from './eligibility';
import { assignments, plan } from './planner';
import { aCard, aTask } from './planning.fixture';
import { longestWait } from './waiting-bounds';

const exactly = (seconds: number) => ({ seconds, low: seconds, high: seconds, p80: seconds });

interface Coming {
  id: string;
  at: number;
  seconds: number;
  rank: number;
  model: string;
  onlyOn: string | undefined;
}

interface Started extends Coming {
  gpu: string;
  start: number;
  end: number;
}

/** Plays exact times through, as the leader does: at every arrival and every end the planner is asked. */
function play(coming: readonly Coming[], gpus: readonly string[]): Started[] {
  const done: Started[] = [];
  const until = new Map(gpus.map((gpu) => [gpu, 0]));
  const resident = new Map(gpus.map((gpu) => [gpu, [] as string[]]));
  const streaks = new Map(gpus.map((gpu) => [gpu, 0]));
  const load = ({ models = [] }: Waiting, _gpu: string, held: readonly string[]) =>
    exactly(models.every((model) => held.includes(model)) ? 0 : 10);
  for (let now = 0; done.length < coming.length;) {
    const waiting = coming.filter(({ id, at }) => at <= now && !done.some((one) => one.id === id));
    const tasks = waiting.map((one) =>
      aTask({ taskId: one.id, jobId: one.id, rank: one.rank, models: [one.model], waitedSeconds: now - one.at }),
    );
    const named = (taskId: string): Coming => coming.find(({ id }) => id === taskId) as Coming;
    const found = plan(
      {
        cards: gpus.map((name, position) => aCard({ name, position, isIdle: (until.get(name) ?? 0) <= now })),
        busy: new Map([...until].filter(([, end]) => end > now).map(([gpu, end]) => [gpu, exactly(end - now)])),
        waiting: tasks,
        estimate: ({ taskId }) => ({ ...exactly(named(taskId).seconds), confidence: 1, basis: 'exact' }),
        fits: (card, task) =>
          ineligibility(card, task) === undefined && (named(task.taskId).onlyOn ?? card.name) === card.name,
        load,
        resident,
        streaks,
        // The bound has to hold however little is searched.
        places: 400,
      },
      0,
    );
    for (const { taskId, gpu } of assignments(found)) {
      const one = named(taskId);
      const task = tasks.find((waits) => waits.taskId === taskId) as Waiting;
      const loads = load(task, gpu, resident.get(gpu) ?? []).seconds;
      const isPassing = waiting.some((other) => other.at < one.at && other.rank === one.rank && other.id !== one.id);
      streaks.set(gpu, loads === 0 && isPassing ? (streaks.get(gpu) ?? 0) + 1 : 0);
      until.set(gpu, now + loads + one.seconds);
      resident.set(gpu, [one.model]);
      done.push({ ...one, gpu, start: now, end: now + loads + one.seconds });
    }
    const next = [...until.values(), ...coming.map(({ at }) => at)].filter((at) => at > now);
    now = Math.min(...next);
    if (now === Infinity) break;
  }
  return done;
}

describe('nothing waits longer than fifteen minutes or ten times its own time', () => {
  const stream = fc.record({
    gpus: fc.constantFrom(['a'], ['a', 'b']),
    rank: fc.constantFrom(0, 1),
    every: fc.integer({ min: 4, max: 8 }),
    patient: fc.array(
      fc.record({
        at: fc.integer({ min: 0, max: 400 }),
        seconds: fc.integer({ min: 30, max: 90 }),
        model: fc.constantFrom('m', 'n'),
        onlyOn: fc.option(fc.constant('a'), { nil: undefined }),
      }),
      { minLength: 1, maxLength: 2 },
    ),
  });

  it('while a card that could run it runs something that came later', () => {
    fc.assert(
      fc.property(stream, ({ gpus, rank, every, patient }) => {
        // More comes than the cards can do, and all of it counts more than what waits.
        const hasty = Array.from({ length: Math.ceil((1_700 * gpus.length) / every) }, (_, index): Coming => ({
          id: `h${index}`,
          at: Math.floor((index * every) / gpus.length),
          seconds: every,
          rank,
          model: 'm',
          onlyOn: undefined,
        }));
        const waits = patient.map((one, index): Coming => ({ ...one, id: `p${index}`, rank: 3 }));
        const done = play([...hasty, ...waits], gpus);
        expect(done).toHaveLength(hasty.length + waits.length);
        for (const one of done) {
          const limit = one.at + longestWait(one.seconds);
          const later = done.filter(
            (other) =>
              other.at > one.at &&
              other.end > limit &&
              other.start < one.start &&
              (one.onlyOn ?? other.gpu) === other.gpu,
          );
          if (one.start > limit) expect(later.map(({ id }) => id)).toEqual([]);
        }
      }),
      { numRuns: 8 },
    );
  });
});

it('no more than five tasks in a row go past an older one of their rank because their model is loaded', () => {
  const small = Array.from({ length: 14 }, (_, index): Coming => ({
    id: `m${index}`,
    at: index,
    seconds: 4,
    rank: 2,
    model: 'm',
    onlyOn: undefined,
  }));
  const other: Coming = { id: 'other', at: 0.5, seconds: 60, rank: 2, model: 'n', onlyOn: undefined };
  const order = play([...small, other], ['a'])
    .sort((a, b) => a.start - b.start)
    .map(({ id }) => id);
  expect(order[0]).toBe('m0');
  expect(order.indexOf('other')).toBe(6);
});

it('a plan says of what was put first that it had waited long enough', () => {
  const facts = {
    cards: [aCard()],
    busy: new Map(),
    waiting: [
      aTask({ taskId: 'urgent', rank: 0, waitedSeconds: 1 }),
      aTask({ taskId: 'old', rank: 3, waitedSeconds: 896 }),
    ],
    estimate: ({ taskId }: Waiting) => ({ ...exactly(taskId === 'old' ? 80 : 5), confidence: 1, basis: 'exact' }),
  };
  const order = (waitedSeconds: number) =>
    plan({
      ...facts,
      waiting: facts.waiting.map((task) => (task.rank === 3 ? { ...task, waitedSeconds } : task)),
    }).placements.map(({ task, reason, isHead }) => [task.taskId, reason, isHead]);
  expect(order(896)).toEqual([
    ['old', 'overdue', true],
    ['urgent', 'only_card', false],
  ]);
  expect(order(894)).toEqual([
    ['urgent', 'only_card', true],
    ['old', 'only_card', false],
  ]);
  expect(longestWait(40)).toBe(900);
  expect(longestWait(200)).toBe(2_000);
});
