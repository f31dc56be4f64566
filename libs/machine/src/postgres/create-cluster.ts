import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { AppError } from '@tower/kit';
import { giveTo } from '../processes/give-to';
import { adminRole, type ClusterSecret } from './cluster-secret';
import { runAs, type PostgresAccount } from './postgres-account';
import type { PostgresBinaries } from './postgres-binaries';
import { resetAdminPassword } from './reset-password';

export interface Cluster {
  readonly dataDir: string;
  readonly binaries: PostgresBinaries;
  readonly account: PostgresAccount;
  readonly secret: ClusterSecret;
  /** Off for throw-away clusters only. */
  readonly isDurable: boolean;
}

const temporaryMark = '.initdb-';

/** Makes the cluster when there is none, and in any case leaves one that this account may open with this secret. */
export async function ensureCluster(cluster: Cluster): Promise<void> {
  removeHalfMade(cluster.dataDir);
  if (!existsSync(join(cluster.dataDir, 'PG_VERSION'))) {
    await createCluster(cluster);
    return;
  }
  assertOwnVersion(cluster, await serverMajor(cluster));
  assertOwnedByUs(cluster);
  giveTo(cluster.account.owner, cluster.dataDir);
  if (cluster.secret.isNew) await resetAdminPassword(cluster);
}

/** initdb works in a folder beside the data directory: whatever kills it, the data directory is whole or absent. */
async function createCluster(cluster: Cluster): Promise<void> {
  const { dataDir, account, secret } = cluster;
  refuseForeignContent(dataDir);
  const temporary = mkdtempSync(`${dataDir}${temporaryMark}`);
  const made = join(temporary, 'data');
  const passwordFile = join(temporary, 'password');
  mkdirSync(made, { mode: 0o700 });
  writeFileSync(passwordFile, `${secret.passwordOf(adminRole)}\n`, { mode: 0o600 });
  const maker = account.initdb ?? account;
  if (maker.owner !== undefined) for (const path of [made, passwordFile]) chownSync(path, maker.owner, maker.owner);
  closeTo(account, temporary);
  try {
    await runInitdb({ ...cluster, account: maker }, made, passwordFile);
    giveTo(account.owner, made);
    rmSync(dataDir, { recursive: true, force: true });
    renameSync(made, dataDir);
    if (cluster.isDurable) syncDirectory(dirname(dataDir));
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/**
 * Only who makes the cluster may pass: as `nobody` it shares its user with others, and its group with none, so they can
 * neither
 * come in nor look into its process.
 */
function closeTo({ owner, initdb }: PostgresAccount, folder: string): void {
  if (owner === undefined) return;
  if (initdb === undefined) return giveTo(owner, folder);
  chownSync(folder, 0, owner);
  chmodSync(folder, 0o710);
}

async function runInitdb(cluster: Cluster, made: string, passwordFile: string): Promise<void> {
  const { binaries, account, isDurable } = cluster;
  const access = ['--username', adminRole, '--pwfile', passwordFile, '--auth', 'scram-sha-256'];
  // The builtin provider sorts the same on every machine and after every upgrade of the C library.
  const text = ['--encoding', 'UTF8', '--locale-provider', 'builtin', '--builtin-locale', 'C.UTF-8'];
  const rest = ['--data-checksums', '--no-instructions', ...(isDurable ? [] : ['--no-sync'])];
  let output = '';
  // Character classes (full-text search, trigrams) still come from the C library; a machine without C.UTF-8 knows ASCII
  // only.
  for (const locale of ['C.UTF-8', 'C']) {
    const result = await runAs(account, [
      binaries.initdb,
      '--pgdata',
      made,
      ...access,
      ...text,
      '--locale',
      locale,
      ...rest,
    ]);
    if (result.ok) return;
    output = result.output;
    if (!output.includes('invalid locale name')) break;
  }
  throw new AppError(
    'internal',
    'postgres_initdb_failed',
    `initdb could not make a cluster for ${cluster.dataDir}: ${output}`,
    { details: { strategy: account.strategy } },
  );
}

async function serverMajor({ binaries, account }: Cluster): Promise<string> {
  const { output } = await runAs(account, [binaries.postgres, '--version']);
  const major = /PostgreSQL\) (\d+)/.exec(output)?.[1];
  if (major !== undefined) return major;
  const hint = output.includes('shared libraries')
    ? ` npm did not run its install script: "npm rebuild ${binaries.packageName}" does.`
    : '';
  throw new AppError('unavailable', 'postgres_binaries_broken', `${binaries.postgres} does not run: ${output}.${hint}`);
}

function assertOwnVersion({ dataDir }: Cluster, major: string): void {
  const made = readFileSync(join(dataDir, 'PG_VERSION'), 'utf8').trim();
  if (made === major) return;
  throw new AppError(
    'conflict',
    'postgres_version_mismatch',
    `${dataDir} was made by PostgreSQL ${made}, this Tower brings ${major}: dump it ` +
      `with the old version and restore it into a new folder`,
    {
      details: { dataDir, made, major },
    },
  );
}

/** A cluster that root made earlier belongs to a user of its own and cannot be given back without root. */
function assertOwnedByUs({ dataDir, account }: Cluster): void {
  const { uid } = lstatSync(dataDir);
  if (account.owner !== undefined || process.getuid === undefined || uid === process.getuid()) return;
  throw new AppError(
    'forbidden',
    'postgres_data_dir_not_ours',
    `${dataDir} belongs to user ${uid}, not to you (${process.getuid()}): start ` +
      `Tower as root again, or let root chown the folder`,
    {
      details: { dataDir, uid },
    },
  );
}

function refuseForeignContent(dataDir: string): void {
  if (existsSync(dataDir) && readdirSync(dataDir).length > 0) {
    throw new AppError(
      'conflict',
      'postgres_data_dir_not_empty',
      `${dataDir} holds files but no PostgreSQL cluster: name another folder, or empty this one`,
      { details: { dataDir } },
    );
  }
}

/** Left behind by a launcher that was killed during initdb. The caller holds the claim, so none of them is in use. */
function removeHalfMade(dataDir: string): void {
  const parent = dirname(dataDir);
  for (const name of readdirSync(parent)) {
    if (name.startsWith(`${basename(dataDir)}${temporaryMark}`))
      rmSync(join(parent, name), { recursive: true, force: true });
  }
}

function syncDirectory(path: string): void {
  // Windows cannot open a directory as a file.
  if (process.platform === 'win32') return;
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
