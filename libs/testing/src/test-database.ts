import { randomBytes } from 'node:crypto';
import { topology, type ServiceName } from '@tower/contracts';
import { databaseFor, migrate } from '@tower/db';
import { AppError } from '@tower/kit';
import { Client } from 'pg';
import { getFromSetup } from './run-environment';

export interface TestDatabase {
  readonly url: string;
  readonly name: string;
  drop(): Promise<void>;
}

/**
 * A database of its own for one spec file, with the service's migrations applied; empty without a service.
 * Cloning a template takes a few dozen milliseconds where the migrations take half a second.
 */
export async function createTestDatabase(service?: ServiceName): Promise<TestDatabase> {
  const name = `test_${service?.replaceAll('-', '_') ?? 'empty'}_${randomBytes(6).toString('hex')}`;
  await withServer(async (server) => {
    const template = service === undefined ? 'template1' : await ensureTemplate(server, service);
    await server.query(`create database ${name} template ${template}`);
  });
  return {
    name,
    url: urlOf(name),
    drop: () => withServer((server) => dropDatabase(server, name)),
  };
}

/** By force, because a pool that a failed spec left open must not turn into a second failure. */
async function dropDatabase(server: Client, name: string): Promise<void> {
  try {
    await server.query(`drop database if exists ${name} with (force)`);
  } catch (error) {
    // Autovacuum works there for the superuser, whom we may not end; a drop without force tells it to stop and waits
    // for it.
    if ((error as { code?: unknown }).code !== '42501') throw error;
    await server.query(`drop database if exists ${name}`);
  }
}

/** Jest's workers are processes of their own: the first one to come migrates, the others wait for it. */
async function ensureTemplate(server: Client, service: ServiceName): Promise<string> {
  const { schema } = topology[service];
  const template = `template_${schema}`;
  await server.query('select pg_advisory_lock(hashtextextended($1, 0))', [template]);
  try {
    const { rowCount: exists } = await server.query('select 1 from pg_database where datname = $1', [template]);
    if (exists === 0) {
      // Under another name until it is whole: a run that is stopped in between leaves no half template.
      const draft = `${template}_draft`;
      await dropDatabase(server, draft);
      await server.query(`create database ${draft}`);
      await applyMigrations(urlOf(draft), service, schema);
      await server.query(`alter database ${draft} rename to ${template}`);
    }
  } finally {
    await server.query('select pg_advisory_unlock(hashtextextended($1, 0))', [template]);
  }
  return template;
}

async function applyMigrations(url: string, service: ServiceName, schema: string): Promise<void> {
  const dataSource = await databaseFor({ url, service, schema, poolSize: 2 }).initialize();
  try {
    const applied = await migrate(dataSource, schema);
    if (applied.length === 0)
      throw new AppError(
        'unavailable',
        'test_migrations_missing',
        `there are no compiled migrations of ${service} in migrations/dist: run "npm run compile"`,
      );
  } finally {
    await dataSource.destroy();
  }
}

function urlOf(name: string): string {
  const url = new URL(getFromSetup('postgresUrl'));
  url.pathname = `/${name}`;
  return url.href;
}

async function withServer<T>(use: (server: Client) => Promise<T>): Promise<T> {
  const server = new Client({ connectionString: getFromSetup('postgresUrl'), application_name: 'tower-test' });
  await server.connect();
  try {
    return await use(server);
  } finally {
    await server.end();
  }
}
