import { databaseFor } from '@tower/db';
import { createTestDatabase, type TestDatabase } from '@tower/testing';
import type { DataSource } from 'typeorm';
import { samplesOf } from './sample.queries';

/** Real here: PostgreSQL and the compiled migrations. */

let database: TestDatabase;
let db: DataSource;

beforeAll(async () => {
  database = await createTestDatabase('rendering');
  db = await databaseFor({ url: database.url, schema: 'rendering', service: 'rendering' }).initialize();
});
afterAll(async () => {
  await db.destroy();
  await database.drop();
});

it('a history of all measurements becomes one of the newest thirty of each kind of work', async () => {
  const name = 'NewestSamples1764220000100';
  const isApplied = async (): Promise<boolean> =>
    ((await db.query('select 1 from migration where name = $1', [name])) as unknown[]).length > 0;
  while (await isApplied()) await db.undoLastMigration({ transaction: 'each' });
  await db.query(
    `insert into runtime_sample (attempt_id, workflow, gpu, model_name, width, height, steps, frames, plan, seconds, at)
     select gen_random_uuid(), 'w', 'g', 'm', 512 * (n % 2 + 1), 512, 12, 1, case
       when n % 3 = 0 then '{"steps": ["tiled_vae", "other_seed", "smaller_batch"]}' else '{"steps": []}' end::jsonb,
       n, now() + n * interval '1 second'
     from generate_series(1, 12000) n`,
  );
  await db.runMigrations({ transaction: 'each' });

  const kept = await samplesOf(db.manager, [{ workflow: 'w', gpu: 'g' }]);
  expect(kept).toHaveLength(4 * 30);
  expect(kept[0]).toMatchObject({ seconds: 12_000 });
  expect(
    await db.query(
      'select changes, count(*)::int as count, min(seconds) > 11600 as are_newest from ' +
        'runtime_sample group by changes order by changes',
    ),
  ).toEqual([
    { changes: '', count: 60, are_newest: true },
    { changes: 'smaller_batch tiled_vae', count: 60, are_newest: true },
  ]);
  expect(await db.query('show statement_timeout')).toEqual([{ statement_timeout: '15s' }]);
});
