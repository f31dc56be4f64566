import { setTimeout as sleep } from 'node:timers/promises';

/** npm passes on what the terminal has already sent to everybody: two signals so close together are one Ctrl-C. */
const sameKeyMs = 1_000;
const killWaitMs = 1_500;

export const interruptedExitCode = 130;

/**
 * Turns signals into one orderly stop, and an impatient second one into an immediate end. SIGHUP is a closed terminal;
 * a lost IPC channel a parent that was killed.
 */
export function stopOnSignals(actions: {
  onStop: (reason: string) => void;
  onKill: () => void;
  leave: (code: number) => void;
}): void {
  let firstAt: number | undefined;
  const onSignal = (reason: string): void => {
    if (firstAt === undefined) {
      firstAt = performance.now();
      actions.onStop(reason);
      return;
    }
    if (performance.now() - firstAt < sameKeyMs) return;
    actions.onKill();
    void sleep(killWaitMs).then(() => actions.leave(interruptedExitCode));
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => onSignal(signal));
  process.on('disconnect', () => onSignal('the parent process is gone'));
}
