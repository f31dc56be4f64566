// Real: PostgreSQL, this service's migrations and entities.
import { databaseFor, migrate, schemaDrift } from '@tower/db';
import { createTestDatabase } from '@tower/testing';
import { projectEntities } from './projects.module';

it('has migrations that make the tables its entities describe', async () => {
  const database = await createTestDatabase();
  const db = await databaseFor({
    url: database.url,
    schema: 'projects',
    service: 'projects',
    entities: projectEntities,
  }).initialize();
  try {
    expect(await migrate(db, 'projects')).not.toEqual([]);
    expect(await schemaDrift(db)).toEqual([]);
  } finally {
    await db.destroy();
    await database.drop();
  }
});
