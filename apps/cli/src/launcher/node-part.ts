import { spawn, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { AppError } from '@tower/kit';
import { signalIfAlive, stopProcess } from '@tower/machine';
import type { User } from './own-files';
import type { PartExit, RunningPart } from './part';

interface NodeProgram {
  readonly script: string;
  readonly args?: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** As whom it runs; as the launcher when left out. */
  readonly user?: User | undefined;
  /** Milliseconds between the polite signal and the kill; a little longer than the program's own limit. */
  readonly stopMs: number;
  readonly onLine: (stream: 'stdout' | 'stderr', line: string) => void;
}

/**
 * A Node program of ours as a child in a process group of its own: Ctrl-C on the terminal reaches the launcher alone,
 * which stops everything in order. The IPC channel says when it is ready, and tells the child when the launcher is
 * gone.
 */
export async function startNodeProgram(program: NodeProgram): Promise<RunningPart> {
  const { script, args = [], cwd, env, user } = program;
  const stdio: StdioOptions = ['ignore', 'pipe', 'pipe', 'ipc'];
  const child = spawn(process.execPath, [script, ...args], { cwd, env, stdio, detached: true, ...user });
  const exited = new Promise<PartExit>((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));
  let isGone = false;
  void exited.then(() => {
    isGone = true;
    running.delete(child);
    // What it started itself (ffmpeg) must not outlive it.
    signalGroup(child.pid, 'SIGKILL');
  });
  const ready = new Promise<void>((resolve) => {
    child.on('message', (message: unknown) => {
      if ((message as { type?: unknown } | null)?.type === 'ready') resolve();
    });
  });
  for (const stream of ['stdout', 'stderr'] as const) {
    const input = child[stream];
    if (input !== null) createInterface({ input }).on('line', (line) => program.onLine(stream, line));
  }

  // Rejects when the program cannot be run at all.
  await once(child, 'spawn').catch((cause: unknown) => {
    throw new AppError(
      'internal',
      'program_not_started',
      `${program.script} cannot be run: ${(cause as Error).message}`,
      { cause },
    );
  });
  const pid = child.pid;
  if (pid === undefined) throw new AppError('internal', 'program_not_started', `${program.script} has no process id`);
  // Later errors (a message that could not be sent) end in an exit, which is what counts.
  child.on('error', () => undefined);
  running.add(child);
  process.off('exit', killAll).once('exit', killAll);
  return {
    pid,
    ready,
    exited,
    stop: async () => {
      signalIfAlive(pid, 'SIGCONT');
      await stopProcess(
        pid,
        [
          { signal: 'SIGTERM', waitMs: program.stopMs },
          { signal: 'SIGKILL', waitMs: 5_000 },
        ],
        () => isGone,
      );
    },
    kill: () => {
      if (!isGone) signalGroup(pid, 'SIGKILL');
    },
  };
}

const running = new Set<ReturnType<typeof spawn>>();

/** For a launcher that ends without having stopped anything. */
function killAll(): void {
  for (const child of running) signalGroup(child.pid, 'SIGKILL');
}

function signalGroup(leader: number | undefined, signal: NodeJS.Signals): void {
  if (leader === undefined) return;
  try {
    process.kill(-leader, signal);
  } catch {
    // Nobody of the group is left.
  }
}
