import { join } from 'node:path';
import { createLogger, Metrics, newId, newIdAt, repositoryRoot, systemClock } from '@tower/kit';
import { createTestDatabase, waitFor } from '@tower/testing';
import { startLeading, type LeadingProcess } from '../../harness/leading-process';
import { jobEntities } from '../jobs/job-entities';
import type { Decision } from '../planning/decision';
import { decisionsOf, pruneDecisions, unpacked } from '../planning/decisions/decision-store';
import { RecordedPlan, type DecisionRecord } from '../planning/decisions/recorded-plan';
import { differencesOf } from '../planning/decisions/replay';
import { StoredDecision } from '../planning/decisions/stored-decision.entity';
import { LearntTimes } from '../planning/estimates/learnt-times';
import type { PlanFacts } from '../planning/plan-facts';
import { aCard, aTask } from '../planning/planning.fixture';
import { PlanningTimes } from '../planning/planning-times';
import { Snapshot } from '../planning/snapshot';
import type { WaitingTask } from '../planning/waiting-task';
import { RenderingMetrics } from '../rendering.metrics';
import { Catalogue } from '../workflows/catalogue';
import { RequirementsCache } from '../workflows/compatibility/requirements-cache';
import { DecisionJournal } from './decision-journal';

/** Real here: PostgreSQL. */

let leading: LeadingProcess;
let snapshot: Snapshot;
let metrics: Metrics;
let journal: DecisionJournal;

beforeAll(async () => {
  leading = await startLeading({ database: await createTestDatabase('rendering'), waitFor }, [
    ...jobEntities,
    StoredDecision,
  ]);
  const workflows = await Catalogue.read(join(repositoryRoot, 'workflows'));
  snapshot = new Snapshot({
    ...{ gpus: [], live: [], rows: [], needs: [], works: new Map(), more: false, now: new Date(), pause: undefined },
    ...{ times: new LearntTimes(workflows), workflows, requirements: new RequirementsCache() },
  });
});
afterAll(() => leading.stop());

beforeEach(async () => {
  await leading.db.query('delete from planning_decision');
  metrics = new Metrics('rendering');
  const own = new RenderingMetrics(metrics);
  const silent = createLogger('journal', 'silent');
  journal = new DecisionJournal(leading.db, new PlanningTimes(own), own, systemClock, silent);
});

const jobId = newId();
const task = (taskId = newId()): WaitingTask => ({
  ...aTask({ taskId, jobId }),
  ...{ workflow: 'w', width: 1, height: 1, frames: 1, steps: 1, cfgScale: null, kind: 'k', isCalibration: false },
  rank: 2,
});

/** A fast card and a slow one; `inSeconds` until the fast one may begin. */
const facts = (inSeconds: number, waiting: readonly WaitingTask[]): PlanFacts<WaitingTask> => ({
  cards: ['fast', 'slow'].map((name, position) => aCard({ name, position })),
  busy: new Map(),
  waiting,
  estimate: (_, gpu) => {
    const seconds = gpu === 'fast' ? 2 : 60;
    return { seconds, low: seconds, high: seconds, confidence: null, basis: 'exact' };
  },
  earliest: (_, gpu) => (gpu === 'fast' ? inSeconds : 0),
});

/** What follows from a plan on which nothing stands. */
function decisionOn(facts: PlanFacts<WaitingTask>): Decision & { planned: RecordedPlan<WaitingTask> } {
  const planned = new RecordedPlan(facts, { ending: [], sentAhead: [] });
  return { start: planned.actions.start, ahead: [], back: [], planned };
}

function note(decision: Decision, sent: Promise<unknown> = Promise.resolve()): string {
  const id = newId();
  journal.note({ id, fence: leading.fence, snapshot, decision }, sent);
  return id;
}

/** Ids of what is kept, oldest first. */
async function kept(): Promise<string[]> {
  // What was noted is written a turn later.
  await new Promise((resolve) => setImmediate(resolve));
  await journal.idle();
  return (await leading.db.manager.find(StoredDecision, { order: { id: 'ASC' } })).map(({ id }) => id);
}

const counted = async (outcome: string): Promise<boolean> =>
  new RegExp(`rendering_decisions_total\\{outcome="${outcome}"[^}]*\\} 1`).test(await metrics.registry.metrics());

it('keeps a decision as it was made, for those who ask for its jobs', async () => {
  const decision = decisionOn(facts(0, [task(), task()]));
  const id = note(decision);
  expect(await kept()).toEqual([id]);
  const [stored] = await decisionsOf(leading.db.manager, jobId, { after: null, limit: 5 });
  expect(stored).toMatchObject({ id, fence: leading.fence, jobs: [jobId], plannerVersion: 1 });
  const record: DecisionRecord = await unpacked(stored?.record ?? Buffer.alloc(0));
  expect(differencesOf(record)).toEqual([]);
  expect(Object.keys(record.offers).sort()).toEqual(
    [...decision.start, ...decision.planned.keptBack].map(({ taskId }) => taskId).sort(),
  );
  expect(await counted('kept')).toBe(true);
  expect(await decisionsOf(leading.db.manager, newId(), { after: null, limit: 5 })).toEqual([]);
  expect(await decisionsOf(leading.db.manager, jobId, { after: id, limit: 5 })).toEqual([]);
});

it('keeps one that leaves a card idle on purpose once, and one that has nothing to decide never', async () => {
  const [one, other] = [task(), task()];
  note(decisionOn(facts(3, [])));
  const first = note(decisionOn(facts(3, [one])));
  note(decisionOn(facts(2, [one])));
  const second = note(decisionOn(facts(2, [one, other])));
  expect(decisionOn(facts(2, [one])).start).toEqual([]);
  note({ start: [], ahead: [], back: [], planned: undefined });
  expect(await kept()).toEqual([first, second]);
  const given = [note(decisionOn(facts(0, [one]))), note(decisionOn(facts(0, [one])))];
  expect(await kept()).toEqual([first, second, ...given]);
});

it('writes nothing before what was decided was sent', async () => {
  let send: () => void = () => undefined;
  const id = note(decisionOn(facts(0, [task()])), new Promise<void>((resolve) => (send = resolve)));
  expect(await kept()).toEqual([]);
  send();
  expect(await kept()).toEqual([id]);
});

it('loses what cannot be written, and says so in a metric', async () => {
  await leading.db.query('alter table planning_decision rename to gone');
  try {
    note(decisionOn(facts(0, [task()])));
    await new Promise((resolve) => setImmediate(resolve));
    await journal.idle();
  } finally {
    await leading.db.query('alter table gone rename to planning_decision');
  }
  expect(await counted('lost')).toBe(true);
  expect(await kept()).toEqual([]);
});

it('keeps no decision that is too large', async () => {
  // Nothing packs names that have nothing in common.
  const waiting = Array.from({ length: 4_000 }, () => ({ ...task(), models: [newId() + newId()] }));
  note(decisionOn(facts(0, waiting)));
  expect(await kept()).toEqual([]);
  expect(await counted('too_large')).toBe(true);
});

it('forgets decisions by age and by number, the oldest first', async () => {
  const now = new Date();
  const ago = (days: number): Date => new Date(now.getTime() - days * 24 * 3_600_000);
  const [old, recent] = [newIdAt(ago(31)), newIdAt(ago(29))];
  for (const id of [old, recent])
    await leading.db.manager.insert(StoredDecision, {
      ...{ id, decidedAt: now, fence: '1', plannerVersion: 1, jobs: [jobId], record: Buffer.from('x') },
    });
  expect(await pruneDecisions(leading.db, now)).toBe(1);
  expect(await kept()).toEqual([recent]);
  await leading.db.query(
    `insert into planning_decision (id, decided_at, fence, planner_version, jobs, record)
     select ('ffffffff-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, now(), 1, 1, array[$1]::uuid[], 'x'
     from generate_series(1, 10700) n`,
    [jobId],
  );
  expect(await pruneDecisions(leading.db, now)).toBe(701);
  const [left] = (await leading.db.query(
    'select count(*)::int as count, min(id::text) as first from planning_decision',
  )) as { count: number; first: string }[];
  expect(left).toEqual({ count: 10_000, first: 'ffffffff-0000-7000-8000-0000000002bd' });
});
