import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repositoryRoot } from '@tower/kit';
import { waitFor } from './wait-for';

interface ExecutionLine {
  event: 'boot' | 'accepted' | 'removed' | 'start' | 'end';
  prompt_id?: string;
  outcome?: string;
  mono_ms: number;
  at: string;
}

/**
 * A simulated card as a process of its own, for specs: it can be killed and started again on its port with its files.
 */
export class SimProcess {
  private child: ChildProcess | undefined;
  port = 0;
  readonly home = mkdtempSync(join(tmpdir(), 'tower-sim-'));

  constructor(
    readonly name: string,
    private readonly profile: 'rtx3060' | 'rx9070xt',
    private readonly timeScale = 0.02,
    private readonly generation: '0.3.64' | '0.33' = '0.3.64',
    /** Further flags, `--no-packs` for instance. */
    private readonly flags: readonly string[] = [],
  ) {}

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async start(): Promise<this> {
    const main = join(repositoryRoot, 'apps', 'comfy-sim', 'dist', 'main.js');
    const args = [
      '--profile',
      this.profile,
      '--port',
      String(this.port),
      '--time-scale',
      String(this.timeScale),
      '--generation',
      this.generation,
      '--home',
      this.home,
      '--execution-log',
      this.logFile,
      ...this.flags,
    ];
    const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    this.child = child;
    this.port = await new Promise<number>((resolve, reject) => {
      child.once('message', (message) => resolve((message as { port: number }).port));
      child.once('exit', (code) => reject(new Error(`comfy-sim ended with ${String(code)} before it was ready`)));
    });
    return this;
  }

  /** Arms faults, each as an object or in words: `oom@KSampler/2=hip`. */
  fault(...faults: (Record<string, unknown> | string)[]): Promise<void> {
    return this.setFaults({ add: faults });
  }

  clearFaults(): Promise<void> {
    return this.setFaults({ clear: true });
  }

  /**
   * As the next test takes it: running, without faults and without work, and `executed` tells nothing of before. Its
   * models stay loaded, its history and its cache stay.
   */
  async rest(): Promise<void> {
    if (!this.isRunning()) await this.start();
    await this.clearFaults();
    await this.post('/queue', { clear: true });
    await waitFor(
      async () => {
        const queue = (await (await fetch(`${this.url}/queue`)).json()) as { queue_running: unknown[] };
        if (queue.queue_running.length > 0) await this.post('/interrupt', {});
        return queue.queue_running.length === 0;
      },
      { describe: `${this.name} to end what it runs` },
    );
    truncateSync(this.logFile);
  }

  private setFaults(change: Record<string, unknown>): Promise<void> {
    return this.post('/sim/faults', change);
  }

  private async post(path: string, body: Record<string, unknown>): Promise<void> {
    const response = await fetch(`${this.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${path} was refused: ${response.status} ${await response.text()}`);
  }

  isRunning(): boolean {
    return this.child !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Everything that this card ever did, over restarts. */
  executed(event?: ExecutionLine['event']): ExecutionLine[] {
    if (!existsSync(this.logFile)) return [];
    const lines = readFileSync(this.logFile, 'utf8')
      .trim()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as ExecutionLine);
    return event === undefined ? lines : lines.filter((line) => line.event === event);
  }

  kill(): Promise<void> {
    const child = this.child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
    return new Promise((resolve) => {
      child.once('exit', () => resolve());
      child.kill('SIGKILL');
    });
  }

  async close(): Promise<void> {
    await this.kill();
    rmSync(this.home, { recursive: true, force: true });
  }

  private get logFile(): string {
    return join(this.home, 'executed.jsonl');
  }
}
