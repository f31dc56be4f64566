// Before anything of ours: jest maps @tower/* in specs, but not here.
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describeError, repositoryRoot, findServersIn, processIdentity } from '@tower/kit';
import { findNatsServer, signalIfAlive, startEmbeddedPostgres } from '@tower/machine';
import './register-typescript.cjs';
import { findFromSetup, leaveForSpecs } from './run-environment';
import { afterTheRun } from './run-teardown';

const cache = join(repositoryRoot, '.cache');
const mark = 'jest-';

/**
 * One PostgreSQL for the whole run, and the path of a nats-server; both are taken from the environment when they are
 * named there.
 */
export default async function startServersForRun(): Promise<void> {
  removeAbandonedRuns();
  const folder = join(cache, `${mark}${process.pid}`);
  mkdirSync(folder, { recursive: true });
  leaveForSpecs('folder', folder);
  afterTheRun(() => Promise.resolve(rmSync(folder, { recursive: true, force: true })));
  await Promise.all([startPostgres(folder), findNats()]);
}

async function startPostgres(folder: string): Promise<void> {
  if (findFromSetup('postgresUrl') !== undefined) return;
  try {
    // Nothing here has to survive a power cut; a killed server still recovers.
    const server = await startEmbeddedPostgres({
      dataDir: join(folder, 'pg'),
      settings: { fsync: 'off', full_page_writes: 'off', log_min_duration_statement: -1 },
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

/** A run that was killed could not clean up. */
function removeAbandonedRuns(): void {
  mkdirSync(cache, { recursive: true });
  for (const name of readdirSync(cache)) {
    if (!/^jest-\d+$/.test(name) || processIdentity(Number(name.slice(mark.length))) !== undefined) continue;
    const folder = join(cache, name);
    for (const pid of findServersIn(join(folder, 'pg'), 'postgres')) signalIfAlive(pid, 'SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
}
