import { join } from 'node:path';
import { AppError, repositoryRoot, untilWorks, type Logger } from '@tower/kit';
import { DataSource, type EntitySchema, type MixedList } from 'typeorm';
import { messagingEntities } from './messaging.entity';
import { SnakeNaming } from './naming';

export interface DatabaseOptions {
  url: string;
  /** The service's own schema; unqualified names in SQL resolve to it. */
  schema: string;
  /** Folder below `migrations/`. */
  service: string;
  entities?: MixedList<string | EntitySchema | (new () => unknown)>;
  applicationName?: string;
  /** Connections at most. */
  poolSize?: number;
  onPoolError?: (error: unknown) => void;
}

/** Milliseconds. A statement that takes longer is a bug; an idle transaction holds back vacuum. */
const statementTimeoutMs = 15_000;
const lockTimeoutMs = 8_000;
const connectTimeoutMs = 3_000;

/** A DataSource bound to one schema; not yet connected. */
export function databaseFor(options: DatabaseOptions): DataSource {
  return new DataSource({
    type: 'postgres',
    url: options.url,
    schema: options.schema,
    entities: [...messagingEntities, ...Object.values(options.entities ?? [])],
    migrations: [join(repositoryRoot, 'migrations', 'dist', options.service, '[0-9]*.js')],
    migrationsTableName: 'migration',
    migrationsTransactionMode: 'each',
    namingStrategy: new SnakeNaming(),
    installExtensions: false,
    applicationName: options.applicationName ?? `tower-${options.service}`,
    connectTimeoutMS: connectTimeoutMs,
    poolSize: options.poolSize ?? 12,
    // pg-pool emits 'error' for idle connections that break; unheard, it would end the process.
    poolErrorHandler: (error: unknown) => options.onPoolError?.(error),
    extra: {
      options: `-c search_path=${options.schema}`,
      statement_timeout: statementTimeoutMs,
      lock_timeout: lockTimeoutMs,
      idle_in_transaction_session_timeout: 10_000,
      keepAlive: true,
    },
  });
}

/**
 * Connects, waiting for a server that is still starting. Wrong credentials or a missing database end the wait at once.
 */
export async function connectDatabase(
  dataSource: DataSource,
  options: { logger: Logger; signal: AbortSignal },
): Promise<void> {
  const fatal = new Set(['28P01', '28000', '3D000', '42501']);
  await untilWorks(
    async () => {
      try {
        await dataSource.initialize();
      } catch (error) {
        if (fatal.has(pgCode(error) ?? ''))
          return Promise.reject(
            new AppError(
              'forbidden',
              'database_refused',
              'the database refused this user or has no such database; check DATABASE_URL',
              { cause: error },
            ),
          );
        throw error;
      }
      return undefined;
    },
    {
      signal: options.signal,
      firstMs: 100,
      maxMs: 2_000,
      onError: (error, attempt) => {
        if (error instanceof AppError) throw error;
        if (attempt % 10 === 0) options.logger.warn({ err: error }, 'waiting for the database');
      },
    },
  );
}

/**
 * Brings the schema up to date. Several processes may try at once; the advisory lock lets one work and the others find
 * nothing left.
 */
export async function migrate(dataSource: DataSource, schema: string): Promise<string[]> {
  const runner = dataSource.createQueryRunner();
  try {
    // Another process may be at a migration that takes longer than any statement of ours may.
    await runner.query('set statement_timeout = 0; set lock_timeout = 0');
    await runner.query('select pg_advisory_lock(hashtextextended($1, 0))', [`migrate:${schema}`]);
    await runner.query(`create schema if not exists ${schema}`);
    const done = await dataSource.runMigrations();
    return done.map((migration) => migration.name);
  } finally {
    // A connection that cannot unlock is broken, and a broken connection holds no lock.
    await runner
      .query('select pg_advisory_unlock_all(); reset statement_timeout; reset lock_timeout')
      .finally(() => runner.release());
  }
}

/** SQLSTATE of a driver error, wherever TypeORM put it. */
function pgCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { code, driverError, cause } = error as { code?: unknown; driverError?: unknown; cause?: unknown };
  if (typeof code === 'string') return code;
  return pgCode(driverError) ?? pgCode(cause);
}

const unreachable = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EHOSTUNREACH',
  '57P01',
  '57P02',
  '57P03',
  '53300',
  '25P03',
  '25P04',
]);
const droppedTexts = new RegExp(
  [
    'Connection terminated',
    'timeout exceeded when trying to connect',
    'Client has encountered a connection error',
    'Driver not Connected',
    'Connection ended',
    'not queryable',
    'DataSource .* is not',
    'Query runner already released',
  ].join('|'),
  'i',
);

/** The server's own disk is full or broken: it answers, and takes no writes. */
const cannotWrite = new Set(['53100', '58030']);

/** The server is away, cannot write or the connection broke; whether the last statement took effect is unknown. */
export function isDatabaseUnavailable(error: unknown): boolean {
  const code = pgCode(error);
  if (code !== undefined && (unreachable.has(code) || cannotWrite.has(code) || code.startsWith('08'))) return true;
  return error instanceof Error && droppedTexts.test(error.message);
}

export const isUniqueViolation = (error: unknown): boolean => pgCode(error) === '23505';

/** Of the constraint or unique index of this name. */
export const isUniqueViolationOf = (error: unknown, constraint: string): boolean =>
  isUniqueViolation(error) && constraintOf(error) === constraint;

function constraintOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { constraint, driverError, cause } = error as { constraint?: unknown; driverError?: unknown; cause?: unknown };
  if (typeof constraint === 'string') return constraint;
  return constraintOf(driverError) ?? constraintOf(cause);
}

/**
 * What the pool says when all its connections were in use for as long as a caller waits; of the server it says nothing.
 */
const poolExhausted = 'timeout exceeded when trying to connect';

/** Names what happened in our own terms; other errors pass unchanged. */
export function toDatabaseError(error: unknown): unknown {
  if (error instanceof AppError) return error;
  if (error instanceof Error && error.message === poolExhausted)
    return new AppError(
      'too_many',
      'too_many_requests',
      'every connection to the database is in use; try again in a moment',
      {
        cause: error,
        retryAfterMs: 2_000,
      },
    );
  if (cannotWrite.has(pgCode(error) ?? ''))
    return new AppError(
      'unavailable',
      'database_unavailable',
      'the database cannot write right now: its disk is full or broken',
      { cause: error, retryAfterMs: 10_000 },
    );
  if (isDatabaseUnavailable(error))
    return new AppError(
      'unavailable',
      'database_unavailable',
      'the database does not answer right now; try again in a moment',
      { cause: error, retryAfterMs: 2_000 },
    );
  // Serialisation failures, deadlocks and lock time-outs pass by themselves.
  if (['40001', '40P01', '55P03'].includes(pgCode(error) ?? ''))
    return new AppError('unavailable', 'database_busy', 'another change to the same row is under way; try again', {
      cause: error,
      retryAfterMs: 500,
    });
  return error;
}

/**
 * What would have to be done to the tables for them to be as the entities say; empty when the migrations did it all.
 */
export async function schemaDrift(dataSource: DataSource): Promise<string[]> {
  const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
  return upQueries.map((query) => query.query);
}
