import { realpathSync } from 'node:fs';
import { AppError, describeError } from '@tower/kit';
import { Client } from 'pg';
import type { ServerProcess } from '../processes/server-process';
import { untilReady } from '../processes/until-ready';
import { adminRole, type ClusterSecret } from './cluster-secret';

interface Readiness {
  readonly server: ServerProcess;
  readonly dataDir: string;
  readonly port: number;
  readonly secret: ClusterSecret;
  readonly user: string;
  readonly database: string;
}

/**
 * Replaying the log after a crash may take a while on a slow disk; a server that is stuck is told apart by its exit.
 */
const readyTimeoutMs = 120_000;

/** Waits until the services' role can really query the services' database; makes both when they are missing. */
export async function waitUntilUsable(readiness: Readiness): Promise<void> {
  const { server, port, secret, user, database } = readiness;
  await untilConnected(readiness);
  try {
    await query(
      { port, user: adminRole, password: secret.passwordOf(adminRole), database: 'postgres' },
      async (admin) => {
        await assertOurs(admin, readiness);
        await ensureRoleAndDatabase(admin, user, secret.passwordOf(user), database);
      },
    );
    await query({ port, user, password: secret.passwordOf(user), database }, (client) => client.query('select 1'));
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw new AppError(
      'internal',
      'postgres_not_usable',
      `PostgreSQL on port ${port} refuses the first query: ${describeError(cause)}\n${server.logTail()}`,
      { cause },
    );
  }
}

async function untilConnected({ server, port, secret, dataDir }: Readiness): Promise<void> {
  const login = { port, user: adminRole, password: secret.passwordOf(adminRole), database: 'postgres' };
  await untilReady({
    server,
    timeoutMs: readyTimeoutMs,
    attempt: () => query(login, (client) => client.query('select 1')),
    exitedTooSoon: () => exitedTooSoon(server, port, dataDir),
    notReady: (cause) =>
      new AppError(
        'unavailable',
        'postgres_not_ready',
        `PostgreSQL in ${dataDir} was not ready after ${readyTimeoutMs / 1000} s: ` +
          `${describeError(cause)}\n${server.logTail()}`,
        { cause },
      ),
  });
}

function exitedTooSoon(server: ServerProcess, port: number, dataDir: string): AppError {
  const log = server.logTail();
  if (/could not bind .*Address already in use/.test(log)) {
    return new AppError('conflict', 'port_in_use', `port ${port} of the loopback is taken by another program`, {
      details: { port },
    });
  }
  const { code, signal } = server.exit() ?? { code: null, signal: null };
  return new AppError(
    'internal',
    'postgres_exited',
    `PostgreSQL in ${dataDir} ended while starting (${signal ?? `exit code ${code}`}):\n${log}`,
    { details: { dataDir, code, signal } },
  );
}

/** Another PostgreSQL may listen on the port while ours is still failing to get it. */
async function assertOurs(admin: Client, { dataDir, port }: Readiness): Promise<void> {
  const { rows } = await admin.query<{ data_directory: string }>('show data_directory');
  const served = rows[0]?.data_directory ?? '';
  if (realpathSync(served) !== dataDir)
    throw new AppError(
      'conflict',
      'port_in_use',
      `port ${port} of the loopback is taken by the PostgreSQL of ${served}`,
      { details: { port, served } },
    );
}

async function ensureRoleAndDatabase(admin: Client, user: string, password: string, database: string): Promise<void> {
  const role = admin.escapeIdentifier(user);
  const { rowCount: hasRole } = await admin.query('select 1 from pg_roles where rolname = $1', [user]);
  if (hasRole === 0) await admin.query(`create role ${role} login createdb`);
  if (user !== adminRole) await admin.query(`grant pg_monitor to ${role}`);
  // Always: the secret file may have been replaced.
  await admin.query(`alter role ${role} password ${admin.escapeLiteral(password)}`);
  const { rowCount: hasDatabase } = await admin.query('select 1 from pg_database where datname = $1', [database]);
  if (hasDatabase === 0) await admin.query(`create database ${admin.escapeIdentifier(database)} owner ${role}`);
}

async function query(
  login: { port: number; user: string; password: string; database: string },
  use: (client: Client) => Promise<unknown>,
): Promise<void> {
  const client = new Client({
    ...login,
    host: '127.0.0.1',
    application_name: 'tower-launcher',
    connectionTimeoutMillis: 5_000,
    query_timeout: 30_000,
  });
  // A connection that breaks between two queries reports here, and at the next query too, where it is handled.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await use(client);
  } finally {
    await client.end();
  }
}
