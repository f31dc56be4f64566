import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { describeError } from '@tower/kit';
import { makeOpenFolder, waitFor } from '@tower/testing';
import { ApiClient } from '../apps/cli/src/api-client';
import type { ExecutionLogEntry } from '../apps/comfy-sim/src/execution-log';

const root = resolve(__dirname, '..');

/** Milliseconds; generous, because the machine may be busy with other specs. */
const startTimeoutMs = 90_000;

/** An Echo Brain that really runs on this machine is not meant to hear of tests. */
const nobody = 'http://127.0.0.1:9';

export type Card = 'rtx3060' | 'rx9070xt';

/** A whole Tower as a person starts it, in a home of its own and on free ports. Real: everything but the cards. */
export class TowerProcess {
  readonly stdout: string[] = [];
  readonly stderr: string[] = [];
  /** Settles with the exit code, or the signal's name. */
  readonly exited: Promise<number | string>;
  private hasExited = false;

  private constructor(
    readonly home: string,
    readonly library: string,
    readonly child: ChildProcess,
  ) {
    this.exited = once(child, 'exit').then(([code, signal]: unknown[]) => {
      this.hasExited = true;
      return typeof code === 'number' ? code : String(signal);
    });
    for (const stream of ['stdout', 'stderr'] as const) {
      const input = child[stream];
      if (input !== null) createInterface({ input }).on('line', (line) => this[stream].push(line));
    }
  }

  /** Spawns and does not wait. `command` replaces `tower start`, for instance by `npm start`. */
  static spawn(
    options: {
      home?: string;
      env?: NodeJS.ProcessEnv;
      command?: readonly [string, ...string[]];
      args?: readonly string[];
      ownGroup?: boolean;
    } = {},
  ): TowerProcess {
    const home = options.home ?? newHome();
    const library = join(home, 'library');
    const [program, ...rest] = options.command ?? [
      process.execPath,
      join(root, 'apps', 'cli', 'dist', 'main.js'),
      ...(options.args ?? ['start']),
    ];
    const child = spawn(program, rest, {
      cwd: root,
      env: {
        ...cleanEnvironment(),
        TOWER_HOME: home,
        TOWER_LIBRARY: library,
        TOWER_PORT: '0',
        TOWER_SIM_TIME_SCALE: '0.02',
        ECHO_URL: nobody,
        ...options.env,
      },
      // The channel: when a worker of the test runner dies, its Tower stops.
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      detached: options.ownGroup ?? false,
    });
    return new TowerProcess(home, library, child);
  }

  static async start(options: Parameters<typeof TowerProcess.spawn>[0] = {}): Promise<TowerProcess> {
    const tower = TowerProcess.spawn(options);
    await tower.untilReady();
    return tower;
  }

  async untilReady(): Promise<void> {
    await waitFor(() => this.hasExited || this.readyLine() !== undefined, {
      timeoutMs: startTimeoutMs,
      describe: 'Tower to be ready',
    }).catch((error: unknown) => this.explain(error));
    if (this.readyLine() === undefined) this.explain(new Error('Tower ended before it was ready'));
  }

  readyLine(): string | undefined {
    return this.stdout.find((line) => line.startsWith('Tower is ready'));
  }

  get url(): string {
    const url = /https?:\/\/\S+?(?=[ ,]|$)/.exec(this.readyLine() ?? '')?.[0];
    if (url === undefined) throw new Error('Tower is not ready yet');
    return url;
  }

  get api(): ApiClient {
    return new ApiClient(this.url, { patienceMs: 60_000 });
  }

  pidOf(part: string): number | undefined {
    return readPid(join(this.home, 'run', `${part}.json`));
  }

  pids(): Record<string, number> {
    const names = existsSync(join(this.home, 'run'))
      ? readdirSync(join(this.home, 'run')).filter((name) => name.endsWith('.json'))
      : [];
    return Object.fromEntries(
      names
        .map((name) => [name.replace('.json', ''), readPid(join(this.home, 'run', name))])
        .filter((entry): entry is [string, number] => entry[1] !== undefined),
    );
  }

  /** Signals one part and answers with its process id. */
  signal(part: string, signal: NodeJS.Signals): number {
    const pid = this.pidOf(part);
    if (pid === undefined) throw new Error(`${part} does not run`);
    process.kill(pid, signal);
    return pid;
  }

  async untilRestarted(part: string, oldPid: number): Promise<number> {
    return waitFor(() => (this.pidOf(part) === oldPid ? undefined : this.pidOf(part)), {
      timeoutMs: 30_000,
      describe: `${part} to run again`,
    }).catch((error: unknown) => this.explain(error));
  }

  /** What a simulated card really did. */
  executions(card: Card): ExecutionLogEntry[] {
    return readExecutions(join(this.home, 'sims', card, 'executions.jsonl'));
  }

  /** The merged log's lines. */
  log(): Record<string, unknown>[] {
    const file = join(this.home, 'logs', 'tower.log');
    return existsSync(file)
      ? readFileSync(file, 'utf8')
          .split('\n')
          .filter((line) => line !== '')
          .map((line) => JSON.parse(line) as Record<string, unknown>)
      : [];
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | string> {
    if (!this.hasExited) this.child.kill(signal);
    return this.exited;
  }

  /** Stops and forgets everything; for `afterAll`. */
  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.home, { recursive: true, force: true });
  }

  /** A spec that fails is of little use without what Tower said. */
  private explain(error: unknown): never {
    const stdout = this.stdout.slice(-20).join('\n');
    const stderr = this.stderr.slice(-40).join('\n');
    throw new Error(`${describeError(error)}\nstdout:\n${stdout}\nstderr:\n${stderr}`, { cause: error });
  }
}

export const newHome = (): string => makeOpenFolder('e2e-');

/** The runner's own settings must not reach the Tower under test. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(TOWER_|DATABASE_URL|NATS_URL|LOG_LEVEL|JEST_|NODE_OPTIONS|OPS_)/.test(name),
  );
  return Object.fromEntries(kept);
}

export const readExecutions = (file: string): ExecutionLogEntry[] =>
  existsSync(file)
    ? readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line.endsWith('}'))
        .map((line) => JSON.parse(line) as ExecutionLogEntry)
    : [];

function readPid(file: string): number | undefined {
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as { pid: number }).pid;
  } catch {
    return undefined;
  }
}

export function isAlive(pid: number): boolean {
  try {
    // A zombie answers to signal 0 and is none of the living.
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
