import { describeError } from '@tower/kit';
import { readTowerEnv } from '../env';
import { towerHome } from '../home';
import { interruptedExitCode, stopOnSignals } from '../interruption';
import { LogHub } from '../logs/log-hub';
import { Redaction } from '../logs/redaction';
import { RotatingFile } from '../logs/rotating-file';
import { Tower } from '../launcher/tower';
import { Terminal } from '../terminal';

/** Runs until it is asked to stop. Standard output carries one line, when and only when everything works. */
export async function start(options: { verbose: boolean }): Promise<number> {
  const env = readTowerEnv();
  const terminal = new Terminal();
  const redaction = new Redaction();
  const hub = new LogHub({
    file: new RotatingFile(towerHome(env.TOWER_HOME).log),
    terminal,
    terminalLevel: options.verbose ? 'info' : 'warn',
    redaction,
  });
  const tower = new Tower({ env, hub, redaction, onProgress: (sentence) => terminal.draw([`Tower: ${sentence} …`]) });

  let isAsked = false;
  let isKilled = false;
  const stopped = new Promise<void>((resolve) => {
    stopOnSignals({
      onStop: () => {
        isAsked = true;
        terminal.draw(['Tower: stopping …']);
        void tower.stop().finally(resolve);
      },
      onKill: () => {
        isKilled = true;
        terminal.print('Tower: killing everything; nothing that was saved is lost');
        tower.kill();
      },
      leave: (code) => process.exit(code),
    });
  });
  endOnBug(tower, (line) => terminal.print(line));

  try {
    await tower.start();
    terminal.draw([]);
    if (!isAsked) process.stdout.write(`${readyLine(tower, env.TOWER_LIBRARY)}\n`);
  } catch (error) {
    terminal.draw([]);
    // A start that was cut short by the user's own wish is no failure.
    if (!isAsked) throw error;
  }
  await stopped;
  terminal.draw([]);
  return isKilled ? interruptedExitCode : 0;
}

const readyLine = (tower: Tower, library: string): string =>
  `Tower is ready: ${tower.url} (open it in a browser; API description ${tower.url}/docs, pictures in ` +
  `${library})${tower.simulated ? '. The GPUs are SIMULATED: no card is configured' : ''}`;

/** A bug in the launcher must not leave processes behind that nobody watches. */
export function endOnBug(tower: Tower, print: (line: string) => void): void {
  const end = (thrown: unknown): void => {
    print(`tower: internal_error: ${describeError(thrown)}\n${thrown instanceof Error ? (thrown.stack ?? '') : ''}`);
    tower.kill();
    process.exit(1);
  };
  process.on('uncaughtException', end);
  process.on('unhandledRejection', end);
}
