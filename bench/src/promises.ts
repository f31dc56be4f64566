import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JobAccepted, JobView } from '@tower/contracts';
import { call } from './http';
import { untilCompleted } from './job-end';
import { BenchTower } from './processes';
import { PromiseBook } from './promises/promise-book';
import { arrivals, jobKinds, type Arrival } from './promises/workload';

/**
 * Whether jobs are ready when Tower says: sixty mixed jobs on two cards of different memory and speed, with a drain, a
 * claim of memory, a card that vanishes for a minute and an urgent job in between. For each job the interval that was
 * stated when it was accepted, and the one that was stated after the last change of the queue before it started, are
 * compared with its measured end.
 */
const jobCount = Number(process.env['BENCH_JOBS'] ?? 60);
const seed = Number(process.env['BENCH_SEED'] ?? 1);
/** Simulated seconds are shortened by this factor. */
const timeScale = Number(process.env['BENCH_TIME_SCALE'] ?? 0.1);
const overSeconds = Number(process.env['BENCH_OVER_SECONDS'] ?? 100);
const vanishedSeconds = 60;
/** Runs of each kind on each card before anything is promised, so that times are learnt. */
const warmUps = Number(process.env['BENCH_WARM_UPS'] ?? 6);
const goalWithin = 0.85;

const cards = [
  { name: 'rtx3060', profile: 'rtx3060' },
  { name: 'rx9070xt', profile: 'rx9070xt' },
] as const;

async function main(): Promise<void> {
  const tower = await BenchTower.start(timeScale, {}, cards);
  try {
    const api = `${tower.towerUrl}/api/anime`;
    const { id: project } = await call<{ id: string }>('POST', `${api}/projects`, { name: 'Promises' });
    await warmUp(api, project);
    const result = await play(tower, api, project);
    process.stdout.write(`${JSON.stringify({ benchmark: 'promises', ...result }, null, 2)}\n`);
    if ((result.restated.within ?? 0) < goalWithin) process.exitCode = 1;
  } finally {
    await tower.stop();
  }
}

async function warmUp(api: string, project: string): Promise<void> {
  for (let round = 0; round < warmUps; round++) {
    const jobs = await Promise.all(jobKinds.flatMap(({ body }) => cards.map(() => ask(api, project, body, 'normal'))));
    await Promise.all(jobs.map((job) => untilCompleted(api, job.job_id, 200)));
  }
}

async function play(tower: BenchTower, api: string, project: string) {
  const startedAt = performance.now();
  const book = new PromiseBook(() => (performance.now() - startedAt) / 1000);
  const watching = { stop: false };
  const watch = follow(api, book, watching);
  const events = happenings(tower, api, project, book);
  const work = Promise.all(arrivals(jobCount, overSeconds, seed).map((arrival) => submit(api, project, book, arrival)));
  await Promise.all([work, events]);
  await Promise.all([...book.jobs.keys()].map((id) => untilCompleted(api, id, 200)));
  await sleep(500);
  watching.stop = true;
  await watch;
  return {
    machine: { cpus: cpus().length, model: cpus()[0]?.model ?? 'unknown', node: process.version },
    settings: { jobs: jobCount, seed, timeScale, overSeconds, vanishedSeconds, warmUps },
    wall_seconds: Math.round((performance.now() - startedAt) / 1000),
    at_acceptance: book.atAcceptance(),
    restated: book.restated(),
    goals: { restated_within: goalWithin },
  };
}

/** What happens to a studio's cards in a day, each at its share of the time. */
async function happenings(tower: BenchTower, api: string, project: string, book: PromiseBook): Promise<void> {
  const at = async (share: number, act: () => Promise<unknown>): Promise<void> => {
    await sleep(share * overSeconds * 1000);
    await act();
    book.changed();
  };
  const vanish = async (): Promise<void> => {
    tower.signalCard('rtx3060', 'SIGSTOP');
    book.changed();
    await sleep(vanishedSeconds * 1000);
    tower.signalCard('rtx3060', 'SIGCONT');
  };
  const claim = { megabytes: 8192, seconds: Math.round(0.2 * overSeconds), who: 'a language model' };
  await Promise.all([
    at(0.1, () => call('POST', `${api}/gpus/rx9070xt/drain`, { reason: 'cleaning' })),
    at(0.2, () => call('POST', `${api}/gpus/rx9070xt/resume`, {})),
    at(0.3, vanish),
    at(0.5, () => call('POST', `${api}/gpus/rx9070xt/claims`, claim)),
    at(0.6, async () => {
      const kind = jobKinds[0];
      if (kind) await submit(api, project, book, { atSeconds: 0, kind, priority: 'urgent' });
    }),
  ]);
}

async function submit(api: string, project: string, book: PromiseBook, arrival: Arrival): Promise<void> {
  await sleep(arrival.atSeconds * 1000);
  const accepted = await ask(api, project, arrival.kind.body, arrival.priority);
  book.accepted(accepted.job_id, arrival.kind.name, accepted.estimate);
}

/** Notes what is said of each job once a second, and when it started and ended. */
async function follow(api: string, book: PromiseBook, watching: { stop: boolean }): Promise<void> {
  const startedAt = performance.timeOrigin + performance.now();
  const since = (at: string): number => (Date.parse(at) - startedAt) / 1000;
  while (!watching.stop) {
    for (const job of book.jobs.values()) {
      if (job.endedAt !== null) continue;
      const view = await call<JobView>('GET', `${api}/jobs/${job.id}`);
      if (view.started_at !== null) job.startedAt = since(view.started_at);
      if (view.ended_at !== null) job.endedAt = since(view.ended_at);
      else book.said(job.id, view.estimate);
    }
    await sleep(500);
  }
}

const ask = (api: string, project: string, body: Record<string, unknown>, priority: string): Promise<JobAccepted> =>
  call('POST', `${api}/generate`, { project_id: project, prompt: 'a tower at dusk', priority, ...body });

main().catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 1;
});
