import { mkdtempSync, rmSync, chmodSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { databaseFor } from '@tower/db';
import { startEmbeddedPostgres } from '@tower/machine';
import type { DataSource } from 'typeorm';
import { HistoryRows, numberedId } from './history-rows';
import { call } from './http';
import { untilCompleted } from './job-end';
import { BenchTower } from './processes';
import { percentile } from './statistics';

/**
 * What questions cost after years of use and with a long queue, in one run: nearly empty, then with a million
 * finished jobs and more and more that wait. Milliseconds, one client at a time.
 */
const finished = Number(process.env['BENCH_FINISHED'] ?? 1_000_000);
const queues = (process.env['BENCH_QUEUED'] ?? '0,8780,105000').split(',').map(Number);
const rounds = Number(process.env['BENCH_ROUNDS'] ?? 60);
/** Slower than the real card, so that the queue stays as long as it was made. */
const timeScale = 4;

interface Summary {
  p50: number;
  p95: number;
}

type Queries = Record<
  'firstInLine' | 'oldestOfEachKind' | 'endHolds' | 'countWaiting' | 'liveWorks',
  (tx: DataSource['manager'], limit?: number) => Promise<unknown>
>;

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tower-bench-history-'));
  chmodSync(folder, 0o755);
  const postgres = await startEmbeddedPostgres({ dataDir: join(folder, 'data'), settings: { max_wal_size: '4GB' } });
  let tower: BenchTower | undefined;
  let db: DataSource | undefined;
  try {
    tower = await BenchTower.start(timeScale, {
      DATABASE_URL: postgres.url,
      TOWER_QUEUE_LIMIT: '10000000',
      LOG_LEVEL: 'warn',
    });
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
  const project = await call<{ id: string }>('POST', `${url}/api/anime/projects`, { name: 'Bench' });
  const body = {
    project_id: project.id,
    job_type: 'still_image',
    prompt: 'a tower at dusk',
    preset: 'draft',
    auto_quality_check: false,
  };
  const first = await call<{ job_id: string }>('POST', `${url}/api/anime/generate`, body);
  await untilCompleted(`${url}/api/anime`, first.job_id, 200);

  const nearlyEmpty = await questions(url, db, body, first.job_id);
  const rows = new HistoryRows(db, first.job_id);
  await rows.finished(1, finished);
  const stages: Record<string, object> = { nearly_empty: nearlyEmpty };
  let waiting = 0;
  for (const queued of queues) {
    if (queued > waiting) await rows.queued(waiting + 1, queued);
    waiting = Math.max(waiting, queued);
    stages[`${finished} finished, ${queued} queued`] = await questions(
      url,
      db,
      body,
      queued === 0 ? numberedId('a', Math.ceil(finished / 2)) : numberedId('e', Math.ceil(queued * 0.9)),
    );
  }
  return {
    benchmark: 'history',
    unit: 'ms',
    machine: { cpus: cpus().length, model: cpus()[0]?.model ?? 'unknown', node: process.version },
    settings: { finished, queues, rounds, timeScale },
    stages,
    goals: { post_generate_p50: 25, get_p50: 25, scheduler_query_p50: 10, thumbnails_ok: 50 },
  };
}

async function questions(url: string, db: DataSource, body: object, jobId: string): Promise<object> {
  const get = (path: string): Promise<Summary> => timed(() => call('GET', `${url}${path}`));
  return {
    post_generate: await timed(() => call('POST', `${url}/api/anime/generate`, body)),
    get_jobs_50: await get('/api/anime/jobs?limit=50'),
    get_jobs_200: await get('/api/anime/jobs?limit=200'),
    get_jobs_failed: await get('/api/anime/jobs?limit=50&state=failed'),
    get_jobs_of_card: await get('/api/anime/jobs?limit=50&gpu=card'),
    get_job: await get(`/api/anime/jobs/${jobId}`),
    get_status: await get('/status'),
    scheduler: await schedulerQueries(db),
    thumbnails_at_once: await thumbnails(url, db),
  };
}

/** As compiled: what the scheduler runs at a look. */
async function schedulerQueries(db: DataSource): Promise<Record<string, Summary>> {
  const queries = (await import(
    resolve(__dirname, '..', '..', 'apps', 'rendering', 'dist', 'planning', 'queue.queries.js')
  )) as Queries;
  const result: Record<string, Summary> = {};
  for (const [name, limit] of [
    ['firstInLine', 24],
    ['oldestOfEachKind', 2],
    ['endHolds', undefined],
    ['liveWorks', undefined],
  ] as const)
    result[name] = await timed(() => queries[name](db.manager, limit));
  return result;
}

async function thumbnails(url: string, db: DataSource): Promise<object> {
  const artifacts: { id: string }[] = await db.query('select id from artifact order by id limit 50');
  const ids = Array.from({ length: 50 }, (_, index) => artifacts[index % artifacts.length]?.id ?? '');
  const startedAt = performance.now();
  const answers = await Promise.all(
    ids.map(async (id) => (await fetch(`${url}/api/anime/artifacts/${id}/thumbnail`)).status),
  );
  return { ms: Math.round(performance.now() - startedAt), ok: answers.filter((status) => status === 200).length };
}

async function timed(question: () => Promise<unknown>): Promise<Summary> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const before = performance.now();
    await question();
    times.push(performance.now() - before);
  }
  return { p50: percentile(times, 0.5), p95: percentile(times, 0.95) };
}

main().catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 1;
});
