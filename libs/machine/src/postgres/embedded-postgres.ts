import { mkdirSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '@tower/kit';
import { claimDirectory } from '../processes/directory-claim';
import { freePort } from '../processes/free-port';
import { startServerProcess, type ServerExit, type ServerProcess } from '../processes/server-process';
import { openClusterSecret, type ClusterSecret } from './cluster-secret';
import { ensureCluster } from './create-cluster';
import { clearOrphanedCluster, postgresStopSteps } from './orphaned-cluster';
import { choosePostgresAccount, postgresEnvironment, type PostgresAccount } from './postgres-account';
import { findPostgresBinaries, type PostgresBinaries } from './postgres-binaries';
import { waitUntilUsable } from './postgres-readiness';
import { toArguments, type PostgresSettings } from './postgres-settings';

export interface EmbeddedPostgresOptions {
  readonly dataDir: string;
  /** A free one when left out. */
  readonly port?: number;
  /** `<dataDir>.log` when left out. */
  readonly logFile?: string;
  /** What the services log in as: owns the database and may create others, is no superuser. */
  readonly user?: string;
  readonly database?: string;
  readonly settings?: PostgresSettings;
}

export interface EmbeddedPostgres {
  /** With the password: not for logs. */
  readonly url: string;
  /** The superuser's way in, to the same database; for maintenance and fault tests, never for a service. */
  readonly adminUrl: string;
  readonly port: number;
  /** Of the server itself, whatever it was started through. */
  readonly pid: number;
  /** Settles when the server ends, wanted or not. */
  readonly exited: Promise<ServerExit>;
  stop(): Promise<void>;
}

/** Losing the race for a free port more often than this means something else is wrong. */
const maxPortAttempts = 5;

/**
 * PostgreSQL as a child of this process, on the loopback only. Takes over from an earlier launcher that was killed;
 * refuses while that one lives.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const dataDir = canonicalPath(options.dataDir);
  const user = options.user ?? 'tower';
  const database = options.database ?? 'tower';
  const settings = options.settings ?? {};

  const binaries = findPostgresBinaries();
  const claim = await claimDirectory(dataDir);
  try {
    await clearOrphanedCluster(dataDir);
    const account = await choosePostgresAccount(binaries, dataDir);
    const secret = openClusterSecret(dataDir);
    await ensureCluster({
      dataDir,
      binaries,
      account,
      secret,
      isDurable: settings['fsync'] !== 'off' && settings['fsync'] !== false,
    });
    if (secret.isNew) secret.keep();
    const start = async (port: number): Promise<ServerProcess> =>
      startServer({
        dataDir,
        binaries,
        account,
        secret,
        user,
        database,
        port,
        settings,
        logFile: options.logFile ?? `${dataDir}.log`,
      });
    const { server, port } =
      options.port === undefined
        ? await startOnFreePort(start)
        : { server: await start(options.port), port: options.port };
    void server.exited.then(() => claim.release());
    const address = (role: string): string =>
      `postgres://${role}:${secret.passwordOf(role)}@127.0.0.1:${port}/${database}`;
    return {
      url: address(user),
      adminUrl: address('postgres'),
      port,
      pid: server.pid,
      exited: server.exited,
      stop: () => server.stop(),
    };
  } catch (error) {
    claim.release();
    throw error;
  }
}

interface ServerStart {
  readonly dataDir: string;
  readonly binaries: PostgresBinaries;
  readonly account: PostgresAccount;
  readonly secret: ClusterSecret;
  readonly user: string;
  readonly database: string;
  readonly port: number;
  readonly settings: PostgresSettings;
  readonly logFile: string;
}

async function startServer(start: ServerStart): Promise<ServerProcess> {
  const { dataDir, binaries, account, port, settings, logFile } = start;
  const server = await startServerProcess({
    name: 'postgres',
    prefix: account.prefix,
    argv: [binaries.postgres, '-D', dataDir, '-p', String(port), ...toArguments(settings)],
    cwd: dataDir,
    env: postgresEnvironment(),
    ...(account.uid === undefined ? {} : { uid: account.uid }),
    ...(account.gid === undefined ? {} : { gid: account.gid }),
    logFile,
    stop: postgresStopSteps,
  });
  try {
    await waitUntilUsable({ ...start, server });
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  }
}

async function startOnFreePort(
  start: (port: number) => Promise<ServerProcess>,
): Promise<{ server: ServerProcess; port: number }> {
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    try {
      return { server: await start(port), port };
    } catch (error) {
      const isTaken = error instanceof AppError && error.code === 'port_in_use';
      if (!isTaken || attempt === maxPortAttempts) throw error;
      await delay(attempt * 10);
    }
  }
}

/** Two spellings of one folder must not look like two clusters. */
function canonicalPath(path: string): string {
  const absolute = resolve(path);
  mkdirSync(dirname(absolute), { recursive: true });
  return join(realpathSync(dirname(absolute)), basename(absolute));
}
