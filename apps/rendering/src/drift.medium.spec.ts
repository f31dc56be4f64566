// Real: PostgreSQL, this service's migrations and entities.
import { isOver, jobState } from '@tower/contracts';
import { databaseFor, migrate, schemaDrift } from '@tower/db';
import { createTestDatabase, type TestDatabase } from '@tower/testing';
import type { DataSource } from 'typeorm';
import { renderingEntities } from './rendering.module';

let database: TestDatabase;
let db: DataSource;
let applied: string[];

beforeAll(async () => {
  database = await createTestDatabase();
  db = await databaseFor({
    url: database.url,
    schema: 'rendering',
    service: 'rendering',
    entities: renderingEntities,
  }).initialize();
  applied = await migrate(db, 'rendering');
});
afterAll(async () => {
  await db.destroy();
  await database.drop();
});

it('has migrations that make the tables its entities describe', async () => {
  expect(applied).not.toEqual([]);
  expect(await schemaDrift(db)).toEqual([]);
});

it('has migrations that know every state of a job, and which of them are ends', async () => {
  const statesIn = async (check: string): Promise<string[]> => {
    const [row]: { says: string }[] = await db.query(
      "select pg_get_constraintdef(oid) as says from pg_constraint where conname = $1 and conrelid = 'job'::regclass",
      [check],
    );
    return [...(row?.says ?? '').matchAll(/'(\w+)'/g)].map(([, state]) => state ?? '').sort();
  };
  expect(await statesIn('job_state_known')).toEqual([...jobState.options].sort());
  expect(await statesIn('job_end_is_terminal')).toEqual(jobState.options.filter(isOver).sort());
});
