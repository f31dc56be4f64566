import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { ServiceName } from '@tower/contracts';
import { createTestDatabase, startTestNats, waitFor, type TestDatabase, type TestNats } from '@tower/testing';

const root = resolve(__dirname, '..');

/** Port 9 discards; nothing of the tests listens there. */
const nobody = 'http://127.0.0.1:9';
const startTimeoutMs = 60_000;

/**
 * Service processes as they run in production, on a database and a message server of their own, with no launcher that
 * would restart them.
 */
export class ServiceProcesses {
  private readonly children = new Map<ServiceName, ChildProcess>();
  private readonly library = mkdtempSync(join(tmpdir(), 'tower-services-'));
  /** What each process wrote, newest last. */
  readonly output: string[] = [];

  private constructor(
    readonly nats: TestNats,
    private readonly database: TestDatabase,
  ) {}

  static async start(services: readonly ServiceName[]): Promise<ServiceProcesses> {
    const [nats, database] = await Promise.all([startTestNats(), createTestDatabase()]);
    const processes = new ServiceProcesses(nats, database);
    for (const service of services) processes.spawn(service);
    await waitFor(() => services.every((service) => processes.lineOf(service, '"msg":"ready"') !== undefined), {
      timeoutMs: startTimeoutMs,
      describe: `${services.join(', ')} to be ready`,
    }).catch((error: unknown) => {
      throw new Error(processes.output.slice(-30).join('\n'), { cause: error });
    });
    return processes;
  }

  /** Process ids of those that still run the program they were started with. */
  pids(): Record<string, number> {
    return Object.fromEntries(
      [...this.children]
        .filter(([, child]) => child.exitCode === null && child.signalCode === null)
        .map(([service, child]) => [service, child.pid ?? 0]),
    );
  }

  /** The gateway's address. */
  get url(): string {
    const url = /"url":"(http:[^"]+)"/.exec(this.lineOf('gateway', '"url":"http') ?? '')?.[1];
    if (url === undefined) throw new Error('the gateway has not said where it listens');
    return url;
  }

  async stop(): Promise<void> {
    const running = [...this.children.values()].filter((child) => child.exitCode === null && child.signalCode === null);
    for (const child of running) child.kill('SIGTERM');
    await Promise.all(running.map((child) => once(child, 'exit')));
    await this.nats.close();
    await this.database.drop();
    rmSync(this.library, { recursive: true, force: true });
  }

  private spawn(service: ServiceName): void {
    const kept = Object.entries(process.env).filter(
      ([name]) => !/^(TOWER_|DATABASE_URL|NATS_|LOG_LEVEL|JEST_|NODE_OPTIONS|OPS_)/.test(name),
    );
    const child = spawn(process.execPath, [join(root, 'apps', service, 'dist', 'main.js')], {
      cwd: root,
      env: {
        ...Object.fromEntries(kept),
        DATABASE_URL: this.database.url,
        NATS_URL: this.nats.url,
        TOWER_LIBRARY: this.library,
        TOWER_PORT: '0',
        TOWER_GPUS: `ghost=${nobody}`,
        ECHO_URL: nobody,
      },
      // The channel: when a worker of the test runner dies, its services stop.
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.children.set(service, child);
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8');
      stream?.on('data', (text: string) => {
        for (const line of text.split('\n')) if (line !== '') this.output.push(`${service} ${line.slice(0, 2_000)}`);
        if (this.output.length > 5_000) this.output.splice(200, 1_000);
      });
    }
  }

  private readonly lineOf = (service: ServiceName, mark: string): string | undefined =>
    this.output.find((line) => line.startsWith(`${service} `) && line.includes(mark));
}
