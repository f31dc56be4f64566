import { spawn, spawnSync } from 'node:child_process';
import { closeSync } from 'node:fs';
import { AppError } from '@tower/kit';
import { openLogFile, readLogTail } from './log-file';
import { signalIfAlive, stopProcess, type StopStep } from './stop-process';

export interface ServerExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ServerProcess {
  readonly pid: number;
  readonly exited: Promise<ServerExit>;
  /** How it ended, or `undefined` while it runs. */
  exit(): ServerExit | undefined;
  stop(): Promise<void>;
  /** What it wrote last. */
  logTail(): string;
}

interface ServerCommand {
  /** What is printed when it does not start: `postgres`, `nats-server`. */
  readonly name: string;
  readonly argv: readonly [string, ...string[]];
  /** Changes the identity and then execs the rest. */
  readonly prefix?: readonly string[];
  /** The data directory: this is how an orphan is recognised later (`findServersIn`). */
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly uid?: number;
  readonly gid?: number;
  readonly logFile: string;
  readonly stop: readonly [StopStep, ...StopStep[]];
}

const running = new Map<number, NodeJS.Signals>();

/**
 * A server that is a direct child, so that it is reaped, and that ends with this process as far as the system allows.
 */
export async function startServerProcess(command: ServerCommand): Promise<ServerProcess> {
  const log = openLogFile(command.logFile);
  // In this order: a change of identity clears the request to end with the parent.
  const [first, ...rest] = [
    ...(command.prefix ?? []),
    ...endWithParent(command.stop[0].signal, command.env),
    ...command.argv,
  ];
  const child = spawn(first ?? command.argv[0], rest, {
    cwd: command.cwd,
    env: command.env,
    // Ctrl-C goes to the whole foreground group: in a group of its own the server outlives the services that drain into
    // it.
    detached: process.platform !== 'win32',
    stdio: ['ignore', log.fd, log.fd],
    ...(command.uid === undefined ? {} : { uid: command.uid }),
    ...(command.gid === undefined ? {} : { gid: command.gid }),
  });
  closeSync(log.fd);
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (cause) =>
      reject(
        new AppError('internal', 'server_not_started', `${command.name} cannot be run: ${cause.message}`, { cause }),
      ),
    );
  });
  const { pid } = child;
  if (pid === undefined) throw new AppError('internal', 'server_not_started', `${command.name} has no process id`);

  let exit: ServerExit | undefined;
  const exited = new Promise<ServerExit>((resolve) => {
    child.once('exit', (code, signal) => {
      exit = { code, signal };
      running.delete(pid);
      resolve(exit);
    });
  });
  running.set(pid, command.stop[0].signal);
  process.off('exit', stopAll).once('exit', stopAll);

  return {
    pid,
    exited,
    exit: () => exit,
    logTail: () => readLogTail(log),
    stop: async () => {
      await stopProcess(pid, command.stop, () => exit !== undefined);
      await exited;
    },
  };
}

/** Nothing can be awaited in an exit handler: the first, polite signal has to do. */
function stopAll(): void {
  for (const [pid, signal] of running) signalIfAlive(pid, signal);
}

/**
 * Asks the kernel to send the signal when the launcher is killed. The request survives the exec, so the process id
 * stays the server's own. Where setpriv is missing the next start takes the orphan over instead.
 */
function endWithParent(signal: NodeJS.Signals, env: NodeJS.ProcessEnv): string[] {
  const hasSetpriv =
    process.platform === 'linux' &&
    spawnSync('setpriv', ['--pdeathsig', 'keep', '--', 'true'], { env, stdio: 'ignore' }).status === 0;
  return hasSetpriv ? ['setpriv', '--pdeathsig', signal.replace('SIG', ''), '--'] : [];
}
