import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { AppError, describeError } from '@tower/kit';
import { Client } from 'pg';
import { startServerProcess, type ServerProcess } from '../processes/server-process';
import { adminRole } from './cluster-secret';
import type { Cluster } from './create-cluster';
import { postgresStopSteps } from './orphaned-cluster';
import { postgresEnvironment, runAs } from './postgres-account';

/** Milliseconds; the log may have to be replayed first. */
const readyTimeoutMs = 120_000;
const pollMs = 50;

/** The secret file was lost, the data was not: makes the new secret the administrator's password. */
export async function resetAdminPassword(cluster: Cluster): Promise<void> {
  const statement = `alter role ${adminRole} password '${cluster.secret.passwordOf(adminRole)}'`;
  try {
    const way = cluster.account.initdb === undefined ? inSingleUserMode : throughOwnSocket;
    await way(cluster, statement);
  } catch (cause) {
    const message = `the lost password of ${cluster.dataDir} could not be replaced: ${describeError(cause)}`;
    throw new AppError('internal', 'postgres_password_not_reset', message, { cause });
  }
}

/** It asks for no password, and for the name of its user. */
async function inSingleUserMode({ binaries, account, dataDir }: Cluster, statement: string): Promise<void> {
  const result = await runAs(account, [binaries.postgres, '--single', '-D', dataDir, 'postgres'], `${statement}\n`);
  if (!result.ok) throw new Error(result.output);
}

/**
 * A user without a name: the server trusts whoever comes through a socket in a folder that nobody else may pass, and
 * listens nowhere else.
 */
async function throughOwnSocket({ binaries, account, dataDir }: Cluster, statement: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tower-pg-'));
  const access = join(folder, 'hba.conf');
  writeFileSync(access, 'local all all trust\n', { mode: 0o600 });
  if (account.owner !== undefined) for (const path of [access, folder]) chownSync(path, account.owner, account.owner);
  const settings = ['listen_addresses=', `unix_socket_directories=${folder}`, `hba_file=${access}`, 'port=5432'];
  try {
    const server = await startServerProcess({
      name: 'postgres',
      prefix: account.prefix,
      argv: [binaries.postgres, '-D', dataDir, ...settings.flatMap((setting) => ['-c', setting])],
      cwd: dataDir,
      env: postgresEnvironment(),
      ...(account.uid === undefined ? {} : { uid: account.uid }),
      ...(account.gid === undefined ? {} : { gid: account.gid }),
      logFile: `${dataDir}.reset.log`,
      stop: postgresStopSteps,
    });
    try {
      await ask(server, folder, statement);
    } finally {
      await server.stop();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
    rmSync(`${dataDir}.reset.log`, { force: true });
  }
}

async function ask(server: ServerProcess, folder: string, statement: string): Promise<void> {
  const deadline = performance.now() + readyTimeoutMs;
  for (;;) {
    const client = new Client({ host: folder, port: 5432, user: adminRole, database: 'postgres' });
    // A connection that breaks reports here, and at the query too, where it is handled.
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.query(statement);
      return;
    } catch (error) {
      const isOver = server.exit() !== undefined || performance.now() > deadline;
      if (isOver) throw new Error(`${describeError(error)}\n${server.logTail()}`);
    } finally {
      await client.end().catch(() => undefined);
    }
    await delay(pollMs);
  }
}
