import { randomUUID } from 'node:crypto';
import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { fresh, type Graph } from './fresh-graph';
import { call } from './http';
import { untilCompleted } from './job-end';
import { BenchTower, type LogLine } from './processes';
import { summarise } from './statistics';

/**
 * How fast light jobs follow each other on one warm card: sent ahead, as Tower does (`TOWER_PREFETCH_SECONDS`); each
 * when the one before it is over (0); and by a bare script that fills ComfyUI's own queue at once, which no client can
 * beat. The three take turns in one run, because the machine may be busy. Milliseconds from start to start, by the
 * card's own clock.
 */
const rounds = Number(process.env['BENCH_ROUNDS'] ?? 5);
const batch = Number(process.env['BENCH_BATCH'] ?? 20);
/** Simulated seconds are shortened by this factor; a still then takes some tenths of a second. */
const timeScale = Number(process.env['BENCH_TIME_SCALE'] ?? 0.1);
const goal = 1.2;

async function main(): Promise<void> {
  const ahead = await BenchTower.start(timeScale);
  const after = await BenchTower.start(timeScale, { TOWER_PREFETCH_SECONDS: '0' });
  try {
    const towers = [await Studio.open(ahead), await Studio.open(after)] as const;
    const times = { ahead: [] as number[], after: [] as number[], filled: [] as number[] };
    for (let round = 0; round < rounds; round++) {
      times.ahead.push(...(await towers[0].viaTower()));
      times.filled.push(...(await towers[0].filled()));
      times.after.push(...(await towers[1].viaTower()));
    }
    const [prefetched, oneByOne, filled] = [times.ahead, times.after, times.filled].map(summarise);
    const ratio = (prefetched?.p50 ?? 0) / (filled?.p50 ?? 1);
    const result = {
      benchmark: 'succession',
      unit: 'ms',
      machine: { cpus: cpus().length, model: cpus()[0]?.model ?? 'unknown', node: process.version },
      settings: { rounds, batch, timeScale },
      start_to_start: { sent_ahead: prefetched, one_by_one: oneByOne, comfyui_queue_filled_at_once: filled },
      sent_ahead_to_filled: Math.round(ratio * 1000) / 1000,
      goals: { sent_ahead_to_filled: goal },
    };
    process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
    if (ratio > goal) process.exitCode = 1;
  } finally {
    await Promise.all([ahead.stop(), after.stop()]);
  }
}

/** One Tower with its card, warm, and the graph of a light job there. */
class Studio {
  private constructor(
    private readonly tower: BenchTower,
    private readonly projectId: string,
    private readonly graph: Graph,
  ) {}

  static async open(tower: BenchTower): Promise<Studio> {
    const api = `${tower.towerUrl}/api/anime`;
    const { id } = await call<{ id: string }>('POST', `${api}/projects`, { name: 'Bench' });
    const empty = new Studio(tower, id, {});
    // Enough that the time of such work is known.
    const jobId = await empty.generate(4);
    const params = await call<{ items: { graph: Graph }[] }>('GET', `${api}/jobs/${jobId}/params`);
    const graph = params.items[0]?.graph;
    if (!graph) throw new Error('the first job has no graph');
    return new Studio(tower, id, graph);
  }

  async viaTower(): Promise<number[]> {
    const mark = this.tower.log().length;
    await this.generate(batch);
    return startToStart(this.tower.log().slice(mark));
  }

  /** The same work under other seeds and file names, as every attempt has. */
  async filled(): Promise<number[]> {
    const mark = this.tower.log().length;
    for (let n = 0; n < batch; n++)
      await call('POST', `${this.tower.cardUrl}/prompt`, { prompt: fresh(this.graph), prompt_id: randomUUID() });
    while (
      this.tower
        .log()
        .slice(mark)
        .filter(({ event }) => event === 'end').length < batch
    )
      await sleep(50);
    return startToStart(this.tower.log().slice(mark));
  }

  private async generate(count: number): Promise<string> {
    const api = `${this.tower.towerUrl}/api/anime`;
    const body = { project_id: this.projectId, job_type: 'still_image', prompt: 'a tower at dusk', preset: 'draft' };
    const { job_id } = await call<{ job_id: string }>('POST', `${api}/generate`, {
      ...body,
      count,
      auto_quality_check: false,
    });
    await untilCompleted(api, job_id, 20);
    return job_id;
  }
}

function startToStart(lines: readonly LogLine[]): number[] {
  const starts = lines.filter(({ event }) => event === 'start').map(({ mono_ms }) => mono_ms);
  return starts.slice(1).map((start, index) => start - (starts[index] as number));
}

main().catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 1;
});
