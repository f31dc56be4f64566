import { randomUUID } from 'node:crypto';
import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { fresh, type Graph } from './fresh-graph';
import { call } from './http';
import { untilCompleted } from './job-end';
import { BenchTower, type LogLine } from './processes';
import { summarise } from './statistics';

/**
 * How much Tower adds between a request and ComfyUI, and between two jobs on one card, against a bare script that posts
 * the same graphs to the same simulated card. Both in one run, taking turns, because the machine may be busy.
 * Milliseconds.
 */
const rounds = Number(process.env['BENCH_ROUNDS'] ?? 40);
const batch = Number(process.env['BENCH_BATCH'] ?? 20);
/** Simulated seconds are shortened by this factor; a still then takes some tens of milliseconds. */
const timeScale = 0.004;
/** Longest wait for a prompt or for an idle card, both of which take well under a second. */
const patienceMs = 60_000;

const epochMs = (): number => performance.timeOrigin + performance.now();

async function main(): Promise<void> {
  const tower = await BenchTower.start(timeScale);
  try {
    const project = await call<{ id: string }>('POST', `${tower.towerUrl}/api/anime/projects`, { name: 'Bench' });
    const generate = (count: number) => ({
      project_id: project.id,
      job_type: 'still_image',
      prompt: 'a tower at dusk',
      preset: 'draft',
      count,
      auto_quality_check: false,
    });
    const graph = await warmUp(tower, generate(2));

    const accept: number[] = [];
    const viaTower: number[] = [];
    const bare: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const before = epochMs();
      const job = await call<{ job_id: string }>('POST', `${tower.towerUrl}/api/anime/generate`, generate(1));
      accept.push(epochMs() - before);
      viaTower.push(Date.parse((await nextAccepted(tower, before)).at) - before);
      await untilCompleted(`${tower.towerUrl}/api/anime`, job.job_id, 20);
      await untilIdle(tower);

      const beforeBare = epochMs();
      await call('POST', `${tower.cardUrl}/prompt`, {
        prompt: fresh(graph),
        prompt_id: randomUUID(),
        client_id: 'bench',
      });
      bare.push(Date.parse((await nextAccepted(tower, beforeBare)).at) - beforeBare);
      await untilIdle(tower);
    }

    const markTower = tower.log().length;
    const batchJob = await call<{ job_id: string }>('POST', `${tower.towerUrl}/api/anime/generate`, generate(batch));
    await untilCompleted(`${tower.towerUrl}/api/anime`, batchJob.job_id, 20);
    const gapsTower = gaps(tower.log().slice(markTower));
    await untilIdle(tower);
    const markBare = tower.log().length;
    await runBare(tower, graph, batch);
    const gapsBare = gaps(tower.log().slice(markBare));

    const result = {
      benchmark: 'dispatch',
      unit: 'ms',
      machine: { cpus: cpus().length, model: cpus()[0]?.model ?? 'unknown', node: process.version },
      settings: { rounds, batch, timeScale },
      accept_answer: { tower: summarise(accept) },
      accept_to_prompt_at_comfyui: { tower: summarise(viaTower), bare_script: summarise(bare) },
      gap_between_two_jobs: { tower: summarise(gapsTower), bare_script: summarise(gapsBare) },
      goals: { accept_to_prompt_above_script_p50: 10, accept_to_prompt_p99: 60, gap_p50: 50, gap_p99: 250 },
    };
    process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  } finally {
    await tower.stop();
  }
}

/** One finished job: the model is loaded, every path has run once, and its graph is what the bare script posts. */
async function warmUp(tower: BenchTower, body: unknown): Promise<Graph> {
  const job = await call<{ job_id: string }>('POST', `${tower.towerUrl}/api/anime/generate`, body);
  await untilCompleted(`${tower.towerUrl}/api/anime`, job.job_id, 20);
  const params = await call<{ items: { graph: Graph }[] }>(
    'GET',
    `${tower.towerUrl}/api/anime/jobs/${job.job_id}/params`,
  );
  const graph = params.items[0]?.graph;
  if (!graph) throw new Error('the warm-up job has no graph');
  await untilIdle(tower);
  return graph;
}

/** What the simplest client does: post the next prompt when the history has the last one. */
async function runBare(tower: BenchTower, graph: Graph, count: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    const promptId = randomUUID();
    await call('POST', `${tower.cardUrl}/prompt`, { prompt: fresh(graph), prompt_id: promptId, client_id: 'bench' });
    while (Object.keys(await call<object>('GET', `${tower.cardUrl}/history/${promptId}`)).length === 0) await sleep(5);
  }
}

/** Milliseconds between the end of one prompt and the start of the next, by the card's own clock. */
function gaps(lines: LogLine[]): number[] {
  const result: number[] = [];
  let endedAt: number | undefined;
  for (const line of lines) {
    if (line.event === 'end') endedAt = line.mono_ms;
    if (line.event === 'start' && endedAt !== undefined) result.push(line.mono_ms - endedAt);
  }
  return result;
}

async function nextAccepted(tower: BenchTower, afterMs: number): Promise<LogLine> {
  for (const end = epochMs() + patienceMs; epochMs() < end;) {
    // The log has whole milliseconds.
    const line = tower.log().findLast((entry) => entry.event === 'accepted');
    if (line && Date.parse(line.at) >= Math.floor(afterMs)) return line;
    await sleep(2);
  }
  throw new Error(
    `no prompt reached the card within ${patienceMs / 1000} s: the log above says what became of its job`,
  );
}

async function untilIdle(tower: BenchTower): Promise<void> {
  for (const end = epochMs() + patienceMs; epochMs() < end;) {
    const queue = await call<{ queue_running: unknown[]; queue_pending: unknown[] }>('GET', `${tower.cardUrl}/queue`);
    const status = await call<{ rendering: { gpus: { state: string }[] } | null }>('GET', `${tower.towerUrl}/status`);
    if (
      queue.queue_running.length + queue.queue_pending.length === 0 &&
      status.rendering?.gpus.every((gpu) => gpu.state === 'idle') === true
    )
      return;
    await sleep(50);
  }
  throw new Error(`the card was not idle within ${patienceMs / 1000} s: the log above says what it was at`);
}

main().catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 1;
});
