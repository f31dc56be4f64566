import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppError, findServersIn, processIdentity, runsAnotherProgram } from '@tower/kit';
import { signalIfAlive, stopProcess, type StopStep } from '../processes/stop-process';

/** Fast shutdown, then immediate (recovers from the log at the next start), then the last resort. */
export const postgresStopSteps: readonly [StopStep, ...StopStep[]] = [
  { signal: 'SIGINT', waitMs: 10_000 },
  { signal: 'SIGQUIT', waitMs: 5_000 },
  { signal: 'SIGKILL', waitMs: 5_000 },
];

/**
 * Ends what an earlier, killed launcher left running in this data directory, and frees a lock that would keep the new
 * server from starting although nobody holds it. The caller holds the claim of the directory.
 */
export async function clearOrphanedCluster(dataDir: string): Promise<void> {
  const remaining = (): number[] => findServersIn(dataDir, 'postgres');
  const postmaster = readLockPid(dataDir);
  if (postmaster !== undefined && remaining().includes(postmaster)) {
    await stopProcess(postmaster, postgresStopSteps, () => processIdentity(postmaster) === undefined);
  }
  // Backends notice the end of their parent only between two statements, and the shared memory is taken as long.
  for (const signal of ['SIGQUIT', 'SIGKILL'] as const) {
    for (const pid of remaining()) {
      signalIfAlive(pid, signal);
      await stopProcess(pid, [{ signal, waitMs: 2_000 }], () => processIdentity(pid) === undefined);
    }
  }
  const survivors = remaining();
  if (survivors.length > 0) {
    throw new AppError(
      'conflict',
      'postgres_orphan_not_stopped',
      `PostgreSQL processes of an earlier start still work in ${dataDir}: ${survivors.join(', ')}`,
      { details: { dataDir, survivors } },
    );
  }
  replaceDeadHolder(dataDir);
}

/** Above the highest number that Linux, macOS or Windows give. */
const impossiblePid = 2 ** 22 + 1;

/**
 * PostgreSQL takes any live process with the number in its lock for the holder: a zombie that its parent never
 * reaped, or, after a restart of the machine, an unrelated process of the same user. The file itself stays: with it
 * PostgreSQL still checks that nobody is attached to the shared memory of the old server.
 */
function replaceDeadHolder(dataDir: string): void {
  const holder = readLockPid(dataDir);
  if (holder === undefined || (processIdentity(holder) !== undefined && !runsAnotherProgram(holder, 'postgres')))
    return;
  const file = join(dataDir, 'postmaster.pid');
  writeFileSync(file, readFileSync(file, 'utf8').replace(/^-?\d+/, String(impossiblePid)));
}

function readLockPid(dataDir: string): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(join(dataDir, 'postmaster.pid'), 'utf8'), 10);
    return Number.isNaN(pid) ? undefined : Math.abs(pid);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
