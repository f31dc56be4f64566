import { databaseFor } from '@tower/db';
import { createTestDatabase, type TestDatabase } from '@tower/testing';
import type { DataSource } from 'typeorm';
import { SettlingTimeRow } from './settling-time.entity';
import { learnSettling, SettlingTimes } from './settling-times';

let database: TestDatabase;
let db: DataSource;
beforeAll(async () => {
  database = await createTestDatabase('rendering');
  const facts = { url: database.url, schema: 'rendering', service: 'rendering', entities: [SettlingTimeRow] };
  db = await databaseFor({ ...facts, onPoolError: () => undefined }).initialize();
});
afterAll(async () => {
  await db.destroy();
  await database.drop();
});
beforeEach(() => db.query('truncate settling_time'));

const learn = async (seconds: number, checked = true, workflow = 'w'): Promise<void> =>
  learnSettling(db.manager, { workflow, checked, seconds });
const of = async (checked = true, workflow = 'w') => (await SettlingTimes.read(db.manager)).of(workflow, checked);

it('says nothing of what nobody has seen, and of a check what checks took', async () => {
  await learn(2, true);
  await learn(0.2, false);
  expect(await of(true, 'other')).toEqual({ seconds: 0, low: 0, high: 0, p80: 0 });
  expect([(await of(true)).seconds, (await of(false)).seconds]).toEqual([2, 0.2]);
});

it('comes near to what results take, with an interval as wide as they differ', async () => {
  for (let nth = 0; nth < 100; nth++) await learn(nth % 2 === 0 ? 1.5 : 2.5);
  const { seconds, low, high, p80 } = await of();
  expect(seconds).toBeGreaterThan(1.8);
  expect(seconds).toBeLessThan(2.2);
  expect(low).toBeLessThan(1.2);
  expect(high).toBeGreaterThan(2.8);
  expect(p80).toBeGreaterThan(seconds);
  expect(p80).toBeLessThan(high);
});

it('follows a change, and is not carried away by one that waited for hours', async () => {
  for (let nth = 0; nth < 30; nth++) await learn(1);
  await learn(7_200);
  expect((await of()).seconds).toBeLessThan(2);
  for (let nth = 0; nth < 60; nth++) await learn(4);
  expect((await of()).seconds).toBeGreaterThan(3.5);
});

it('has no result that came at the same time get lost', async () => {
  await Promise.all(Array.from({ length: 8 }, () => learn(1)));
  const [row] = await db.manager.find(SettlingTimeRow);
  expect(row).toMatchObject({ results: 8, seconds: 1 });
});
