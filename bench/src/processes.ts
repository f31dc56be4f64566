import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

const root = resolve(__dirname, '..', '..');

export interface LogLine {
  event: 'boot' | 'accepted' | 'removed' | 'start' | 'end';
  prompt_id: string;
  at: string;
  mono_ms: number;
}

/** A simulated card: its name in Tower, and what it imitates. */
export interface BenchCard {
  name: string;
  profile: 'rtx3060' | 'rx9070xt' | 'cpu';
}

/** Simulated cards and a whole Tower that drives them, in a temporary folder. */
export class BenchTower {
  private readonly home = mkdtempSync(join(tmpdir(), 'tower-bench-'));
  private readonly children: ChildProcess[] = [];
  private readonly cards = new Map<string, ChildProcess>();
  /** Of the first card. */
  cardUrl = '';
  towerUrl = '';

  /** `env` is added to what Tower is started with. */
  static async start(
    timeScale: number,
    env: Record<string, string> = {},
    cards: readonly BenchCard[] = [{ name: 'card', profile: 'rtx3060' }],
  ): Promise<BenchTower> {
    const bench = new BenchTower();
    // PostgreSQL runs as a user of its own when this runs as root.
    chmodSync(bench.home, 0o755);
    const urls: string[] = [];
    for (const card of cards) urls.push(await bench.startCard(card, timeScale));
    bench.cardUrl = urls[0] ?? '';
    bench.towerUrl = await bench.spawn('cli', ['start'], {
      TOWER_HOME: join(bench.home, 'home'),
      TOWER_LIBRARY: join(bench.home, 'library'),
      TOWER_PORT: '0',
      TOWER_GPUS: cards.map(({ name }, index) => `${name}=${urls[index] ?? ''}`).join(','),
      ...env,
    });
    return bench;
  }

  /** A card's server stands still, as one whose machine lost the network; `SIGCONT` brings it back. */
  signalCard(name: string, signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.cards.get(name)?.kill(signal);
  }

  log(): LogLine[] {
    return existsSync(this.logFile)
      ? readFileSync(this.logFile, 'utf8')
          .split('\n')
          .filter((line) => line.endsWith('}'))
          .map((line) => JSON.parse(line) as LogLine)
      : [];
  }

  async stop(): Promise<void> {
    for (const card of this.cards.values()) card.kill('SIGCONT');
    for (const child of this.children.reverse()) {
      child.kill('SIGTERM');
      if (child.exitCode === null && child.signalCode === null) await new Promise((done) => child.once('exit', done));
    }
    rmSync(this.home, { recursive: true, force: true });
  }

  private get logFile(): string {
    return join(this.home, 'executed.jsonl');
  }

  private async startCard({ name, profile }: BenchCard, timeScale: number): Promise<string> {
    const args = ['--profile', profile, '--port', '0', '--time-scale', String(timeScale), '--preview-method', 'none'];
    const places = ['--home', join(this.home, `sim-${name}`), '--execution-log', this.logFile];
    const url = await this.spawn('comfy-sim', [...args, ...places], {});
    const card = this.children.at(-1);
    if (card) this.cards.set(name, card);
    return url;
  }

  /** Resolves with the address in the line that each of our programs prints when it is ready. */
  private spawn(app: string, args: string[], env: Record<string, string>): Promise<string> {
    const child = spawn(process.execPath, [join(root, 'apps', app, 'dist', 'main.js'), ...args], {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    });
    this.children.push(child);
    return new Promise((resolveUrl, reject) => {
      createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
        const url = /http:\/\/[0-9.]+:\d+/.exec(line)?.[0];
        if (url !== undefined) resolveUrl(url);
      });
      child.once('exit', (code) => reject(new Error(`${app} ended with ${String(code)} before it was ready`)));
    });
  }
}
