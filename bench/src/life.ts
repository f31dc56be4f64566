import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { feedMessage, jobEndTypes } from '@tower/contracts';
import { repositoryRoot } from '@tower/kit';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '@tower/machine';
import { WebSocket } from 'ws';
import { FaultyCard } from './life/faulty-card';
import { collectOnSignal, MemoryWatch } from './life/memory-watch';
import { deadLetters, endings, tableSizes } from './life/tables';

/**
 * Days of a studio in fast motion: many small jobs on several simulated cards that fail by chance, with people who look
 * at lists, pictures and live feeds meanwhile, and who cancel. Prints as JSON how jobs ended, what each process's
 * memory did, what every table holds, which messages nobody could handle. Environment: LIFE_JOBS (20000), LIFE_CARDS
 * (6), LIFE_FAULT_RATE (0.02), LIFE_SEED (1), LIFE_POLLERS (2).
 */
const wanted = {
  jobs: Number(process.env['LIFE_JOBS'] ?? 20_000),
  cards: Number(process.env['LIFE_CARDS'] ?? 6),
  faultRate: Number(process.env['LIFE_FAULT_RATE'] ?? 0.02),
  seed: Number(process.env['LIFE_SEED'] ?? 1),
  pollers: Number(process.env['LIFE_POLLERS'] ?? 2),
};
/** A still of the smallest preset then takes a card some milliseconds. */
const timeScale = 0.0005;
/** Jobs that wait at most; more would measure the queue, which another benchmark does. */
const waitingAtMost = 60;
/** Looks at resident memory. */
const samplesPerRun = 200;

type Fetched = Record<string, unknown>;

class Life {
  private readonly home = mkdtempSync(join(tmpdir(), 'tower-life-'));
  private readonly cards: FaultyCard[] = [];
  private readonly memory = new MemoryWatch(join(this.home, 'home'));
  private readonly problems = new Map<string, number>();
  private postgres!: EmbeddedPostgres;
  private tower!: ChildProcess;
  private url = '';
  private posted = 0;
  private readonly open = new Set<string>();
  private readonly ended = new Set<string>();
  private over = 0;

  async run(): Promise<Fetched> {
    const began = performance.now();
    try {
      await this.start();
      const project = String((await this.post('/projects', { name: 'A year of use' }))['id']);
      const before = await tableSizes(this.postgres.url);
      const ended = new AbortController();
      this.watch(ended.signal);
      const onlookers = [
        ...Array.from({ length: wanted.pollers }, () => this.look(ended.signal)),
        this.nurse(ended.signal),
      ];
      await this.work(project);
      const busySeconds = (performance.now() - began) / 1000;
      ended.abort();
      await Promise.all(onlookers);
      // What is still on its way between the services.
      await sleep(5_000);
      return await this.report(before, busySeconds);
    } finally {
      await this.stop();
    }
  }

  private async start(): Promise<void> {
    // PostgreSQL runs under an account of its own when this runs as root.
    chmodSync(this.home, 0o755);
    this.postgres = await startEmbeddedPostgres({ dataDir: join(this.home, 'postgres') });
    for (let index = 0; index < wanted.cards; index++) {
      const profile = index % 2 === 0 ? 'rtx3060' : 'rx9070xt';
      const options = {
        profile,
        home: join(this.home, `card-${index}`),
        timeScale,
        faultRate: wanted.faultRate,
        seed: wanted.seed + index,
      } as const;
      this.cards.push(new FaultyCard(`card${index}`, options));
    }
    await Promise.all(this.cards.map((card) => card.start()));
    const env = {
      TOWER_HOME: join(this.home, 'home'),
      TOWER_LIBRARY: join(this.home, 'library'),
      TOWER_PORT: '0',
      DATABASE_URL: this.postgres.url,
      TOWER_GPUS: this.cards.map((card) => `${card.name}=${card.url}`).join(','),
      ECHO_URL: 'http://127.0.0.1:9',
      LOG_LEVEL: 'warn',
      NODE_OPTIONS: `--require ${collectOnSignal}`,
    };
    const main = join(repositoryRoot, 'apps', 'cli', 'dist', 'main.js');
    this.tower = spawn(process.execPath, [main, 'start'], {
      cwd: repositoryRoot,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    });
    this.url = await new Promise((resolve, reject) => {
      createInterface({ input: this.tower.stdout as NodeJS.ReadableStream }).on('line', (line) => {
        const url = /^Tower is ready\D*?(http:\/\/[0-9.]+:\d+)/.exec(line)?.[1];
        if (url !== undefined) resolve(url);
      });
      this.tower.once('exit', (code) => reject(new Error(`Tower ended with ${String(code)} before it was ready`)));
    });
  }

  private async stop(): Promise<void> {
    if (this.tower !== undefined && this.tower.exitCode === null) {
      this.tower.kill('SIGTERM');
      await new Promise((done) => this.tower.once('exit', done));
    }
    await Promise.all(this.cards.map((card) => card.stop()));
    await (this.postgres as EmbeddedPostgres | undefined)?.stop();
    if (process.env['LIFE_KEEP'] === undefined) rmSync(this.home, { recursive: true, force: true });
    else process.stderr.write(`kept: ${this.home}\n`);
  }

  /** Keeps the queue filled until every job is over. */
  private async work(project: string): Promise<void> {
    const every = Math.max(1, Math.floor(wanted.jobs / samplesPerRun));
    let nextSample = 0;
    while (this.over < wanted.jobs) {
      while (this.posted < wanted.jobs && this.open.size < waitingAtMost) await this.request(project);
      this.settle();
      if (this.over >= nextSample) {
        await this.memory.look(this.over, this.tower.pid);
        nextSample += every;
        process.stderr.write(`${this.over} of ${wanted.jobs} jobs are over; resident MB: ${this.memory.latest()}\n`);
      }
      await sleep(20);
    }
    await this.memory.look(this.over, this.tower.pid);
  }

  private async request(project: string): Promise<void> {
    const n = this.posted++;
    // One in five hundred is a loop; of the others every fiftieth is cancelled soon.
    const work = n % 500 === 250 ? { job_type: 'animation_loop', frame_count: 16 } : { job_type: 'still_image' };
    const body = {
      project_id: project,
      ...work,
      prompt: `picture ${n}, blue hair`,
      preset: 'draft',
      width: 128,
      height: 128,
      seed: n * 64,
    };
    const job = await this.post('/generate', body);
    if (job['job_id'] === undefined) return;
    this.open.add(String(job['job_id']));
    if (n % 50 === 49) await this.post(`/jobs/${String(job['job_id'])}/cancel`, {});
  }

  /** The feed tells which jobs ended; after a break it goes on where it was. */
  private watch(signal: AbortSignal): void {
    let since = 0;
    const connect = (): void => {
      const socket = new WebSocket(`${this.url.replace('http', 'ws')}/ws?since=${since}`);
      socket.on('message', (data: Buffer) => {
        const message = feedMessage.parse(JSON.parse(data.toString()));
        if (message.type !== 'event') return;
        since = message.seq;
        if (jobEndTypes.includes(message.event.type)) this.ended.add(message.event.job_id ?? '');
      });
      socket.on('error', (error) => this.note(`feed: ${error.message}`));
      socket.on('close', () => setTimeout(() => signal.aborted || connect(), 250));
      signal.addEventListener('abort', () => socket.terminate(), { once: true });
    };
    connect();
  }

  /** What the feed told before the request was answered counts as well. */
  private settle(): void {
    for (const id of this.open) {
      if (!this.ended.delete(id)) continue;
      this.open.delete(id);
      this.over += 1;
    }
  }

  /** Somebody with a browser: lists, a job, its pictures. */
  private async look(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const list = (await this.get('/jobs?limit=50')) as { items: { id: string }[] } | undefined;
      await this.get('/status');
      const id = list?.items.at(-1)?.id;
      const pictures =
        id === undefined
          ? undefined
          : ((await this.get(`/jobs/${id}/artifacts`)) as { items: { thumbnail_url: string }[] } | undefined);
      for (const { thumbnail_url: path } of pictures?.items ?? []) await this.ask(path, {}, false);
      await sleep(250);
    }
  }

  /** Restarts the server of a card that says it needs it, as `restart_command` does where one is configured. */
  private async nurse(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const status = (await this.get('/status')) as
        { rendering: { gpus: { name: string; state: string; detail: string }[] } | null } | undefined;
      for (const gpu of status?.rendering?.gpus ?? [])
        if (gpu.state === 'unhealthy' && /restart/i.test(gpu.detail))
          this.cards.find((card) => card.name === gpu.name)?.restart();
      await sleep(2_000);
    }
  }

  private async report(before: Awaited<ReturnType<typeof tableSizes>>, seconds: number): Promise<Fetched> {
    const after = await tableSizes(this.postgres.url);
    const { states, broken } = await endings(this.postgres.url);
    const health = await fetch(`${this.url}/health`);
    return {
      benchmark: 'life',
      machine: { cpus: cpus().length, model: cpus()[0]?.model ?? 'unknown', node: process.version },
      settings: { ...wanted, time_scale: timeScale },
      seconds: Math.round(seconds),
      jobs_per_second: Math.round((100 * this.over) / seconds) / 100,
      ended_as: states,
      broken_promises: broken,
      card_restarts: this.cards.reduce((sum, card) => sum + card.restarts, 0),
      problems_seen_by_clients: Object.fromEntries(this.problems),
      health: { status: health.status, body: (await health.json()) as unknown },
      ...this.memory.trends(),
      tables: Object.fromEntries(
        Object.entries(after).map(([name, size]) => [name, { before: before[name]?.rows ?? 0, ...size }]),
      ),
      dead_letters: await deadLetters(this.postgres.url),
    };
  }

  private async post(path: string, body: unknown): Promise<Fetched> {
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
    return (await this.ask(`/api/anime${path}`, init)) ?? {};
  }

  private get(path: string): Promise<Fetched | undefined> {
    return this.ask(`/api/anime${path}`, {});
  }

  /** Undefined for a refusal, which is counted; a job that could not be asked for is not asked for again. */
  private async ask(path: string, init: RequestInit, isJson = true): Promise<Fetched | undefined> {
    const response = await fetch(`${this.url}${path}`, init);
    if (response.ok && isJson) return (await response.json()) as Fetched;
    await response.arrayBuffer();
    if (response.ok) return undefined;
    this.note(`${init.method ?? 'GET'} ${path.replace(/[0-9a-f-]{36}/g, ':id')} → ${response.status}`);
    if (path.endsWith('/generate')) this.over += 1;
    return undefined;
  }

  private note(problem: string): void {
    this.problems.set(problem, (this.problems.get(problem) ?? 0) + 1);
  }
}

new Life().run().then(
  (report) => process.stdout.write(`${JSON.stringify(report, null, 2)}\n`),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exitCode = 1;
  },
);
