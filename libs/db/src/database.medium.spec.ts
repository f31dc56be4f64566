// Real: PostgreSQL, one of its own for what has to be started late or killed.
import { createLogger } from '@tower/kit';
import { startEmbeddedPostgres, freePort } from '@tower/machine';
import { clusterFolder, createTestDatabase, waitFor, type TestDatabase } from '@tower/testing';
import type { DataSource } from 'typeorm';
import { connectDatabase, databaseFor, isDatabaseUnavailable, migrate, toDatabaseError } from './database';
import { poolUse } from './database.metrics';

const logger = createLogger('test', 'silent');
const forEver = new AbortController().signal;
const projectsAt = (url: string, onPoolError: (error: unknown) => void = () => undefined): DataSource =>
  databaseFor({ url, schema: 'projects', service: 'projects', onPoolError });

describe('with a database', () => {
  let database: TestDatabase;
  const opened: DataSource[] = [];

  beforeEach(async () => {
    database = await createTestDatabase();
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((source) => source.destroy()));
    await database.drop();
  });
  const open = async (): Promise<DataSource> => {
    const source = await projectsAt(database.url).initialize();
    opened.push(source);
    return source;
  };

  it('migrates once although several processes start at the same time', async () => {
    const sources = await Promise.all([open(), open(), open(), open()]);
    const applied = await Promise.all(sources.map((source) => migrate(source, 'projects')));
    expect(applied.filter((names) => names.length > 0)).toHaveLength(1);
    expect(await sources[0]!.query('select count(*)::int as n from migration')).toEqual([{ n: applied.flat().length }]);
  });

  it('finds its own tables and nobody else’s without naming the schema', async () => {
    const source = await open();
    await migrate(source, 'projects');
    await source.query('create schema other; create table other.secret (id int)');
    expect(await source.query('select count(*)::int as n from project')).toEqual([{ n: 0 }]);
    await expect(source.query('select * from secret')).rejects.toThrow('does not exist');
  });

  it('limits statements and locks again after a migration', async () => {
    const source = await open();
    await migrate(source, 'projects');
    expect(
      await source.query(
        "select current_setting('statement_timeout') as statement, current_setting('lock_timeout') as lock",
      ),
    ).toEqual([{ statement: '15s', lock: '8s' }]);
  });

  it('says who has a connection, and who waits for one', async () => {
    expect(poolUse(projectsAt(database.url))).toEqual({ busy: 0, idle: 0, waiting: 0 });
    const source = await databaseFor({
      url: database.url,
      schema: 'projects',
      service: 'projects',
      poolSize: 1,
    }).initialize();
    opened.push(source);
    expect(poolUse(source)).toEqual({ busy: 0, idle: 1, waiting: 0 });
    const holder = source.createQueryRunner();
    await holder.connect();
    const late = source.query('select 1');
    await waitFor(() => poolUse(source).waiting === 1, { timeoutMs: 5_000, describe: 'somebody to wait' });
    expect(poolUse(source)).toEqual({ busy: 1, idle: 0, waiting: 1 });
    await holder.release();
    await late;
  });

  it('refuses at once what waiting cannot mend', async () => {
    const url = new URL(database.url);
    url.pathname = '/no_such_database';
    await expect(connectDatabase(projectsAt(url.href), { logger, signal: forEver })).rejects.toMatchObject({
      kind: 'forbidden',
      code: 'database_refused',
    });
  });

  it('names a lock that somebody else holds as passing', async () => {
    const source = await open();
    await migrate(source, 'projects');
    await source.transaction(async (tx) => {
      await tx.query('lock table project in access exclusive mode');
      const busy = await source
        .query("set lock_timeout = '50ms'; select * from project")
        .catch((error: unknown) => error);
      expect(toDatabaseError(busy)).toMatchObject({ kind: 'unavailable', code: 'database_busy' });
    });
  });
});

describe('a pool whose connections are all in use', () => {
  it('says so, and nothing about the server', async () => {
    const database = await createTestDatabase();
    const source = await databaseFor({
      url: database.url,
      schema: 'public',
      service: 'projects',
      poolSize: 1,
    }).initialize();
    const runner = source.createQueryRunner();
    await runner.connect();
    const refused = await source.query('select 1').catch((error: unknown) => error);
    expect(toDatabaseError(refused)).toMatchObject({
      kind: 'too_many',
      code: 'too_many_requests',
      options: { retryAfterMs: 2_000 },
    });
    await runner.release();
    expect(await source.query('select 1 as one')).toEqual([{ one: 1 }]);
    await source.destroy();
    await database.drop();
  });
});

describe('without a database', () => {
  it('waits for a server that starts later, and survives one that is killed', async () => {
    const { dataDir, remove } = clusterFolder();
    const first = await startEmbeddedPostgres({ dataDir });
    const { port, url } = first;
    await first.stop();

    const poolErrors: unknown[] = [];
    const source = projectsAt(url, (error) => poolErrors.push(error));
    const connecting = connectDatabase(source, { logger, signal: forEver });
    const postgres = await startEmbeddedPostgres({ dataDir, port });
    await connecting;
    await migrate(source, 'projects');

    process.kill(postgres.pid, 'SIGKILL');
    await postgres.exited;
    // The server's children outlive it by a moment, and may still answer.
    const away = await waitFor(() =>
      source.query('select 1').then(
        () => undefined,
        (error: unknown) => error,
      ),
    );
    expect(isDatabaseUnavailable(away)).toBe(true);
    expect(toDatabaseError(away)).toMatchObject({ kind: 'unavailable', code: 'database_unavailable' });
    // Idle connections broke too; unheard they would have ended the process.
    await waitFor(() => poolErrors.length > 0);

    const again = await startEmbeddedPostgres({ dataDir, port });
    await waitFor(() => source.query('select 1').then(() => true));
    await source.destroy();
    await again.stop();
    remove();
  });

  it('stops waiting when it is told to', async () => {
    const stopping = new AbortController();
    const connecting = connectDatabase(projectsAt(`postgres://nobody@127.0.0.1:${await freePort()}/none`), {
      logger,
      signal: stopping.signal,
    });
    setTimeout(() => stopping.abort(new Error('stopping')), 300);
    await expect(connecting).rejects.toThrow();
  });
});
