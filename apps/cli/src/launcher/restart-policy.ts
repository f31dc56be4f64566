const firstDelayMs = 250;
const maxDelayMs = 10_000;

/** A process that has been ready for so long counts as healthy: what ends it later has nothing to do with its start. */
export const healthyAfterMs = 30_000;

/** So many ends in a row, none of them after a healthy time, are reported as "cannot start". */
export const reportAfterFailures = 5;

/** How many times in a row it failed, this end included. */
export const failuresAfterExit = (before: number, readyForMs: number): number =>
  readyForMs >= healthyAfterMs ? 1 : before + 1;

/** Milliseconds to wait before the next start, given how many times in a row it has failed. */
export const restartDelayMs = (failures: number): number =>
  Math.min(firstDelayMs * 2 ** Math.min(Math.max(failures, 1) - 1, 30), maxDelayMs);
