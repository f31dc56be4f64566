import type { PlannedTask } from './actions';
import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import type { Waiting } from '../eligibility';
import type { AttemptEstimate } from '../estimates/estimate';
import type { Busy } from '../estimates/remaining';
import type { PlanFacts } from '../plan-facts';
import { plan, plannerVersion } from '../planner';
import { aCard, aTask } from '../planning.fixture';
import type { Standing } from './actions';
import { packed, unpacked } from './decision-store';
import { factsFrom } from './recorded-facts';
import { outcomeOf, RecordedPlan, type DecisionRecord } from './recorded-plan';
import { differencesOf, type Planner } from './replay';

const models = ['m', 'n', 'o'];
const names = ['a', 'b', 'c'];
const seconds = fc.integer({ min: 1, max: 40 });

const someCards = fc.uniqueArray(
  fc.record({
    name: fc.constantFrom(...names),
    only: fc.boolean(),
    prefers: fc.constantFrom(['image' as const], ['video' as const]),
    foreignPrompts: fc.constantFrom(0, 0, 0, 2),
    busy: fc.option(fc.record({ seconds, unknown: fc.constantFrom(undefined, 'how long it takes') }), {
      nil: undefined,
    }),
    speed: fc.double({ min: 0.5, max: 3, noNaN: true }),
    holds: fc.subarray(models),
    streak: fc.integer({ min: 0, max: 7 }),
  }),
  { selector: (card) => card.name, minLength: 1 },
);
const someTasks = fc.array(
  fc.record({
    work: fc.constantFrom('image' as const, 'video' as const),
    models: fc.option(fc.subarray(models, { minLength: 1 }), { nil: undefined }),
    excludedGpus: fc.subarray(['a', 'b']),
    rank: fc.option(fc.integer({ min: 0, max: 4 }), { nil: undefined }),
    seconds,
    waitedSeconds: fc.integer({ min: 0, max: 1_500 }),
    deadlineIn: fc.option(fc.integer({ min: -10, max: 300 }), { nil: undefined }),
    behind: fc.subarray(['t0', 't3', 'nowhere']),
    needs: fc.subarray(['t1']),
    heldFor: fc.constantFrom(0, 0, 0, 30),
  }),
  { maxLength: 36 },
);
const someProblem = fc.record({
  cards: someCards,
  tasks: someTasks,
  seed: fc.option(fc.nat(), { nil: undefined }),
  objective: fc.constantFrom(undefined, 'flow' as const, 'makespan' as const),
  parts: fc.subarray(['load', 'cost', 'earliest', 'resident', 'streaks', 'ending'] as const),
  sentAhead: fc.subarray(['t0', 't2', 't5']),
});
type Problem = typeof someProblem extends fc.Arbitrary<infer Value> ? Value : never;
type Given = Waiting & { seconds: number; heldFor: number; isCalibration?: boolean };

const exactly = (time: number) => ({ seconds: time, low: time * 0.9, high: time * 1.7, p80: time * 1.3 });

/** The facts of a problem; what decides where a task fits is asked of cards and tasks themselves. */
function factsOf({ cards, tasks, seed, objective, parts }: Problem): PlanFacts<Given> {
  const has = (part: (typeof parts)[number]): boolean => parts.includes(part);
  const busy = cards.flatMap(({ name, busy: end }): [string, Busy][] =>
    end === undefined ? [] : [[name, { ...exactly(end.seconds), unknown: end.unknown }]],
  );
  const speedOf = (gpu: string): number => cards.find(({ name }) => name === gpu)?.speed ?? 1;
  return {
    cards: cards.map(({ name, only, prefers, foreignPrompts, busy: end }, position) =>
      aCard({ name, only, prefers, position, foreignPrompts, isIdle: end === undefined }),
    ),
    busy: new Map(busy),
    waiting: tasks.map((task, index): Given => {
      const { models: own, rank, deadlineIn, ...rest } = task;
      return {
        ...aTask({ taskId: `t${index}`, jobId: `t${index}` }),
        ...rest,
        ...(own && { models: own }),
        ...(rank === undefined ? {} : { rank }),
        ...(deadlineIn === undefined ? {} : { deadlineIn }),
        ...(rank === 4 ? { isCalibration: true } : {}),
      };
    }),
    estimate: (task, gpu): AttemptEstimate => ({
      ...exactly(task.seconds * speedOf(gpu)),
      confidence: 0.9,
      basis: 'median of 3',
    }),
    ...(has('load') && {
      load: ({ models: needed = [] }, gpu, resident) =>
        exactly(needed.filter((model) => !resident.includes(model)).length * 7 * speedOf(gpu)),
    }),
    ...(has('cost') && { cost: (task, gpu) => (gpu === 'b' ? task.seconds / 4 : 0) }),
    ...(has('earliest') && { earliest: (task) => task.heldFor }),
    ...(has('resident') && { resident: new Map(cards.map(({ name, holds }) => [name, holds])) }),
    ...(has('ending') && { ending: new Set(busy.map(([name]) => name)) }),
    ...(has('streaks') && { streaks: new Map(cards.map(({ name, streak }) => [name, streak])) }),
    ...(seed === undefined ? {} : { seed }),
    ...(objective === undefined ? {} : { objective }),
    places: 300,
  };
}

/** The first card that works has been sent these. */
function standingOf({ cards, tasks, sentAhead }: Problem): Standing {
  const working = cards.filter(({ busy }) => busy !== undefined).map(({ name }) => name);
  const [first, ...ending] = working;
  const sent = first === undefined ? [] : sentAhead.filter((taskId) => Number(taskId.slice(1)) < tasks.length);
  return { ending, sentAhead: sent.map((taskId) => ({ taskId, gpu: first ?? '' })) };
}

const readOfCards = ['name', 'position', 'prefers', 'isIdle', 'foreignPrompts'] as const;
const readOfTasks = [
  ...(['taskId', 'jobId', 'work', 'rank', 'models', 'behind', 'needs', 'waitedSeconds'] as const),
  ...(['deadlineIn', 'isCalibration'] as const),
] as const;

/** These of its fields, as far as it has them. */
const pick = <Name extends string>(whole: { [name in Name]?: unknown }, names: readonly Name[]): object =>
  Object.fromEntries(names.flatMap((name) => (whole[name] === undefined ? [] : [[name, whole[name]]])));

const alone: Standing = { ending: [], sentAhead: [] };

const recordOf = (facts: PlanFacts<Given>, standing = alone): DecisionRecord =>
  new RecordedPlan(facts, standing).toRecord(() => []);

/** As it is read back from where it is kept. */
const keptRecordOf = async (facts: PlanFacts<Given>, standing = alone): Promise<DecisionRecord> =>
  unpacked(await packed(recordOf(facts, standing)));

describe('a decision', () => {
  it('is made again from its record, whatever it was made from', async () => {
    await fc.assert(
      fc.asyncProperty(someProblem, async (problem) => {
        const [facts, standing] = [factsOf(problem), standingOf(problem)];
        const record = await keptRecordOf(facts, standing);
        expect(differencesOf(record)).toEqual([]);
        const again = factsFrom(record.facts);
        const plain = ['busy', 'resident', 'streaks', 'ending', 'seed', 'places', 'objective'] as const;
        expect(pick(again, plain)).toEqual({ objective: 'flow', ...pick(facts, plain) });
        expect(again.cards.map((card) => pick(card, readOfCards))).toEqual(
          facts.cards.map((card) => pick(card, readOfCards)),
        );
        expect(again.waiting.map((task) => pick(task, readOfTasks))).toEqual(
          facts.waiting.map((task) => pick(task, readOfTasks)),
        );
        // Noting what is asked changes nothing.
        expect(record.outcome).toEqual(outcomeOf(plan(facts), standing));
      }),
      { numRuns: 150 },
    );
  });

  it('keeps times that have no end', async () => {
    const endless = { ...exactly(4), high: Infinity };
    const facts: PlanFacts<Given> = {
      cards: [aCard()],
      busy: new Map(),
      waiting: [{ ...aTask(), seconds: 4, heldFor: 0 }],
      estimate: () => ({ ...endless, confidence: null, basis: 'what runs there is late' }),
    };
    const record = await keptRecordOf(facts);
    expect(record.facts.estimates.answers).toMatchObject([{ high: Infinity }]);
    expect(differencesOf(record)).toEqual([]);
  });

  it('says which tasks an idle card was not given, and nothing of those that it could not start', () => {
    const cards = ['fast', 'slow', 'other'].map((name, position) => aCard({ name, position }));
    const facts: PlanFacts<Given> = {
      cards,
      busy: new Map(),
      waiting: ['t1', 't2'].map((taskId) => ({
        ...aTask({ taskId, excludedGpus: ['other'] }),
        seconds: 1,
        heldFor: 0,
      })),
      estimate: (_, gpu) => ({ ...exactly(gpu === 'fast' ? 2 : 60), confidence: null, basis: 'exact' }),
    };
    const { actions, keptBack } = new RecordedPlan(facts, alone);
    expect(actions.start).toEqual([{ taskId: 't1', jobId: 'j1', gpu: 'fast' }]);
    expect(keptBack).toEqual([{ taskId: 't2', jobId: 'j1', gpu: 'fast' }]);
    const apart = cards.filter(({ name }) => name !== 'slow');
    expect(new RecordedPlan({ ...facts, cards: apart }, alone).keptBack).toEqual([]);
  });
});

describe('a decision that the planner would not make again', () => {
  const facts = (): PlanFacts<Given> => ({
    cards: [aCard()],
    busy: new Map(),
    waiting: [
      { ...aTask({ taskId: 'urgent', rank: 0 }), seconds: 5, heldFor: 0 },
      { ...aTask({ taskId: 'old', rank: 3, waitedSeconds: 898 }), seconds: 80, heldFor: 0 },
    ],
    estimate: (task) => ({ ...exactly(task.seconds), confidence: null, basis: 'exact' }),
    load: () => exactly(0),
  });
  const record = (): DecisionRecord => recordOf(facts());

  it('is told where a rule of the planner is another one', () => {
    expect(differencesOf(record())).toEqual([]);
    // As if nothing were bounded by how long it has waited.
    const unbounded: Planner = (given) =>
      plan<PlannedTask>({ ...given, waiting: given.waiting.map((task) => ({ ...task, waitedSeconds: 0 })) });
    expect(differencesOf(record(), unbounded)).toEqual([
      'not any more: task old starts on rx9070xt',
      'instead: task urgent starts on rx9070xt',
    ]);
  });

  it('is told where what was decided is changed in its record', () => {
    const { outcome, ...rest } = record();
    const changed = (change: Partial<DecisionRecord['outcome']['placements'][number]>): DecisionRecord => ({
      ...rest,
      outcome: {
        ...outcome,
        placements: outcome.placements.map((one, index) => (index > 0 ? one : { ...one, ...change })),
      },
    });
    expect(differencesOf(changed({ gpu: 'b' }))).toEqual(['task old goes on rx9070xt instead of b']);
    expect(differencesOf(changed({ startIn: 1 }))).toEqual(['task old starts in 0 s on rx9070xt instead of 1 s']);
    expect(differencesOf(changed({ finishIn: 1 }))).toEqual(['task old ends in 80 s on rx9070xt instead of 1 s']);
    expect(differencesOf(changed({ reason: 'preferred' }))).toEqual([
      'task old is on rx9070xt for another reason: overdue instead of preferred',
    ]);
    expect(differencesOf(changed({ taskId: 'gone' }))).toEqual([
      'task gone has no place any more, and was to go on rx9070xt',
      'task old has a place on rx9070xt, and had none',
    ]);
    const { actions } = outcome;
    const sent = { ...actions, start: [], ahead: actions.start };
    expect(differencesOf({ ...rest, outcome: { ...outcome, actions: sent } })).toEqual([
      'not any more: task old is sent to rx9070xt behind what it works on',
      'instead: task old starts on rx9070xt',
    ]);
    expect(differencesOf({ ...rest, outcome: { ...outcome, cost: 1 } })).toEqual([
      `the same plan costs ${outcome.cost} weighted seconds instead of 1`,
    ]);
  });

  it('is told where the planner asks for what nobody recorded', () => {
    const curious: Planner = (given) => {
      for (const task of given.waiting) given.load?.(task, 'rx9070xt', ['never held']);
      return plan(given);
    };
    expect(differencesOf(record(), curious)).toEqual([
      'the planner asks for what has to be loaded of task urgent on rx9070xt, which it did not ask for then',
    ]);
  });

  it('tells no more than a person reads', () => {
    const many = recordOf({
      ...facts(),
      waiting: Array.from({ length: 30 }, (_, n) => ({ ...aTask({ taskId: `t${n}` }), seconds: 5, heldFor: 0 })),
    });
    const later: Planner = (given) =>
      plan({ ...given, estimate: (task, gpu) => ({ ...given.estimate(task, gpu), seconds: 6 }) });
    expect(differencesOf(many, later)).toHaveLength(9);
    expect(differencesOf(many, later).at(-1)).toBe('and 22 more');
  });

  it('is told of a record in another form', () => {
    expect(differencesOf({ ...record(), format: 0 })).toEqual([
      'it was recorded in form 0, which is not read any more',
    ]);
  });
});

/** What the planner makes of the same problems, in each of its versions. */
const fingerprints: Record<number, string> = { 1: 'd54d988fa74e0024' };

it('a planner that decides otherwise has another version', () => {
  const hash = createHash('sha256');
  for (const problem of fc.sample(someProblem, { seed: 12, numRuns: 60 }))
    hash.update(JSON.stringify(outcomeOf(plan(factsOf(problem)), standingOf(problem))));
  expect({ version: plannerVersion, fingerprint: hash.digest('hex').slice(0, 16) }).toEqual({
    version: plannerVersion,
    fingerprint: fingerprints[plannerVersion],
  });
});
