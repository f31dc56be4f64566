import type { AttemptState } from '@tower/contracts';
import { databaseFor } from '@tower/db';
import { newId } from '@tower/kit';
import { createTestDatabase, type TestDatabase } from '@tower/testing';
import type { DataSource } from 'typeorm';
import { advanceOn, cancelAttempts, moveAttempt, noteProgress } from './attempt-store';
import { Attempt, type AttemptSlot } from './attempt.entity';
import { jobEntities } from './job-entities';
import { progressAtDispatch } from './progress';
import { nextAttemptStates } from './states';

/** Real here: PostgreSQL. */

const states = Object.keys(nextAttemptStates) as AttemptState[];

let database: TestDatabase;
let db: DataSource;

beforeAll(async () => {
  database = await createTestDatabase('rendering');
  db = await databaseFor({
    url: database.url,
    schema: 'rendering',
    service: 'rendering',
    entities: jobEntities,
  }).initialize();
});
afterAll(async () => {
  await db.destroy();
  await database.drop();
});
afterEach(() => db.query('truncate attempt'));

async function attemptIn(state: AttemptState, jobId = newId()): Promise<string> {
  const id = newId();
  await db.manager.insert(Attempt, {
    ...{ id, jobId, state, taskId: newId(), n: 1, gpu: id, server: 'http://card:8188', promptId: newId(), seed: 1 },
    ...{ fence: '1', dispatchedAt: new Date(), postDeadline: new Date(), scores: [] },
  });
  return id;
}
const stateOf = async (id: string): Promise<AttemptState> => (await db.manager.findOneByOrFail(Attempt, { id })).state;

it.each(states)('moves an attempt that is %s where the table lets it go, and nowhere else', async (from) => {
  for (const to of states) {
    const id = await attemptIn(from);
    const allowed = (nextAttemptStates[from] as readonly AttemptState[]).includes(to);
    expect([to, await moveAttempt(db.manager, id, { to })]).toEqual([to, allowed]);
    expect(await stateOf(id)).toBe(allowed ? to : from);
  }
});

it('moves from the one state that is asked for alone', async () => {
  const checked = await attemptIn('checking');
  expect(await moveAttempt(db.manager, checked, { from: 'collecting', to: 'succeeded' })).toBe(false);
  expect(await moveAttempt(db.manager, checked, { from: 'checking', to: 'succeeded' })).toBe(true);
});

it('cancels the open attempts of a job and leaves the others as they ended', async () => {
  const jobId = newId();
  const ids = await Promise.all(states.map((state) => attemptIn(state, jobId)));
  const elsewhere = await attemptIn('running');
  await cancelAttempts(db.manager, jobId, new Date());
  expect(await Promise.all(ids.map(stateOf))).toEqual(
    states.map((state) => (nextAttemptStates[state].length === 0 ? state : 'cancelled')),
  );
  expect(await stateOf(elsewhere)).toBe('running');
});

it('notes no progress of what has ended', async () => {
  const [running, lost] = [await attemptIn('running'), await attemptIn('lost')];
  for (const id of [running, lost]) await noteProgress(db.manager, id, progressAtDispatch('rtx3060'));
  const progressOf = async (id: string) => (await db.manager.findOneByOrFail(Attempt, { id })).progress;
  expect(await progressOf(running)).toMatchObject({ percent: 0 });
  expect(await progressOf(lost)).toBeNull();
});

const inSlot = async (gpu: string, slot: AttemptSlot, jobId = newId()): Promise<string> => {
  const id = await attemptIn('running', jobId);
  await db.manager.update(Attempt, { id }, { gpu, slot });
  return id;
};
const slotOf = async (id: string): Promise<AttemptSlot> => (await db.manager.findOneByOrFail(Attempt, { id })).slot;

it('has at most one live attempt in each slot of a card', async () => {
  await inSlot('rtx3060', 0);
  await inSlot('rtx3060', 1);
  for (const slot of [0, 1] as const)
    await expect(inSlot('rtx3060', slot)).rejects.toThrow(/one_live_attempt_per_slot/);
});

it.each(['collecting', 'failed', 'lost'] as const)('works on what was behind an attempt that is %s', async (to) => {
  const [first, behind, elsewhere] = [
    await inSlot('rtx3060', 0),
    await inSlot('rtx3060', 1),
    await inSlot('rx9070xt', 1),
  ];
  expect(await moveAttempt(db.manager, first, { to })).toBe(true);
  expect([await slotOf(behind), await slotOf(elsewhere)]).toEqual([0, 1]);
});

it('works on what was behind an attempt that is cancelled, though not where that is cancelled too', async () => {
  const jobId = newId();
  await inSlot('rtx3060', 0, jobId);
  const behind = await inSlot('rtx3060', 1);
  await inSlot('rx9070xt', 0, jobId);
  const cancelled = await inSlot('rx9070xt', 1, jobId);
  await cancelAttempts(db.manager, jobId, new Date());
  expect([await slotOf(behind), await stateOf(cancelled)]).toEqual([0, 'cancelled']);
});

it('leaves the attempt that a card works on where it is when the one behind it ends', async () => {
  const [first, behind] = [await inSlot('rtx3060', 0), await inSlot('rtx3060', 1)];
  await moveAttempt(db.manager, behind, { to: 'lost' });
  expect([await slotOf(first), await stateOf(first)]).toEqual([0, 'running']);
});

it('advances what was left behind nothing, and nothing else', async () => {
  const left = await inSlot('rtx3060', 1);
  await inSlot('rx9070xt', 0);
  const behind = await inSlot('rx9070xt', 1);
  expect([await advanceOn(db.manager, 'rtx3060'), await advanceOn(db.manager, 'rx9070xt')]).toEqual([true, false]);
  expect([await slotOf(left), await slotOf(behind)]).toEqual([0, 1]);
});
