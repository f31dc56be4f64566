import type { Card } from '../cards/card';
import { Attempt } from '../jobs/attempt.entity';
import { rankOf } from '../jobs/queue-place';
import { decide, type Decision, type DecisionGround, type GivenCards } from './decision';
import type { PlanFacts } from './plan-facts';
import { aCard, aTask } from './planning.fixture';
import type { SentAheadRow } from './queue.queries';
import type { WaitingTask } from './waiting-task';

/** What one look gives out and takes back, on a fast card `a` and a card `b` that takes ten times as long. */

const now = new Date('2026-03-01T12:00:00Z');
const fast = aCard({ name: 'a', position: 0 });
const slow = aCard({ name: 'b', position: 1 });

const task = (id: string, changes: Partial<WaitingTask> = {}): WaitingTask => ({
  ...aTask({ taskId: id, jobId: `job-${id}` }),
  ...{ workflow: 'w', width: 512, height: 512, frames: 1, steps: 12, kind: 'k', isCalibration: false },
  rank: rankOf.normal,
  ...changes,
});
const rowOf = ({ taskId, jobId, rank }: WaitingTask, paused = false): SentAheadRow => ({
  ...{ task_id: taskId, job_id: jobId, rank, created_at: now, idx: 0, kind: 'k', excluded_gpus: [], paused },
  ...{ workflow: 'w', model_name: 'm', width: 512, height: 512, frames: 1, steps: 12 },
});
const attempt = (taskId: string, gpu: string, slot: 0 | 1): Attempt =>
  Object.assign(new Attempt(), { id: `of ${taskId}`, taskId, jobId: `job-${taskId}`, gpu, slot, models: [] });

interface World extends Partial<DecisionGround> {
  /** Seconds that cards still work, by name. */
  busy?: Record<string, number>;
  ahead?: readonly WaitingTask[];
  pausedAhead?: boolean;
}

function look(given: GivenCards, { busy = {}, ahead = [], pausedAhead = false, ...world }: World): Decision {
  const { waiting = [], cards = [fast, slow] } = world;
  const seconds = (gpu: string): number => (gpu === 'a' ? 10 : 100);
  const running = Object.keys(busy).map((gpu) => attempt(`runs on ${gpu}`, gpu, 0));
  const planFacts = (live: readonly Attempt[]): PlanFacts<WaitingTask> => ({
    cards,
    waiting: [],
    busy: new Map(live.flatMap(({ gpu, slot }) => [[gpu, busyFor((busy[gpu] ?? 0) + slot * seconds(gpu))] as const])),
    estimate: (_, gpu) => ({ ...busyFor(seconds(gpu)), confidence: null, basis: 'measured' }),
  });
  return decide(given, {
    pause: undefined,
    cards,
    waiting,
    rows: waiting.map((one) => rowOf(one)),
    live: [...running, ...ahead.map(({ taskId }) => attempt(taskId, 'a', 1))],
    sentAhead: ahead.map((one) => ({ row: rowOf(one, pausedAhead), task: one })),
    fits: (card) => card.isUsable,
    mayBegin: () => true,
    planFacts,
    ...world,
  });
}
const busyFor = (seconds: number) => ({ seconds, low: seconds, high: seconds });
const named = ({ start, ahead, back }: Decision) => ({
  start: start.map(({ taskId, gpu }) => `${taskId} on ${gpu}`),
  ahead: ahead.map(({ taskId, gpu }) => `${taskId} on ${gpu}`),
  back: back.map(({ attempt: { taskId, gpu }, reason }) => `${taskId} from ${gpu}: ${reason}`),
});
const nothing = { start: [], ahead: [], back: [] };

describe('an idle card', () => {
  it('starts what is soonest done there', () => {
    expect(named(look({ idle: ['a', 'b'] }, { waiting: [task('x')] }))).toEqual({ ...nothing, start: ['x on a'] });
  });

  it('is left idle where a card that still works is done sooner with it', () => {
    expect(named(look({ idle: ['b'] }, { waiting: [task('x')], busy: { a: 20 } }))).toEqual(nothing);
  });

  it('starts what it has done before the card that still works has', () => {
    const found = look({ idle: ['b'] }, { waiting: [task('x')], busy: { a: 95 } });
    expect(named(found)).toEqual({ ...nothing, start: ['x on b'] });
  });

  it('does not wait for a card of which nobody knows what it is at, but for one that work is under way to', () => {
    expect(named(look({ idle: ['b'] }, { waiting: [task('x')] })).start).toEqual(['x on b']);
    expect(named(look({ idle: ['b'], underWay: ['a'] }, { waiting: [task('x')] })).start).toEqual([]);
  });

  it('starts nothing while its memory is made free for another program', () => {
    const claims = [{ megabytes: 1, isSettled: false, endsIn: 9, until: now, who: 'w' }];
    const cards: Card[] = [{ ...fast, claims }, slow];
    expect(named(look({ idle: ['a', 'b'] }, { waiting: [task('x')], cards })).start).not.toContain('x on a');
  });
});

describe('a card that is about to be done', () => {
  it('gets behind its work what it begins next', () => {
    const found = look({ idle: [], ending: ['a'] }, { waiting: [task('x'), task('y')], busy: { a: 2, b: 500 } });
    expect(named(found)).toEqual({ ...nothing, ahead: ['x on a'] });
  });

  it('gets nothing that an idle card starts now', () => {
    const found = look({ idle: ['b'], ending: ['a'] }, { waiting: [task('x')], busy: { a: 95 } });
    expect(named(found)).toEqual({ ...nothing, start: ['x on b'] });
  });

  it('gets nothing that only measures it', () => {
    const waiting = [task('x', { isCalibration: true })];
    expect(named(look({ idle: [], ending: ['a'] }, { waiting, busy: { a: 2, b: 500 } }))).toEqual(nothing);
  });

  it('gets what has waited as long as anything may, whatever would be done sooner', () => {
    const old = task('old', { waitedSeconds: 899, rank: rankOf.low, models: ['other'] });
    const waiting = [...Array.from({ length: 30 }, (_, i) => task(`x${i}`, { waitedSeconds: 1 })), old];
    const found = look({ idle: [], ending: ['a'] }, { waiting, busy: { a: 2, b: 500 } });
    expect(named(found).ahead).toEqual(['old on a']);
  });
});

describe('what was sent ahead', () => {
  const sent = { sentAhead: ['s'] };
  const ahead = [task('s')];
  const busy = { a: 2, b: 500 };

  it('stays where it begins next, also before others of its rank that came later', () => {
    const waiting = [task('x'), task('y')];
    expect(named(look({ idle: [], ...sent }, { waiting, ahead, busy }))).toEqual(nothing);
  });

  it('stays where an idle card can start something just like it instead', () => {
    const found = look({ idle: ['b'], ...sent }, { waiting: [task('x')], ahead, busy: { a: 300 } });
    expect(named(found)).toEqual({ ...nothing, start: ['x on b'] });
  });

  it('is never started a second time', () => {
    expect(named(look({ idle: ['b'], ...sent }, { ahead, busy: { a: 2 } }))).toEqual(nothing);
  });

  it.each([
    [
      'something of a higher priority is to go first',
      { waiting: [task('u', { rank: rankOf.urgent })], ahead, busy },
      'job job-u has a higher priority and goes first',
    ],
    ['an idle card can start it now', { ahead, busy: { a: 300 } }, 'b is free and can start it now'],
    ['its job is paused', { ahead, busy, pausedAhead: true }, 'its job is paused'],
    ['the queue is paused', { ahead, busy, pause: 'the queue is paused by m' }, 'the queue is paused by m'],
    [
      'its card takes no work any more',
      { ahead, busy, cards: [{ ...fast, isUsable: false, trouble: 'a is drained by m' }, slow] },
      'a is drained by m',
    ],
    [
      'another job was put before it by hand',
      { ahead, busy, mayBegin: () => false },
      'another job goes before it by hand',
    ],
  ] satisfies [string, World, string][])('is taken back where %s', (_, world, reason) => {
    expect(named(look({ idle: ['b'], ...sent }, world)).back).toEqual([`s from a: ${reason}`]);
  });
});
