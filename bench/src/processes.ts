import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

const root = resolve(__dirname, '..', '..');

export interface LogLine {
  event: 'boot' | 'accepted' | 'start' | 'end';
  prompt_id: string;
  at: string;
  mono_ms: number;
}

/** A simulated card and a whole Tower that drives it, in a temporary folder. */
export class BenchTower {
  private readonly home = mkdtempSync(join(tmpdir(), 'tower-bench-'));
  private readonly children: ChildProcess[] = [];
  cardUrl = '';
  towerUrl = '';

  /** `env` is added to what Tower is started with. */
  static async start(timeScale: number, env: Record<string, string> = {}): Promise<BenchTower> {
    const bench = new BenchTower();
    // PostgreSQL runs as a user of its own when this runs as root.
    chmodSync(bench.home, 0o755);
    bench.cardUrl = await bench.spawn(
      'comfy-sim',
      [
        '--profile',
        'rtx3060',
        '--port',
        '0',
        '--time-scale',
        String(timeScale),
        '--preview-method',
        'none',
        '--home',
        join(bench.home, 'sim'),
        '--execution-log',
        bench.logFile,
      ],
      {},
    );
    bench.towerUrl = await bench.spawn('cli', ['start'], {
      TOWER_HOME: join(bench.home, 'home'),
      TOWER_LIBRARY: join(bench.home, 'library'),
      TOWER_PORT: '0',
      TOWER_GPUS: `card=${bench.cardUrl}`,
      ...env,
    });
    return bench;
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
    for (const child of this.children.reverse()) {
      child.kill('SIGTERM');
      if (child.exitCode === null && child.signalCode === null) await new Promise((done) => child.once('exit', done));
    }
    rmSync(this.home, { recursive: true, force: true });
  }

  private get logFile(): string {
    return join(this.home, 'executed.jsonl');
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
