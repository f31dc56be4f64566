import type { AttemptState } from '@tower/contracts';
import { databaseFor } from '@tower/db';
import { newId } from '@tower/kit';
import { createTestDatabase, type TestDatabase } from '@tower/testing';
import type { DataSource } from 'typeorm';
import { cancelAttempts, moveAttempt, noteProgress } from './attempt-store';
import { Attempt } from './attempt.entity';
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
