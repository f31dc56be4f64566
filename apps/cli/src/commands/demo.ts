import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '@tower/kit';
import { ApiClient } from '../api-client';
import { runDemo, type DemoOptions } from '../demo/demo';
import { demoReport, type DemoReport } from '../demo/report';
import { readTowerEnv, type TowerEnv } from '../env';
import { towerHome } from '../home';
import { interruptedExitCode, stopOnSignals } from '../interruption';
import { findRunningTower } from '../launcher/running-tower';
import { isHealthy, Tower } from '../launcher/tower';
import { LogHub } from '../logs/log-hub';
import { Redaction } from '../logs/redaction';
import { RotatingFile } from '../logs/rotating-file';
import { Terminal } from '../terminal';
import { endOnBug } from './start';

/** Milliseconds for a Tower of this home that somebody else is just starting. */
const otherStartMs = 60_000;

interface UsedTower {
  readonly url: string;
  readonly library: string;
  /** The one that this command started, and stops. */
  readonly own: Tower | undefined;
}

export async function demo(options: DemoOptions & { json: boolean; verbose: boolean }): Promise<number> {
  const env = readTowerEnv();
  const terminal = new Terminal();
  const report = demoReport({ json: options.json, terminal, write: (line) => process.stdout.write(`${line}\n`) });
  const interrupted = new AbortController();
  let own: Tower | undefined;
  stopOnSignals({
    onStop: () =>
      interrupted.abort(
        new AppError('unavailable', 'interrupted', 'the demo was interrupted; what was asked for stays in the queue'),
      ),
    onKill: () => own?.kill(),
    leave: (code) => process.exit(code),
  });

  try {
    const tower = await useTower(
      env,
      report,
      terminal,
      options.verbose,
      interrupted.signal,
      (started) => (own = started),
    );
    const api = new ApiClient(tower.url, { patienceMs: 60_000, signal: interrupted.signal });
    const result = await runDemo(api, tower.library, options, report, interrupted.signal);
    report.result(result);
    if (result.ok && !options.json) report.say(whereToLook(tower));
    return result.ok ? 0 : 1;
  } catch (error) {
    report.settle();
    if (!interrupted.signal.aborted) throw error;
    terminal.print(`tower: ${(interrupted.signal.reason as Error).message}`);
    return interruptedExitCode;
  } finally {
    await own?.stop();
    terminal.draw([]);
  }
}

/** A Tower that the demo started ends with it, and the console too. */
const whereToLook = ({ url, own }: UsedTower): string =>
  own === undefined
    ? `See it all at ${url}: Now shows the queue, Library what was made and how, Make asks for more.`
    : `See it all in a browser: \`npm start\`, then open ${url}: Library shows what was made and how, Make asks for more.`;

/** The Tower of this home when one runs, else a new one for as long as the demo lasts. */
async function useTower(
  env: TowerEnv,
  report: DemoReport,
  terminal: Terminal,
  verbose: boolean,
  signal: AbortSignal,
  onOwn: (tower: Tower) => void,
): Promise<UsedTower> {
  const running = findRunningTower(env.TOWER_HOME);
  if (running !== undefined) {
    const deadline = performance.now() + otherStartMs;
    while (!(await isHealthy(running.url))) {
      if (performance.now() > deadline)
        throw new AppError(
          'unavailable',
          'tower_not_ready',
          `the Tower at ${running.url} (process ${running.pid}) is not ready; \`tower status\` says more`,
        );
      await sleep(200, undefined, { signal });
    }
    report.say(`Using the Tower that runs at ${running.url}.`);
    return { url: running.url, library: running.library, own: undefined };
  }
  const redaction = new Redaction();
  const hub = new LogHub({
    file: new RotatingFile(towerHome(env.TOWER_HOME).log),
    terminal,
    terminalLevel: verbose ? 'info' : 'warn',
    redaction,
  });
  const tower = new Tower({ env, hub, redaction, onProgress: (sentence) => terminal.draw([`Tower: ${sentence} …`]) });
  onOwn(tower);
  endOnBug(tower, (line) => terminal.print(line));
  const onAbort = (): void => void tower.stop();
  signal.addEventListener('abort', onAbort, { once: true });
  await tower.start();
  signal.removeEventListener('abort', onAbort);
  signal.throwIfAborted();
  terminal.draw([]);
  report.say(`Started a Tower at ${tower.url} for the demo.`);
  return { url: tower.url, library: env.TOWER_LIBRARY, own: tower };
}
