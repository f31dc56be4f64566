import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { repositoryRoot } from '@tower/kit';
import { call } from '../http';

/** What a client, or somebody who restarts a server, can get over; those that only cost time are left out. */
const kinds = [
  'crash',
  'oom',
  'poison',
  'hang-interruptible',
  'blocker',
  'black-image',
  'empty-file',
  'truncated-file',
  'drop-socket',
  'deaf-socket',
  'reply-lost',
  'accepted-500',
  'evict-history',
  'clear-history',
  'clear-queue',
  'human-interrupt',
  'download-failed',
  'duplicate-progress',
  'progress-reset',
  'unknown-messages',
].join(',');

export interface FaultyCardOptions {
  readonly profile: 'rtx3060' | 'rx9070xt';
  readonly home: string;
  readonly timeScale: number;
  /** Probability, 0 to 1, that a prompt meets a fault. */
  readonly faultRate: number;
  readonly seed: number;
}

/**
 * A simulated card that fails by chance, always in the same ways for the same seed, and is started again when it died.
 */
export class FaultyCard {
  private child: ChildProcess | undefined;
  private port = 0;
  private boots = 0;
  private stopping = false;
  private restarting: Promise<void> = Promise.resolve();

  constructor(
    readonly name: string,
    private readonly options: FaultyCardOptions,
  ) {}

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** How often the card was started again. */
  get restarts(): number {
    return this.boots - 1;
  }

  get pid(): number | undefined {
    return this.child?.pid;
  }

  async start(): Promise<void> {
    const { profile, home, timeScale } = this.options;
    const main = join(repositoryRoot, 'apps', 'comfy-sim', 'dist', 'main.js');
    const flags = { profile, port: this.port, 'time-scale': timeScale, 'preview-method': 'none', home };
    const args = Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, String(value)]);
    const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    this.child = child;
    this.port = await new Promise<number>((resolve, reject) => {
      child.once('message', (message) => resolve((message as { port: number }).port));
      child.once('exit', (code) => reject(new Error(`comfy-sim ended with ${String(code)} before it was ready`)));
    });
    child.once('exit', () => {
      if (!this.stopping) this.restarting = this.start();
    });
    await this.arm(this.options.seed + 1_000 * this.boots++);
  }

  /** As a service manager does for a card that says it needs a restart. */
  restart(): void {
    this.child?.kill('SIGKILL');
  }

  async stop(): Promise<void> {
    this.stopping = true;
    await this.restarting;
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    await new Promise((done) => child.once('exit', done));
  }

  private async arm(seed: number): Promise<void> {
    if (this.options.faultRate === 0) return;
    const add = [`random:${seed}:${kinds}=${this.options.faultRate}`];
    await call('POST', `${this.url}/sim/faults`, { add });
  }
}
