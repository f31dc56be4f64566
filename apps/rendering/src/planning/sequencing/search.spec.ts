import * as fc from 'fast-check';
import { costOfCard } from './objective';
import { costWithPrecedence, timesOf } from './precedence';
import type { Objective, SequencingProblem, Sequences } from './problem';
import { searchSequences } from './search';

const budget = { seed: 7, places: 4_000 };
const seconds = fc.integer({ min: 1, max: 60 });

interface Small {
  cards: number;
  tasks: number;
  /** By card and task; 0: it may not run there. */
  run: number[];
  leaves: number[];
  load: number[];
  free: number[];
  weight: number[];
  deadline: number[];
  objective: Objective;
}

/** Two cards, up to five tasks, two sets of models. */
const small: fc.Arbitrary<Small> = fc.integer({ min: 1, max: 5 }).chain((tasks) =>
  fc.record({
    cards: fc.constant(2),
    tasks: fc.constant(tasks),
    run: fc.array(fc.oneof({ weight: 5, arbitrary: seconds }, fc.constant(0)), {
      minLength: 2 * tasks,
      maxLength: 2 * tasks,
    }),
    leaves: fc.array(fc.nat(1), { minLength: tasks, maxLength: tasks }),
    load: fc.array(seconds, { minLength: 4, maxLength: 4 }),
    free: fc.array(fc.nat(20), { minLength: 2, maxLength: 2 }),
    weight: fc.array(fc.constantFrom(0.25, 1, 4, 16), { minLength: tasks, maxLength: tasks }),
    deadline: fc.array(fc.oneof(seconds, fc.constant(Infinity)), { minLength: tasks, maxLength: tasks }),
    objective: fc.constantFrom('flow' as const, 'makespan' as const),
  }),
);

function problemOf(given: Small, constraints: Partial<SequencingProblem> = {}): SequencingProblem {
  const { cards, tasks, load } = given;
  const run = Float64Array.from(given.run, (value) => (value === 0 ? Infinity : value));
  const setup = Float64Array.from([0, load[0] ?? 0, load[1] ?? 0, 0, 0, load[2] ?? 0, load[3] ?? 0, 0]);
  return {
    cards,
    tasks,
    free: Float64Array.from(given.free),
    held: Int32Array.from([0, 1]),
    sets: 2,
    leaves: Int32Array.from(given.leaves),
    setup,
    lateSetup: setup.map((value) => value * 1.2),
    run,
    lateRun: run.map((value) => value * 1.1),
    cost: new Float64Array(cards * tasks),
    release: new Float64Array(cards * tasks),
    weight: Float64Array.from(given.weight),
    waited: new Float64Array(tasks),
    deadline: Float64Array.from(given.deadline),
    startsAfter: Array.from({ length: tasks }, () => []),
    endsAfter: Array.from({ length: tasks }, () => []),
    objective: given.objective,
    ...constraints,
  };
}

const able = ({ tasks, run }: Small): number[] =>
  [...Array(tasks).keys()].filter((task) => run[task] !== 0 || run[tasks + task] !== 0);

/** What a whole plan costs, without the parts that only break ties. */
function costOf(problem: SequencingProblem, sequences: Sequences): number {
  if (problem.objective === 'makespan') {
    const { ends } = timesOf(problem, sequences);
    return Math.max(0, ...sequences.flat().map((task) => ends[task] as number));
  }
  return sequences.reduce((sum, sequence, card) => sum + costOfCard(problem, card, sequence), 0);
}

/** The least that any plan costs: all are tried. */
function leastCost(problem: SequencingProblem, tasks: readonly number[]): number {
  let least = Infinity;
  const sequences: Sequences = [[], []];
  const put = (left: readonly number[]): void => {
    const [task, ...rest] = left;
    if (task === undefined) {
      least = Math.min(least, costOf(problem, sequences));
      return;
    }
    for (const [card, sequence] of sequences.entries())
      if (problem.run[card * problem.tasks + task] !== Infinity)
        for (let place = 0; place <= sequence.length; place++) {
          sequence.splice(place, 0, task);
          put(rest);
          sequence.splice(place, 1);
        }
  };
  put(tasks);
  return least;
}

describe('a search of few tasks', () => {
  it('finds what costs least of all plans there are', () => {
    fc.assert(
      fc.property(small, (given) => {
        const problem = problemOf(given);
        const tasks = able(given);
        const { sequences } = searchSequences(problem, tasks, budget);
        expect(sequences.flat().sort()).toEqual(tasks);
        expect(costOf(problem, sequences)).toBeCloseTo(leastCost(problem, tasks), 6);
      }),
      { numRuns: 150 },
    );
  });

  it('finds the same again with the same seed, and tries no more than it may', () => {
    fc.assert(
      fc.property(small, fc.nat(), (given, seed) => {
        const find = () => searchSequences(problemOf(given), able(given), { seed, places: 500 });
        expect(find()).toEqual(find());
        expect(find().tried).toBeLessThan(600);
      }),
      { numRuns: 50 },
    );
  });
});

describe('tasks that wait for others', () => {
  const chained = fc.tuple(small, fc.array(fc.tuple(fc.nat(4), fc.nat(4)), { maxLength: 4 }));

  it('start after these have started, or ended, on whatever card', () => {
    fc.assert(
      fc.property(chained, ([given, pairs]) => {
        // Only forward, so that there is no circle.
        const forward = pairs.filter(([a, b]) => a < b && b < given.tasks);
        const after = (kind: number): number[][] =>
          [...Array(given.tasks).keys()].map((task) =>
            forward.filter(([first, then]) => then === task && (first + then) % 2 === kind).map(([first]) => first),
          );
        const problem = problemOf(given, { startsAfter: after(0), endsAfter: after(1) });
        const { sequences } = searchSequences(problem, able(given), budget);
        const { begins, ends } = timesOf(problem, sequences);
        const planned = new Set(sequences.flat());
        expect([...planned].sort()).toEqual(able(given));
        for (const [first, then] of forward) {
          if (!planned.has(first) || !planned.has(then)) continue;
          const since = (first + then) % 2 === 0 ? begins[first] : ends[first];
          expect(begins[then]).toBeGreaterThanOrEqual(since as number);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('cost what a plan without such would where they are in order anyway', () => {
    fc.assert(
      fc.property(small, (given) => {
        const problem = problemOf({ ...given, objective: 'flow' });
        const { sequences } = searchSequences(problem, able(given), budget);
        expect(costWithPrecedence(problem, sequences)).toBeCloseTo(costOf(problem, sequences), 6);
      }),
      { numRuns: 50 },
    );
  });

  it('cost without end where they wait for each other in a circle', () => {
    const given: Small = {
      cards: 2,
      tasks: 2,
      run: [5, 5, 5, 5],
      leaves: [0, 0],
      load: [1, 1, 1, 1],
      free: [0, 0],
      weight: [1, 1],
      deadline: [Infinity, Infinity],
      objective: 'flow',
    };
    const problem = problemOf(given, { endsAfter: [[1], [0]] });
    expect(costWithPrecedence(problem, [[0], [1]])).toBe(Infinity);
    expect(costWithPrecedence(problem, [[0], []])).toBe(5);
    expect(costWithPrecedence({ ...problem, objective: 'makespan' }, [[0], []])).toBeCloseTo(5, 2);
  });
});
