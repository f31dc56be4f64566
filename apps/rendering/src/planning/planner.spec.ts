import * as fc from 'fast-check';
import type { Card } from '../cards/card';
import { ineligibility, type Waiting } from './eligibility';
import type { AttemptEstimate } from './estimates/estimate';
import type { Busy } from './estimates/remaining';
import type { Assignment, Span } from './plan-facts';
import { assignments, plan, spanAfter, spans, spansWith } from './planner';
import { aCard, aTask, filmCard as video } from './planning.fixture';

const usual = { seconds: 5, low: 4, high: 7, confidence: null, basis: 'prior' };

/** What idle cards start now. */
const assign = (cards: readonly Card[], waiting: readonly Waiting[]): Assignment[] =>
  assignments(plan({ cards, waiting, busy: new Map(), estimate: () => usual }, 0));

describe('assignments', () => {
  it('gives a still to the card that prefers pictures', () => {
    expect(assign([video, aCard()], [aTask()])).toEqual([{ taskId: 't1', jobId: 'j1', gpu: 'rx9070xt' }]);
  });

  it('uses the other card too when two stills wait', () => {
    const given = assign([video, aCard()], [aTask(), aTask({ taskId: 't2' })]);
    expect(given.map(({ gpu }) => gpu).sort()).toEqual(['rtx3060', 'rx9070xt']);
    expect(given.map(({ taskId }) => taskId)).toEqual(['t1', 't2']);
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

  it('never books a card or a task twice, and of tasks that are alike gives out the oldest', () => {
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
        expect(result.map((assignment) => assignment.taskId).sort()).toEqual(
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

  it('starts the older one of two that are alike in everything but their age', () => {
    const kindOf = (task: Waiting): string => [task.work, task.modelName, ...task.excludedGpus].join();
    fc.assert(
      fc.property(someCards, someTasks, (cards, tasks) => {
        const given = new Set(assign(cards, tasks).map(({ taskId }) => taskId));
        for (const [index, task] of tasks.entries())
          if (given.has(task.taskId))
            for (const older of tasks.slice(0, index))
              if (kindOf(older) === kindOf(task)) expect([...given]).toContain(older.taskId);
      }),
      { numRuns: 60 },
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
    const { placements } = plan({
      cards,
      busy: late,
      waiting,
      estimate: takes({ films: 9, stills: 9, other: 9, late: 3 }),
    });
    expect(placements.map(({ task: { taskId }, span, reason }) => [taskId, span.gpu, reason])).toEqual([
      ['1', 'stills', 'preferred'],
      ['2', 'other', 'only_card'],
      ['3', 'films', 'free_first'],
      ['4', 'late', 'free_first'],
    ]);
    const alike = plan({ cards: [card('b'), card('a')], busy: new Map(), waiting: [task('1')], estimate: takes({}) });
    expect(alike.placements[0]).toMatchObject({ span: { gpu: 'b' }, reason: 'configured_first', isHead: true });
  });

  it('of tasks that are not in line yet are those of a plan with them', () => {
    const line = plan({ cards: [card('a')], busy: new Map(), waiting: [task('1')], estimate: takes({ a: 4 }) });
    expect(spansWith(line, [task('2')])).toMatchObject([{ startIn: 4, finishIn: 8 }]);
    expect(spansWith(line, [task('3')], 0)).toMatchObject([{ startIn: 0, finishIn: 4 }]);
    expect(spansWith(line, [task('4'), task('5')])).toMatchObject([{ finishIn: 8 }, { finishIn: 12 }]);
    expect(spans(line).get('1')).toMatchObject({ startIn: 0, finishIn: 4 });
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
    const span = { gpu: 'a', startIn: 3, finishIn: 8, low: 6, high: 12, p80: 10, confidence: null, basis: 'median' };
    expect(spanAfter(span, 2)).toMatchObject({ startIn: 1, finishIn: 6, low: 4, high: 10, p80: 8 });
    expect(spanAfter(span, 60)).toMatchObject({ startIn: 0, finishIn: 5, low: 3, high: 9, p80: 7 });
    expect(spanAfter(span, -1)).toEqual(span);
  });

  it('leave out a task that no answering card can take', () => {
    expect(forecast([card('a', { isUsable: false })], new Map(), [task('1')], takes({ a: 1 })).size).toBe(0);
  });
});

describe('a plan', () => {
  it('is one and the same for what starts and for when it is ready', () => {
    fc.assert(
      fc.property(situation, (given) => {
        const facts = factsOf(given);
        const whole = plan(facts);
        const told = spans(whole);
        for (const { taskId, gpu } of assignments(whole)) expect(told.get(taskId)).toMatchObject({ gpu, startIn: 0 });
        for (const { span, isHead } of whole.placements) if (isHead) expect(idleOf(facts)).toContain(span.gpu);
        expect(assignments(plan(facts, 0))).toEqual(assignments(whole));
      }),
      { numRuns: 60 },
    );
  });

  it('is feasible: every task once, on a card that may, none before another on its card has ended', () => {
    fc.assert(
      fc.property(situation, (given) => {
        const facts = factsOf(given);
        const { placements, sequences } = plan(facts);
        const possible = facts.waiting.filter((task) => facts.cards.some((card) => facts.fits(card, task)));
        expect(placements.map(({ task }) => task.taskId).sort()).toEqual(possible.map(({ taskId }) => taskId).sort());
        for (const card of facts.cards) {
          let free = facts.busy.get(card.name)?.seconds ?? 0;
          let resident: readonly string[] = facts.resident.get(card.name) ?? [];
          for (const { task, span, setupSeconds } of sequences.get(card.name) ?? []) {
            expect(facts.fits(card, task)).toBe(true);
            expect(span.startIn).toBeGreaterThanOrEqual(free);
            expect(setupSeconds).toBe(facts.load(task, card.name, resident).seconds);
            expect(span.finishIn).toBeCloseTo(span.startIn + setupSeconds + facts.estimate(task, card.name).seconds, 6);
            expect(span.low).toBeLessThanOrEqual(span.finishIn + 1e-9);
            expect(span.high).toBeGreaterThanOrEqual(span.finishIn - 1e-9);
            free = span.finishIn;
            resident = task.models ?? resident;
          }
        }
      }),
      { numRuns: 100 },
    );
  });

  it('is the same for the same facts and seed', () => {
    fc.assert(
      fc.property(situation, fc.nat(), (given, seed) => {
        const facts = { ...factsOf(given), seed };
        expect(plan(facts).placements).toEqual(plan(structuredFacts(facts)).placements);
      }),
      { numRuns: 40 },
    );
  });

  it('asks once what each task takes on each card', () => {
    const asked = new Map<string, number>();
    const waiting = Array.from({ length: 1_000 }, (_, index) => aTask({ taskId: `t${index}` }));
    const estimate = ({ taskId }: Waiting, gpu: string): AttemptEstimate => {
      asked.set(`${taskId} ${gpu}`, (asked.get(`${taskId} ${gpu}`) ?? 0) + 1);
      return { ...usual, seconds: 5 };
    };
    expect(assignments(plan({ cards: [video, aCard()], busy: new Map(), waiting, estimate }, 0))).toHaveLength(2);
    expect([...new Set(asked.values())]).toEqual([1]);
  });

  it('loads a model for many rather than for each', () => {
    const facts = {
      cards: [aCard()],
      busy: new Map<string, Busy>(),
      waiting: ['m', 'n', 'm', 'n'].map((model, index) => aTask({ taskId: `t${index}`, models: [model] })),
      estimate: () => ({ ...usual, seconds: 2 }),
      load: (task: Waiting, _gpu: string, resident: readonly string[]) =>
        exactly(resident.includes(task.models?.[0] ?? '') ? 0 : 30),
      resident: new Map([['rx9070xt', ['n']]]),
    };
    expect(plan(facts).placements.map(({ task, setupSeconds }) => [task.taskId, setupSeconds])).toEqual([
      ['t1', 0],
      ['t3', 0],
      ['t0', 30],
      ['t2', 0],
    ]);
  });

  it('finishes a batch as a whole soonest where that is asked', () => {
    const facts = {
      cards: [aCard({ name: 'a' }), aCard({ name: 'b', position: 1 })],
      busy: new Map<string, Busy>(),
      waiting: [30, 10, 20, 40, 20].map((time, index) => aTask({ taskId: `${time} ${index}` })),
      estimate: ({ taskId }: Waiting) => ({ ...usual, seconds: Number(taskId.split(' ')[0]) }),
      objective: 'makespan' as const,
    };
    expect(Math.max(...plan(facts).placements.map(({ span }) => span.finishIn))).toBe(60);
    expect(Math.max(...plan({ ...facts, objective: 'flow' }).placements.map(({ span }) => span.finishIn))).toBe(70);
  });

  it('leaves a card idle when waiting for another one is sooner', () => {
    const cards = [aCard({ name: 'slow' }), aCard({ name: 'fast', isIdle: false })];
    const estimate = (_task: Waiting, gpu: string) => ({ ...usual, seconds: gpu === 'slow' ? 100 : 5 });
    const busy = new Map([['fast', { seconds: 3, low: 3, high: 3 }]]);
    const found = plan({ cards, busy, waiting: [aTask()], estimate });
    expect(assignments(found)).toEqual([]);
    expect(spans(found).get('t1')).toMatchObject({ gpu: 'fast', startIn: 3, finishIn: 8 });
  });

  it('serves what is urgent first, and then what is short', () => {
    const waiting = [
      aTask({ taskId: 'long', rank: 2 }),
      aTask({ taskId: 'short', rank: 2 }),
      aTask({ taskId: 'urgent', rank: 0 }),
    ];
    const estimate = ({ taskId }: Waiting) => ({ ...usual, seconds: taskId === 'long' ? 60 : 10 });
    const { placements } = plan({ cards: [aCard()], busy: new Map(), waiting, estimate });
    expect(placements.map(({ task }) => task.taskId)).toEqual(['urgent', 'short', 'long']);
  });

  it('meets a deadline that it can meet, at 80 % certainty', () => {
    const waiting = [aTask({ taskId: 'short' }), aTask({ taskId: 'promised', deadlineIn: 70 })];
    const estimate = ({ taskId }: Waiting) => ({
      ...usual,
      ...(taskId === 'short' ? { seconds: 20, p80: 20 } : { seconds: 50, p80: 60 }),
    });
    const { placements } = plan({ cards: [aCard()], busy: new Map(), waiting, estimate });
    expect(placements.map(({ task }) => task.taskId)).toEqual(['promised', 'short']);
  });

  it('keeps an order that was made by hand, within a rank, unless what goes first can run nowhere', () => {
    const waiting = [
      aTask({ taskId: 't1', jobId: 'first', rank: 2 }),
      aTask({ taskId: 't2', jobId: 'second', rank: 2, behind: ['third', 'gone'] }),
      aTask({ taskId: 't3', jobId: 'third', rank: 2, behind: ['nowhere'] }),
      aTask({ taskId: 't4', jobId: 'nowhere', rank: 2, modelName: 'other.safetensors' }),
    ];
    const estimate = ({ taskId }: Waiting) => ({ ...usual, seconds: taskId === 't3' ? 40 : 4 });
    const { placements } = plan({ cards: [aCard()], busy: new Map(), waiting, estimate });
    expect(placements.map(({ task }) => task.taskId)).toEqual(['t1', 't3', 't2']);
  });

  it('loses nothing that was put into a circle', () => {
    const waiting = [
      aTask({ taskId: 't1', jobId: 'j1', behind: ['j2'] }),
      aTask({ taskId: 't2', jobId: 'j2', behind: ['j1'] }),
      aTask({ taskId: 't3', jobId: 'j3' }),
    ];
    const { placements } = plan({ cards: [aCard()], busy: new Map(), waiting, estimate: () => usual });
    expect(placements.map(({ task }) => task.taskId).sort()).toEqual(['t1', 't2', 't3']);
  });

  it('plans steps that need each other together, on different cards', () => {
    const cards = [aCard({ name: 'stills', prefers: ['image'], only: true }), { ...video, name: 'films', only: true }];
    const waiting = [
      aTask({ taskId: 'film', jobId: 'j', work: 'video', needs: ['keyframe'] }),
      aTask({ taskId: 'keyframe', jobId: 'j' }),
      aTask({ taskId: 'other', jobId: 'k', work: 'video' }),
    ];
    const estimate = ({ taskId }: Waiting) => ({ ...usual, seconds: { film: 30, keyframe: 10 }[taskId] ?? 9 });
    const found = spans(plan({ cards, busy: new Map(), waiting, estimate }));
    expect(found.get('keyframe')).toMatchObject({ gpu: 'stills', startIn: 0, finishIn: 10 });
    expect(found.get('other')).toMatchObject({ gpu: 'films', startIn: 0, finishIn: 9 });
    expect(found.get('film')).toMatchObject({ gpu: 'films', startIn: 10, finishIn: 40 });
  });

  it('starts nothing on a card before its memory is free', () => {
    const facts = {
      cards: [aCard()],
      busy: new Map<string, Busy>(),
      waiting: [aTask({ taskId: 'big' }), aTask({ taskId: 'small' })],
      estimate: () => ({ ...usual, seconds: 5 }),
      earliest: ({ taskId }: Waiting) => (taskId === 'big' ? 60 : 0),
    };
    expect(spans(plan(facts)).get('big')).toMatchObject({ startIn: 60, finishIn: 65 });
    expect(assignments(plan(facts))).toMatchObject([{ taskId: 'small' }]);
  });

  it('looks at what a card alone can take, however many others come first', () => {
    const cards = [aCard(), { ...video, only: true }];
    const waiting = [
      ...Array.from({ length: 60 }, (_, index) => aTask({ taskId: `t${index}`, rank: 0 })),
      aTask({ taskId: 'film', work: 'video', rank: 3 }),
    ];
    const estimate = () => ({ ...usual, seconds: 5 });
    expect(assignments(plan({ cards, busy: new Map(), waiting, estimate }))).toContainEqual(
      expect.objectContaining({ taskId: 'film', gpu: 'rtx3060' }),
    );
  });
});

const models = ['m', 'n', 'o'];
const seconds = fc.integer({ min: 1, max: 40 });
const situation = fc.record({
  cards: fc.uniqueArray(
    fc.record({
      name: fc.constantFrom('a', 'b', 'c', 'd'),
      only: fc.boolean(),
      prefers: fc.constantFrom(['image' as const], ['video' as const]),
      busyFor: fc.option(seconds, { nil: undefined }),
      speed: fc.double({ min: 0.5, max: 3, noNaN: true }),
      holds: fc.subarray(models, { maxLength: 1 }),
    }),
    { selector: (card) => card.name, minLength: 1 },
  ),
  tasks: fc.array(
    fc.record({
      work: fc.constantFrom('image' as const, 'video' as const),
      model: fc.constantFrom(...models),
      excludedGpus: fc.subarray(['a', 'b']),
      rank: fc.integer({ min: 0, max: 3 }),
      seconds,
      waitedSeconds: fc.integer({ min: 0, max: 1_500 }),
      deadlineIn: fc.option(fc.integer({ min: -10, max: 300 }), { nil: undefined }),
    }),
    { maxLength: 45 },
  ),
});
type Situation = typeof situation extends fc.Arbitrary<infer Value> ? Value : never;
type Planned = Waiting & { seconds: number };

/** Cards, line and exact times of a situation at a moment. */
const factsOf = ({ cards, tasks }: Situation) => ({
  cards: cards.map(({ name, only, prefers, busyFor }, position) =>
    aCard({ name, only, prefers, position, isIdle: busyFor === undefined }),
  ),
  busy: new Map<string, Busy>(
    cards.flatMap(({ name, busyFor: end }) =>
      end === undefined ? [] : [[name, { seconds: end, low: end / 2, high: end * 2 }]],
    ),
  ),
  waiting: tasks.map(({ model, ...task }, index): Planned => ({
    ...aTask({ taskId: `t${index}`, models: [model] }),
    ...task,
  })),
  estimate: (task: Planned, gpu: string): AttemptEstimate => {
    const exact = task.seconds * (cards.find(({ name }) => name === gpu)?.speed ?? 1);
    return { seconds: exact, low: exact / 2, high: exact * 2, confidence: 0.9, basis: 'exact' };
  },
  fits: (card: Card, task: Waiting) => ineligibility(card, task) === undefined,
  load: ({ models: needed = [] }: Waiting, _gpu: string, resident: readonly string[]) =>
    exactly(needed.every((model) => resident.includes(model)) ? 0 : 12),
  resident: new Map<string, readonly string[]>(cards.map(({ name, holds }) => [name, holds])),
});

const exactly = (time: number) => ({ seconds: time, low: time, high: time, p80: time });
const idleOf = ({ cards }: { cards: readonly Card[] }): string[] =>
  cards.filter((card) => card.isIdle).map((card) => card.name);
/** The same facts in other objects. */
const structuredFacts = <Facts extends { cards: readonly Card[]; waiting: readonly Planned[] }>(
  facts: Facts,
): Facts => ({
  ...facts,
  cards: structuredClone(facts.cards),
  waiting: structuredClone(facts.waiting),
});
