import * as fc from 'fast-check';
import type { Card } from '../cards/card';
import { ineligibility, type Waiting } from './eligibility';
import type { AttemptEstimate } from './estimates/estimate';
import type { Busy } from './estimates/remaining';
import { assignments, plan, spanAfter, spans, spansBehind, type Assignment, type Span } from './planner';
import { aCard, aTask, filmCard as video } from './planning.fixture';

const takesNoTime = { seconds: 0, low: 0, high: 0, confidence: null, basis: 'prior' };

/** What idle cards start now. */
const assign = (cards: readonly Card[], waiting: readonly Waiting[]): Assignment[] =>
  assignments(plan({ cards, waiting, busy: new Map(), estimate: () => takesNoTime }, 0));

describe('assignments', () => {
  it('gives a still to the card that prefers pictures', () => {
    expect(assign([video, aCard()], [aTask()])).toEqual([{ taskId: 't1', jobId: 'j1', gpu: 'rx9070xt' }]);
  });

  it('uses the other card too when two stills wait', () => {
    expect(assign([video, aCard()], [aTask(), aTask({ taskId: 't2' })]).map((assignment) => assignment.gpu)).toEqual([
      'rx9070xt',
      'rtx3060',
    ]);
  });

  it('passes over a task that no idle card can take and serves the next', () => {
    expect(
      assign([aCard()], [aTask({ taskId: 'big', modelName: 'other.safetensors' }), aTask({ taskId: 'small' })]).map(
        (assignment) => assignment.taskId,
      ),
    ).toEqual(['small']);
  });

  it('gives nothing to busy or silent cards', () => {
    expect(assign([aCard({ isIdle: false }), aCard({ name: 'b', isUsable: false })], [aTask()])).toEqual([]);
  });

  it('never books a card or a task twice, and always keeps the order of those it can serve', () => {
    const card = fc.record({
      name: fc.constantFrom('a', 'b', 'c', 'd'),
      isIdle: fc.boolean(),
      isUsable: fc.boolean(),
      video: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.uniqueArray(card, { selector: (entry) => entry.name }), fc.nat(6), (cards, count) => {
        const tasks = Array.from({ length: count }, (_, index) => aTask({ taskId: `t${index}` }));
        const result = assign(
          cards.map((entry, position) => aCard({ ...entry, position, prefers: entry.video ? ['video'] : ['image'] })),
          tasks,
        );
        expect(new Set(result.map((assignment) => assignment.gpu)).size).toBe(result.length);
        const served = Math.min(count, cards.filter((entry) => entry.isIdle && entry.isUsable).length);
        expect(result.map((assignment) => assignment.taskId)).toEqual(
          tasks.slice(0, served).map((task) => task.taskId),
        );
      }),
    );
  });
});

describe('the choice among many', () => {
  const name = fc.constantFrom('a', 'b', 'c');
  const someCards = fc
    .uniqueArray(
      fc.record({
        name,
        isIdle: fc.boolean(),
        isUsable: fc.boolean(),
        only: fc.boolean(),
        prefers: fc.constantFrom(['image' as const], ['video' as const]),
        checkpoints: fc.subarray(['m', 'n']),
      }),
      { selector: (card) => card.name },
    )
    .map((cards) => cards.map((card, position) => aCard({ ...card, position })));
  const someTasks = fc
    .array(
      fc.record({
        work: fc.constantFrom('image' as const, 'video' as const),
        modelName: fc.constantFrom('m', 'n', 'o'),
        excludedGpus: fc.subarray(['a', 'b']),
      }),
      { maxLength: 40 },
    )
    .map((tasks) => tasks.map((task, index) => aTask({ ...task, taskId: `t${index}` })));
  const kindOf = (task: Waiting): string => [task.work, task.modelName, ...task.excludedGpus].join();

  it('leaves no card idle that can take any of them', () => {
    fc.assert(
      fc.property(someCards, someTasks, (cards, tasks) => {
        const given = assign(cards, tasks);
        const left = tasks.filter((task) => !given.some((assignment) => assignment.taskId === task.taskId));
        const idle = cards.filter((card) => card.isIdle && !given.some((assignment) => assignment.gpu === card.name));
        for (const card of idle) expect(left.filter((task) => ineligibility(card, task) === undefined)).toEqual([]);
      }),
    );
  });

  it('gives each card the oldest that it can take, unless that went to another', () => {
    fc.assert(
      fc.property(someCards, someTasks, (cards, tasks) => {
        const given = assign(cards, tasks);
        for (const { gpu, taskId } of given) {
          const card = cards.find((one) => one.name === gpu);
          const older = tasks
            .slice(
              0,
              tasks.findIndex((task) => task.taskId === taskId),
            )
            .filter((task) => card !== undefined && ineligibility(card, task) === undefined);
          for (const task of older) expect(given.map((assignment) => assignment.taskId)).toContain(task.taskId);
        }
      }),
    );
  });

  it('is the same among the oldest of each kind, as many as there are idle cards, as among all', () => {
    fc.assert(
      fc.property(someCards, someTasks, (cards, tasks) => {
        const idle = cards.filter((card) => card.isIdle).length;
        const oldest = tasks.filter(
          (task, index) => tasks.slice(0, index).filter((other) => kindOf(other) === kindOf(task)).length < idle,
        );
        expect(assign(cards, oldest)).toEqual(assign(cards, tasks));
      }),
    );
  });
});

describe('spans', () => {
  const card = (name: string, changes: Partial<Card> = {}): Card =>
    aCard({ name, position: 0, checkpoints: ['m'], nodes: [], ...changes });
  const task = (taskId: string): Waiting => aTask({ taskId, jobId: 'j', modelName: 'm', classes: [] });
  const forecast = (
    cards: Card[],
    busy: ReadonlyMap<string, Busy>,
    waiting: Waiting[],
    estimate: (task: Waiting, gpu: string) => AttemptEstimate,
  ): Map<string, Span> => spans(plan({ cards, busy, waiting, estimate }));
  const takes = (seconds: Record<string, number>) => (_task: Waiting, gpu: string) => ({
    seconds: seconds[gpu] ?? 0,
    low: seconds[gpu] ?? 0,
    high: seconds[gpu] ?? 0,
    confidence: 0.9,
    basis: 'median',
  });

  it('have each task where it starts first, after what runs there, as the card that is free takes it', () => {
    const found = forecast(
      [card('slow'), card('fast', { isIdle: false })],
      new Map([['fast', { seconds: 3, low: 2, high: 5 }]]),
      [task('1'), task('2'), task('3')],
      takes({ slow: 10, fast: 4 }),
    );
    expect([...found].map(([id, span]) => [id, span.gpu, span.startIn, span.finishIn])).toEqual([
      ['1', 'slow', 0, 10],
      ['2', 'fast', 3, 7],
      ['3', 'fast', 7, 11],
    ]);
    expect(found.get('2')).toMatchObject({ low: 6, high: 9, confidence: null });
    expect(found.get('1')).toMatchObject({ confidence: 0.9 });
  });

  it('say why each task is where it is', () => {
    const cards = [
      card('films', { prefers: ['video'] }),
      card('late', { isIdle: false }),
      card('stills', { position: 1 }),
      card('other', { position: 2, checkpoints: ['n'] }),
    ];
    const waiting = [task('1'), aTask({ taskId: '2', modelName: 'n', classes: [] }), task('3'), task('4')];
    const late = new Map([['late', { seconds: 4, low: 4, high: 4 }]]);
    const { placements } = plan({ cards, busy: late, waiting, estimate: takes({ films: 4, stills: 9, other: 9 }) });
    expect(placements.map(({ task: { taskId }, span, reason }) => [taskId, span.gpu, reason])).toEqual([
      ['1', 'stills', 'preferred'],
      ['2', 'other', 'only_card'],
      ['3', 'films', 'free_first'],
      ['4', 'late', 'preferred'],
    ]);
    const alike = plan({ cards: [card('b'), card('a')], busy: new Map(), waiting: [task('1')], estimate: takes({}) });
    expect(alike.placements[0]).toMatchObject({ span: { gpu: 'b' }, reason: 'configured_first', isHead: true });
  });

  it('of tasks further back are told from the plan, without changing it', () => {
    const line = plan({ cards: [card('a')], busy: new Map(), waiting: [task('1')], estimate: takes({ a: 4 }) });
    const behind = (id: string) => spansBehind(line, () => true, [task(id)]);
    expect(behind('2')).toMatchObject([{ startIn: 4, finishIn: 8 }]);
    expect(behind('3')).toMatchObject([{ startIn: 4, finishIn: 8 }]);
    expect(spansBehind(line, () => false, [task('3')])).toMatchObject([{ startIn: 0, finishIn: 4 }]);
  });

  it('have no end behind what somebody else queued, only what its own work needs at least', () => {
    expect(
      forecast([card('a', { foreignPrompts: 700 })], new Map(), [task('1')], takes({ a: 4 })).get('1'),
    ).toMatchObject({
      low: 4,
      confidence: null,
      unknown: 'how long 700 prompts that somebody else queued take on a',
    });
  });

  it('are on a card whose end is known before one whose end is not; what follows on an unknown end is unknown', () => {
    const cards = [card('theirs', { foreignPrompts: 1 }), card('ours')];
    expect(forecast(cards, new Map(), [task('1')], takes({ theirs: 1, ours: 9 })).get('1')).toMatchObject({
      gpu: 'ours',
      finishIn: 9,
    });
    const overdue = new Map([['ours', { seconds: 0, low: 0, high: 0, unknown: 'what runs on ours is overdue' }]]);
    const found = forecast([card('ours')], overdue, [task('1'), task('2')], takes({ ours: 4 }));
    expect([...found.values()].map(({ unknown, low }) => [unknown, low])).toEqual([
      ['what runs on ours is overdue', 4],
      ['what runs on ours is overdue', 8],
    ]);
  });

  it('come nearer as time passes, until what has not started by then starts now', () => {
    const span = { gpu: 'a', startIn: 3, finishIn: 8, low: 6, high: 12, confidence: null, basis: 'median' };
    expect(spanAfter(span, 2)).toMatchObject({ startIn: 1, finishIn: 6, low: 4, high: 10 });
    expect(spanAfter(span, 60)).toMatchObject({ startIn: 0, finishIn: 5, low: 3, high: 9 });
    expect(spanAfter(span, -1)).toEqual(span);
  });

  it('leave out a task that no answering card can take', () => {
    expect(forecast([card('a', { isUsable: false })], new Map(), [task('1')], takes({ a: 1 })).size).toBe(0);
  });
});

describe('a plan', () => {
  const names = ['a', 'b', 'c', 'd'] as const;
  const models = ['m', 'n', 'o'];
  const seconds = fc.integer({ min: 1, max: 20 });
  const situation = fc.record({
    cards: fc.uniqueArray(
      fc.record({
        name: fc.constantFrom(...names),
        isUsable: fc.integer({ min: 0, max: 9 }).map((die) => die > 0),
        only: fc.boolean(),
        prefers: fc.constantFrom(['image' as const], ['video' as const]),
        checkpoints: fc.subarray(models, { minLength: 1 }),
        busyFor: fc.option(seconds, { nil: undefined }),
        speed: fc.record({ m: seconds, n: seconds, o: seconds }),
      }),
      { selector: (card) => card.name, minLength: 1 },
    ),
    tasks: fc.array(
      fc.record({
        work: fc.constantFrom('image' as const, 'video' as const),
        modelName: fc.constantFrom(...models),
        excludedGpus: fc.subarray(['a', 'b']),
        rank: fc.integer({ min: 1, max: 3 }),
        extra: fc.integer({ min: 0, max: 3 }),
      }),
      { maxLength: 30 },
    ),
  });
  type Situation = typeof situation extends fc.Arbitrary<infer Value> ? Value : never;
  type Planned = Waiting & { rank: number; extra: number };

  /** Cards, line and exact times of a situation at a moment. */
  const factsOf = ({ cards, tasks }: Situation) => ({
    cards: cards.map(({ busyFor, ...card }, position) => aCard({ ...card, position, isIdle: busyFor === undefined })),
    busyUntil: new Map<string, number>(
      cards.flatMap(({ name, busyFor }) => (busyFor === undefined ? [] : [[name, busyFor] as const])),
    ),
    waiting: tasks
      .map((task, index): Planned => ({ ...aTask({ ...task, taskId: `t${index}`, classes: [] }), ...task }))
      .sort((a, b) => a.rank - b.rank),
    estimate: (task: Planned, gpu: string): AttemptEstimate => {
      const speed = cards.find(({ name }) => name === gpu)?.speed as Record<string, number> | undefined;
      const exact = (speed?.[task.modelName] ?? NaN) + task.extra;
      return { seconds: exact, low: exact, high: exact, confidence: 0.9, basis: 'exact' };
    },
  });

  /** Gives out work as the leader does, each time from what is known then. Resolves to who started what when. */
  function live(given: Situation): Record<string, { gpu: string; startIn: number }> {
    const { cards, busyUntil, waiting, estimate } = factsOf(given);
    const started: Record<string, { gpu: string; startIn: number }> = {};
    for (let now = 0; ; now = Math.min(...busyUntil.values())) {
      for (const [name, until] of busyUntil) if (until <= now) busyUntil.delete(name);
      const present = cards.map((card) => ({ ...card, isIdle: !busyUntil.has(card.name) }));
      const busy = new Map(
        [...busyUntil].map(([name, until]) => [name, { seconds: until - now, low: 0, high: 0 }] as const),
      );
      const left = waiting.filter(({ taskId }) => started[taskId] === undefined);
      for (const { taskId, gpu } of assignments(plan({ cards: present, busy, waiting: left, estimate }, 0))) {
        const task = waiting.find((one) => one.taskId === taskId);
        if (task === undefined || started[taskId] !== undefined) throw new Error(`${taskId} cannot be started`);
        started[taskId] = { gpu, startIn: now };
        busyUntil.set(gpu, now + estimate(task, gpu).seconds);
      }
      if (busyUntil.size === 0) return started;
    }
  }

  const foretold = (given: Situation): Record<string, { gpu: string; startIn: number }> => {
    const { busyUntil, ...facts } = factsOf(given);
    const busy = new Map([...busyUntil].map(([name, until]) => [name, { seconds: until, low: 0, high: 0 }] as const));
    return Object.fromEntries(
      [...spans(plan({ ...facts, busy }))].map(([taskId, { gpu, startIn }]) => [taskId, { gpu, startIn }]),
    );
  };

  it('is what happens: each task starts on the card and at the time that was foretold, while nothing new comes', () => {
    fc.assert(
      fc.property(situation, (given) => expect(live(given)).toEqual(foretold(given))),
      { numRuns: 500, seed: 20_260_301 },
    );
  });

  it('foretells of a new task at the end of its rank what a plan with it in line would', () => {
    fc.assert(
      fc.property(situation, fc.integer({ min: 0, max: 3 }), (given, rank) => {
        const { busyUntil, waiting, ...facts } = factsOf(given);
        const busy = new Map(
          [...busyUntil].map(([name, until]) => [name, { seconds: until, low: 1, high: 9 }] as const),
        );
        const isAhead = (task: Planned): boolean => task.rank <= rank;
        const added = ['x', 'y'].map((taskId): Planned => ({
          ...aTask({ taskId, classes: [] }),
          modelName: 'n',
          rank,
          extra: 0,
        }));
        const line = [...waiting.filter(isAhead), ...added, ...waiting.filter((task) => !isAhead(task))];
        const within = spans(plan({ ...facts, busy, waiting: line }));
        expect(spansBehind(plan({ ...facts, busy, waiting }), isAhead, added)).toEqual(
          added.flatMap(({ taskId }) => within.get(taskId) ?? []),
        );
      }),
      { numRuns: 300, seed: 20_260_301 },
    );
  });

  it('has the same heads as one that looks no further than now', () => {
    fc.assert(
      fc.property(situation, (given) => {
        const { busyUntil, ...facts } = factsOf(given);
        const busy = new Map(
          [...busyUntil].map(([name, until]) => [name, { seconds: until, low: 1, high: 9 }] as const),
        );
        expect(assignments(plan({ ...facts, busy }, 0))).toEqual(assignments(plan({ ...facts, busy })));
      }),
    );
  });

  it('looks for no more times than there are cards while only its heads are asked for', () => {
    let asked = 0;
    const waiting = Array.from({ length: 1_000 }, (_, index) => aTask({ taskId: `t${index}` }));
    const estimate = (): AttemptEstimate => {
      asked++;
      return { ...takesNoTime, seconds: 5 };
    };
    expect(assignments(plan({ cards: [video, aCard()], busy: new Map(), waiting, estimate }, 0))).toHaveLength(2);
    expect(asked).toBe(2);
  });
});
