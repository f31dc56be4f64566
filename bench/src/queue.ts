import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { databaseFor } from '@tower/db';
import { startEmbeddedPostgres } from '@tower/machine';
import type { StatusView } from '@tower/contracts';
import type { DataSource } from 'typeorm';
import { HistoryRows, numberedId } from './history-rows';
import { call } from './http';
import { untilCompleted } from './job-end';
import { BenchTower } from './processes';
import { summarise, type Summary } from './statistics';

/**
 * What a long queue costs while a quick card works it off: each question with nothing waiting and with a hundred
 * thousand tasks, in one run; requests in the same instant; how long a look of the leader takes until it is planned
 * and booked, and what its statements read. Milliseconds.
 */
const queued = Number(process.env['BENCH_QUEUED'] ?? 100_000);
const rounds = Number(process.env['BENCH_ROUNDS'] ?? 200);
const atOnce = Number(process.env['BENCH_AT_ONCE'] ?? 200);
/** Simulated seconds are shortened by this factor; a still then takes some tenths of a second. */
const timeScale = Number(process.env['BENCH_TIME_SCALE'] ?? 0.1);
/** Looks of the leader that are waited for, and for how long at most. */
const looks = { least: 300, withinMs: 120_000 };

type Statement = (tx: Pick<DataSource['manager'], 'query'>, ...rest: unknown[]) => Promise<unknown>;

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tower-bench-queue-'));
  chmodSync(folder, 0o755);
  const postgres = await startEmbeddedPostgres({ dataDir: join(folder, 'data'), settings: { max_wal_size: '4GB' } });
  let tower: BenchTower | undefined;
  let db: DataSource | undefined;
  try {
    const env = { DATABASE_URL: postgres.url, TOWER_QUEUE_LIMIT: '10000000', LOG_LEVEL: 'warn' };
    tower = await BenchTower.start(timeScale, env);
    db = await databaseFor({ url: postgres.url, schema: 'rendering', service: 'rendering', poolSize: 1 }).initialize();
    // Rows by the thousand take longer than any statement of a service may.
    await db.query('set statement_timeout = 0');
    process.stdout.write(`${JSON.stringify(await measure(tower.towerUrl, db), null, 2)}\n`);
  } finally {
    await db?.destroy();
    await tower?.stop();
    await postgres.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(url: string, db: DataSource): Promise<object> {
  const api = `${url}/api/anime`;
  const project = await call<{ id: string }>('POST', `${api}/projects`, { name: 'Bench' });
  const still = { project_id: project.id, job_type: 'still_image', prompt: 'a tower at dusk', preset: 'draft' };
  const body = { ...still, auto_quality_check: false };
  const first = await call<{ job_id: string }>('POST', `${api}/generate`, body);
  await untilCompleted(api, first.job_id, 50);
  const nothingWaits = await questions(api, body, first.job_id);
  await new HistoryRows(db, first.job_id).queued(1, queued);
  const stages = {
    nothing_waits: nothingWaits,
    [`${queued} wait`]: await questions(api, body, numberedId('e', Math.ceil(queued * 0.9))),
  };
  return {
    benchmark: 'queue',
    unit: 'ms',
    machine: { cpus: cpus().length, model: cpus()[0]?.model ?? 'unknown', node: process.version },
    settings: { queued, rounds, atOnce, timeScale },
    stages,
    in_the_same_instant: await instant(api, body),
    looks_of_the_leader: await plannerTimes(url),
    statements: await statements(db),
    goals: { plan_and_book_p99: 20, post_generate_p99: 15, get_job_p99: 20, accepted: atOnce },
  };
}

async function questions(api: string, body: object, jobId: string): Promise<Record<string, Summary>> {
  return {
    post_generate: await timed(() => call('POST', `${api}/generate`, body)),
    get_job: await timed(() => call('GET', `${api}/jobs/${jobId}`)),
  };
}

/** Requests that nobody made wait for each other. */
async function instant(api: string, body: object): Promise<object> {
  const startedAt = performance.now();
  const answers = await Promise.all(
    Array.from({ length: atOnce }, async () => {
      const headers = { 'content-type': 'application/json' };
      const { status } = await fetch(`${api}/generate`, { method: 'POST', headers, body: JSON.stringify(body) });
      return { status, ms: performance.now() - startedAt };
    }),
  );
  const accepted = answers.filter(({ status }) => status === 202).length;
  const others = [...new Set(answers.map(({ status }) => status))].filter((status) => status !== 202);
  return { asked: atOnce, accepted, other_answers: others, until_answered: summarise(answers.map(({ ms }) => ms)) };
}

/** As the process that leads measured them, of the last thousand looks. */
async function plannerTimes(url: string): Promise<object> {
  const until = performance.now() + looks.withinMs;
  for (;;) {
    const planner = (await call<StatusView>('GET', `${url}/status`)).rendering?.planner;
    if (planner && (planner.looks >= looks.least || performance.now() > until)) {
      const ms = (times: { p50: number; p99: number } | null) =>
        times && { p50: times.p50 * 1000, p99: times.p99 * 1000 };
      return {
        looks: planner.looks,
        until_planned: ms(planner.planning_seconds),
        until_booked: ms(planner.booking_seconds),
      };
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** What the statements of a look read, by their plans: no more than they give, whatever waits. */
async function statements(db: DataSource): Promise<Record<string, object>> {
  const compiled = resolve(__dirname, '..', '..', 'apps', 'rendering', 'dist', 'planning', 'queue.queries.js');
  const queries = (await import(compiled)) as Record<string, Statement>;
  const asked: [string, ...unknown[]][] = [
    ['firstInLine', 32, 'all'],
    ['oldestOfEachRank', 8],
    ['soonestDeadlines', 16],
    ['oldestOfEachKind', 2, 64],
  ];
  const read: Record<string, object> = {};
  for (const [name, ...rest] of asked) {
    const explaining = {
      query: async (sql: string, parameters: unknown[]) => {
        const [row] = await db.query(`explain (analyze, buffers, format json) ${sql}`, parameters);
        const [{ Plan: plan, 'Execution Time': ms }] = (row as { 'QUERY PLAN': [Explained] })['QUERY PLAN'];
        const scans = scansOf(plan);
        read[name] = { ms, pages: plan['Shared Hit Blocks'] + plan['Shared Read Blocks'], scans };
        return [];
      },
    };
    await queries[name]?.(explaining as never, ...rest);
  }
  return read;
}

interface PlanNode {
  'Node Type': string;
  'Relation Name'?: string;
  'Index Name'?: string;
  'Actual Rows': number;
  'Actual Loops': number;
  'Shared Hit Blocks': number;
  'Shared Read Blocks': number;
  Plans?: PlanNode[];
}
interface Explained {
  Plan: PlanNode;
  'Execution Time': number;
}

/** `Index Scan of task by task_ready: 32 rows`, from the top. */
function scansOf(node: PlanNode): string[] {
  const { 'Node Type': type, 'Relation Name': table, 'Index Name': index } = node;
  const rows = Math.round(node['Actual Rows'] * node['Actual Loops']);
  const own =
    table === undefined ? [] : [`${type} of ${table}${index === undefined ? '' : ` by ${index}`}: ${rows} rows`];
  return [...own, ...(node.Plans ?? []).flatMap(scansOf)];
}

async function timed(question: () => Promise<unknown>): Promise<Summary> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const before = performance.now();
    await question();
    times.push(performance.now() - before);
  }
  return summarise(times);
}

main().catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 1;
});
