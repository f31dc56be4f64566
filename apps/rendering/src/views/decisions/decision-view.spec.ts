import type { Waiting } from '../../planning/eligibility';
import { offersOf } from '../../planning/decisions/offers';
import { RecordedPlan } from '../../planning/decisions/recorded-plan';
import type { PlanFacts } from '../../planning/plan-facts';
import { aCard, aTask } from '../../planning/planning.fixture';
import { toJobDecision } from './decision-view';

const exactly = (seconds: number) => ({ seconds, low: seconds, high: seconds, p80: seconds });
const facts: PlanFacts<Waiting> = {
  cards: ['fast', 'slow'].map((name, position) => aCard({ name, position })),
  busy: new Map(),
  waiting: [
    aTask({ taskId: 't1', jobId: 'own' }),
    aTask({ taskId: 't2', jobId: 'own' }),
    aTask({ taskId: 't3', jobId: 'other' }),
  ],
  estimate: (_, gpu) => ({ ...exactly(gpu === 'fast' ? 2 : 60), confidence: null, basis: 'exact' }),
};
const standing = { ending: [], sentAhead: [] };
const record = new RecordedPlan(facts, standing).toRecord((task) => offersOf(facts, task, new Set(['fast', 'slow'])));
const stored = { id: 'd', decidedAt: new Date('2026-03-01T12:00:00Z'), plannerVersion: 7 };

it("a job is told of its own tasks alone: what started, what an idle card was not given, and each card's part", () => {
  const slow = { gpu: 'slow', chosen: false, takes_it: true, reason: null, ready_in: 60, penalty_seconds: 0 };
  const fast = { gpu: 'fast', chosen: true, takes_it: true, reason: null, ready_in: 2, penalty_seconds: 0 };
  expect(toJobDecision('own', stored, record, [{ id: 'a1', taskId: 't1' }])).toEqual({
    id: 'd',
    decided_at: '2026-03-01T12:00:00.000Z',
    planner_version: 7,
    objective: 'flow',
    seed: 1,
    waiting: 3,
    tasks: [
      {
        ...{
          task_id: 't1',
          gpu: 'fast',
          action: 'started',
          because: null,
          starts_in: 0,
          ready_in: 2,
          attempt_id: 'a1',
        },
        ...{ reason: 'ready_first', cards: [fast, slow] },
      },
      {
        ...{
          task_id: 't2',
          gpu: 'fast',
          action: 'left_waiting',
          because: null,
          starts_in: 2,
          ready_in: 4,
          attempt_id: null,
        },
        ...{ reason: 'ready_first', cards: [fast, slow] },
      },
    ],
    replay: 'same',
    differences: [],
  });
});

it('is told what the planner would do now where that is something else', () => {
  const placements = record.outcome.placements.map((placed) => ({ ...placed, gpu: 'slow' }));
  const view = toJobDecision('own', stored, { ...record, outcome: { ...record.outcome, placements } }, []);
  expect(view.replay).toBe('differs');
  expect(view.differences).toContain('task t1 goes on fast instead of slow');
});
