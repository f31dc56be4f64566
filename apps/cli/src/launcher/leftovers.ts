import type { Logger } from '@tower/kit';
import { signalIfAlive, stopProcess } from '@tower/machine';
import { partRanks } from './part';
import { isSameProcess, readRunRecords, removeRunRecord, type RunRecord } from './run-record';

/** Milliseconds for what an earlier launcher left behind; its work survives any end, so nobody waits long. */
const politeMs = 3_000;
const rudeMs = 3_000;

/**
 * Ends processes of an earlier launcher that was killed. Only those whose number, moment of start and command line are
 * the recorded ones: never by name. The caller holds the home's lock.
 */
export async function endLeftovers(runDirectory: string, logger: Logger): Promise<RunRecord[]> {
  const records = readRunRecords(runDirectory);
  const ended: RunRecord[] = [];
  // Services before servers: a service that loses its database first only makes noise.
  for (const isServer of [false, true]) {
    const alive = records.filter(
      (record) => partRanks[record.rank] < partRanks.simulator === isServer && isSameProcess(record),
    );
    await Promise.all(alive.map((record) => end(record, logger)));
    ended.push(...alive);
  }
  for (const record of records) removeRunRecord(runDirectory, record.name);
  return ended;
}

async function end(record: RunRecord, logger: Logger): Promise<void> {
  logger.warn({ name: record.name, leftoverPid: record.pid }, 'ending a process that an earlier start left behind');
  // SIGTERM would make PostgreSQL wait for its clients.
  const polite = record.rank === 'postgres' ? ('SIGINT' as const) : ('SIGTERM' as const);
  const isGone = (): boolean => !isSameProcess(record);
  // A stopped process takes no notice of anything but SIGCONT and SIGKILL.
  signalIfAlive(record.pid, 'SIGCONT');
  const gone = await stopProcess(
    record.pid,
    [
      { signal: polite, waitMs: politeMs },
      { signal: 'SIGKILL', waitMs: rudeMs },
    ],
    isGone,
  );
  if (!gone) logger.error({ name: record.name, leftoverPid: record.pid }, 'a process of an earlier start does not end');
}
