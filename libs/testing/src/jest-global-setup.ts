// Before anything of ours: jest maps @tower/* in specs, but not here.
import { join } from 'node:path';
import { describeError, repositoryRoot } from '@tower/kit';
import { findNatsServer, startEmbeddedPostgres } from '@tower/machine';
import './register-typescript.cjs';
import { findFromSetup, leaveForSpecs } from './run-environment';
import { makeRunFolder } from './run-folder';
import { afterTheRun } from './run-teardown';

const cache = join(repositoryRoot, '.cache');

/**
 * One PostgreSQL for the whole run, and the path of a nats-server; both are taken from the environment when they are
 * named there.
 */
export default async function startServersForRun(): Promise<void> {
  const { folder, remove } = makeRunFolder(cache);
  leaveForSpecs('folder', folder);
  afterTheRun(() => Promise.resolve(remove()));
  await Promise.all([startPostgres(folder), findNats()]);
}

async function startPostgres(folder: string): Promise<void> {
  if (findFromSetup('postgresUrl') !== undefined) return;
  try {
    // Nothing here has to survive a power cut; a killed server still recovers.
    const server = await startEmbeddedPostgres({
      dataDir: join(folder, 'pg'),
      settings: { fsync: 'off', full_page_writes: 'off', max_wal_size: '256MB', log_min_duration_statement: -1 },
    });
    afterTheRun(() => server.stop());
    leaveForSpecs('postgresUrl', server.url);
  } catch (error) {
    leaveForSpecs('postgresError', describeError(error));
  }
}

async function findNats(): Promise<void> {
  if (findFromSetup('natsBin') !== undefined) return;
  try {
    leaveForSpecs('natsBin', (await findNatsServer({ cacheDir: join(cache, 'nats') })).path);
  } catch (error) {
    leaveForSpecs('natsError', describeError(error));
  }
}
