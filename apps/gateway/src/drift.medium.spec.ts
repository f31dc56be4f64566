// Real: PostgreSQL, this service's migrations and entities.
import { databaseFor, migrate, schemaDrift } from '@tower/db';
import { createTestDatabase } from '@tower/testing';
import { gatewayEntities } from './gateway.module';

it('has migrations that make the tables its entities describe', async () => {
  const database = await createTestDatabase();
  const db = await databaseFor({
    url: database.url,
    schema: 'gateway',
    service: 'gateway',
    entities: gatewayEntities,
  }).initialize();
  try {
    expect(await migrate(db, 'gateway')).not.toEqual([]);
    expect(await schemaDrift(db)).toEqual([]);
  } finally {
    await db.destroy();
    await database.drop();
  }
});
