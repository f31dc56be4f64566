import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { topology, type ServiceName } from '@tower/contracts';
import { databaseFor } from '@tower/db';
import { createTestDatabase } from '@tower/testing';

/** Real here: PostgreSQL with every service's migrations. */

const page = readFileSync(join(__dirname, 'retention.md'), 'utf8');
const everywhere = page.slice(page.indexOf('## In every schema'), page.indexOf('## Kept for ever'));

it.each(Object.keys(topology) as ServiceName[])(
  'docs/retention.md says what bounds each table of %s',
  async (service) => {
    const { schema } = topology[service];
    const database = await createTestDatabase(service);
    try {
      const db = await databaseFor({ url: database.url, schema, service }).initialize();
      const tables: { name: string }[] = await db.query(
        'select table_name as name from information_schema.tables where table_schema ' +
          "= current_schema and table_type = 'BASE TABLE'",
      );
      await db.destroy();
      expect(tables.length).toBeGreaterThan(4);
      expect(
        tables
          .map(({ name }) => name)
          .filter((name) => !everywhere.includes(`\`${name}\``) && !page.includes(`\`${schema}.${name}\``)),
      ).toEqual([]);
    } finally {
      await database.drop();
    }
  },
);
