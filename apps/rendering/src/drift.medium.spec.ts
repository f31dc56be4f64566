// Real: PostgreSQL, this service's migrations and entities.
import { databaseFor, migrate, schemaDrift } from '@tower/db';
import { createTestDatabase } from '@tower/testing';
import { renderingEntities } from './rendering.module';

it('has migrations that make the tables its entities describe', async () => {
  const database = await createTestDatabase();
  const db = await databaseFor({
    url: database.url,
    schema: 'rendering',
    service: 'rendering',
    entities: renderingEntities,
  }).initialize();
  try {
    expect(await migrate(db, 'rendering')).not.toEqual([]);
    expect(await schemaDrift(db)).toEqual([]);
  } finally {
    await db.destroy();
    await database.drop();
  }
});
