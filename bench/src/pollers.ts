import { Agent, request } from 'node:http';
import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { BenchTower } from './processes';
import { summarise } from './statistics';

/**
 * What people who look cost the work: the same jobs while nobody asks and while many clients poll the list, in turns in
 * one run, and what a burst of requests is answered. Clients that are told to come back later do so. Seconds, unless
 * the name says otherwise.
 */
const rounds = Number(process.env['BENCH_ROUNDS'] ?? 2);
const pollers = Number(process.env['BENCH_POLLERS'] ?? 60);
const burst = Number(process.env['BENCH_BURST'] ?? 500);
const jobsPerRound = 20;
const pollingBeforeMs = 6_000;
const pageOfJobs = 50;
/** Simulated seconds are shortened by this factor; a small still then takes some tenths of a second. */
const timeScale = 0.05;

/** Clients with addresses of their own, because the door counts the requests of each address for itself. */
const worker = new Agent({ keepAlive: true });
const onlookers = new Agent({ keepAlive: true, localAddress: '127.0.0.2' });
const crowd = new Agent({ localAddress: '127.0.0.3' });

interface Answer {
  status: number;
  body: unknown;
  ms: number;
}

async function main(): Promise<void> {
  const tower = await BenchTower.start(timeScale);
  try {
    const api = `${tower.towerUrl}/api/anime`;
    const project = (await untilTaken(() => post(`${api}/projects`, { name: 'Bench' }))) as { id: string };
    const small = {
      project_id: project.id,
      job_type: 'still_image',
      prompt: 'a tower at dusk',
      preset: 'draft',
      width: 128,
      height: 128,
      auto_quality_check: false,
    };
    await runJobs(api, small, pageOfJobs);

    const quiet: number[] = [];
    const polled: number[] = [];
    const looks: Answer[] = [];
    const perSecond: number[] = [];
    for (let round = 0; round < rounds; round++) {
      quiet.push(await runJobs(api, small, jobsPerRound));
      const stop = poll(`${api}/jobs?limit=${pageOfJobs}`, looks);
      // Clients that poll have done so for long; what the door lets through at once after a pause is used up.
      await sleep(pollingBeforeMs);
      const seen = looks.length;
      const since = performance.now();
      polled.push(await runJobs(api, small, jobsPerRound));
      await stop();
      perSecond.push(((looks.length - seen) / (performance.now() - since)) * 1000);
    }
    const { seconds, jobsMade, answers } = await burstOf(api, small);
    const result = {
      benchmark: 'pollers',
      machine: { cpus: cpus().length, model: cpus()[0]?.model ?? 'unknown', node: process.version },
      settings: { rounds, pollers, burst, jobsPerRound, pageOfJobs, timeScale },
      jobs: { quiet, polled, slowdown_percent: Math.round((sum(polled) / sum(quiet) - 1) * 100) },
      looks: {
        per_second: perSecond.map(Math.round),
        by_status: byStatus(looks),
        answered_ms: summarise(looks.filter((look) => look.status === 200).map((look) => look.ms)),
      },
      burst: {
        seconds,
        jobs_made: jobsMade,
        by_status: byStatus(answers),
        refusals: refusals(answers),
      },
      goals: { slowdown_percent: 20, other_answers_than_200_202_429: 0, jobs_made: 'as many as 202' },
    };
    process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  } finally {
    for (const agent of [worker, onlookers, crowd]) agent.destroy();
    await tower.stop();
  }
}

/** As many requests at once as a crowd makes, in a project of their own, so that the jobs can be counted. */
async function burstOf(api: string, small: object): Promise<{ seconds: number; jobsMade: number; answers: Answer[] }> {
  const project = (await untilTaken(() => post(`${api}/projects`, { name: 'Burst' }))) as { id: string };
  const before = performance.now();
  const answers = await Promise.all(
    Array.from({ length: burst }, () =>
      call(crowd, `${api}/generate`, { ...small, project_id: project.id, priority: 'low' }),
    ),
  );
  const seconds = round2((performance.now() - before) / 1000);
  return { seconds, jobsMade: await countJobs(api, project.id), answers };
}

/** Seconds from the first request until the last of these jobs has ended, by their own times. */
async function runJobs(api: string, body: object, count: number): Promise<number> {
  const startedAt = Date.now();
  const ids: string[] = [];
  for (let n = 0; n < count; n++)
    ids.push(((await untilTaken(() => post(`${api}/generate`, body))) as { job_id: string }).job_id);
  let endedAt = 0;
  for (const id of ids) {
    for (;;) {
      const job = (await untilTaken(() => get(`${api}/jobs/${id}`))) as { status: string; ended_at: string | null };
      if (job.ended_at === null) await sleep(200);
      else {
        if (job.status !== 'completed') throw new Error(`job ${id} ended as ${job.status}`);
        endedAt = Math.max(endedAt, Date.parse(job.ended_at));
        break;
      }
    }
  }
  return round2((endedAt - startedAt) / 1000);
}

async function countJobs(api: string, projectId: string): Promise<number> {
  let count = 0;
  for (let cursor: string | null = ''; cursor !== null;) {
    const url: string = `${api}/jobs?project_id=${projectId}&limit=100${cursor === '' ? '' : `&cursor=${cursor}`}`;
    const page = (await untilTaken(() => get(url))) as { items: unknown[]; next_cursor?: string | null };
    count += page.items.length;
    cursor = page.next_cursor ?? null;
  }
  return count;
}

/** Many clients who ask the same again as soon as they are answered, until the returned function is called. */
function poll(url: string, looks: Answer[]): () => Promise<void> {
  let going = true;
  const client = async (): Promise<void> => {
    while (going) {
      const look = await call(onlookers, url);
      looks.push(look);
      if (look.status !== 200) await sleep(retryAfterMs(look));
    }
  };
  const clients = Array.from({ length: pollers }, client);
  return async () => {
    going = false;
    await Promise.all(clients);
  };
}

/** The body of the good answer, for somebody who comes back when told to. */
async function untilTaken(ask: () => Promise<Answer>): Promise<unknown> {
  for (;;) {
    const answer = await ask();
    if (answer.status < 300) return answer.body;
    if (answer.status !== 429 && answer.status !== 503) throw new Error(JSON.stringify(answer));
    await sleep(retryAfterMs(answer));
  }
}

const retryAfterMs = ({ body }: Answer): number =>
  ((body as { retry_after_seconds?: number }).retry_after_seconds ?? 1) * 1000;

const post = (url: string, body: unknown): Promise<Answer> => call(worker, url, body);
const get = (url: string): Promise<Answer> => call(worker, url);

function call(agent: Agent, url: string, body?: unknown): Promise<Answer> {
  const before = performance.now();
  const sent = body === undefined ? undefined : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const asking = request(
      url,
      {
        agent,
        method: sent === undefined ? 'GET' : 'POST',
        headers: sent === undefined ? {} : { 'content-type': 'application/json' },
      },
      (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('error', reject);
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            body: JSON.parse(Buffer.concat(parts).toString()),
            ms: performance.now() - before,
          }),
        );
      },
    );
    asking.on('error', reject);
    asking.end(sent);
  });
}

const counted = (values: readonly string[]): Record<string, number> =>
  values.reduce<Record<string, number>>((counts, value) => ({ ...counts, [value]: (counts[value] ?? 0) + 1 }), {});
const byStatus = (answers: readonly Answer[]): Record<string, number> =>
  counted(answers.map(({ status }) => String(status)));
const refusals = (answers: readonly Answer[]): Record<string, number> =>
  counted(answers.filter(({ status }) => status >= 400).map(({ body }) => (body as { code: string }).code));
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const round2 = (value: number): number => Math.round(value * 100) / 100;

main().catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 1;
});
