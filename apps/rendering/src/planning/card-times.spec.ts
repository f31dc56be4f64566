import { join } from 'node:path';
import { Metrics, repositoryRoot } from '@tower/kit';
import { FixedClock } from '@tower/testing';
import type { DataSource } from 'typeorm';
import type { CardDriver } from '../cards/card-driver';
import { LivePrompts } from '../execution/live-prompts';
import { Attempt, type AttemptProgress } from '../jobs/attempt.entity';
import { Job } from '../jobs/job.entity';
import { RenderingMetrics } from '../rendering.metrics';
import type { ProgressPublisher } from '../views/progress-publisher';
import { Catalogue } from '../workflows/catalogue';
import { CardTimes } from './card-times';
import type { Work } from './estimates/estimate';
import { LearntTimes } from './estimates/learnt-times';

const library = Catalogue.read(join(repositoryRoot, 'workflows'));
const card = { name: 'rtx3060', connection: 1, restarts: { restarts: 0 } } as unknown as CardDriver;

/** A node that runs: how long it loads before it reports, and how many steps of what length it reports. */
interface Run {
  node: string;
  silentMs: number;
  steps?: number;
  stepMs?: number;
}

interface Told {
  /** Seconds that are left, and of these those of nodes that have not begun. */
  left: number;
  notBegun: number;
  seconds: number;
  low: number;
  percent: number;
  /** Something was heard since the last time. */
  news: boolean;
}

/** Plays a prompt of this workflow at the given pace and asks four times a second what is left. */
async function play(name: string, runs: readonly Run[]): Promise<Told[]> {
  const clock = new FixedClock();
  const { graph } = (await library).get(name);
  const attempt: Attempt = Object.assign(new Attempt(), {
    id: 'a',
    taskId: 't',
    jobId: 'j',
    gpu: card.name,
    promptId: 'p',
    dispatchedAt: clock.now(),
    progress: null,
    missing: [],
    slot: 0 as const,
    prefetched: false,
  });
  const publisher = {
    note: (_job: string, _attempt: string, next: AttemptProgress) => void (attempt.progress = next),
  } as unknown as ProgressPublisher;
  const prompts = new LivePrompts({} as DataSource, publisher, new RenderingMetrics(new Metrics('rendering')), clock);
  prompts.register(card, attempt, Object.assign(new Job(), { id: 'j', modelName: 'm' }), graph);
  const work: Work = { workflow: name, width: 640, height: 832, frames: 1, steps: 20 };
  const lengthOf = ({ silentMs, steps = 0, stepMs = 0 }: Run): number => silentMs + steps * stepMs;
  const total = runs.reduce((sum, run) => sum + lengthOf(run), 0);
  const told: Told[] = [];
  let news = true;
  const pass = (ms: number, notBegun: number): void => {
    for (let passed = 0; passed < ms; passed += 250) {
      const times = new CardTimes({
        gpus: [],
        live: [attempt],
        works: new Map([['a', work]]),
        times: new LearntTimes(loaded),
        workflows: loaded,
        now: clock.now(),
      });
      const { seconds, low } = times.remainingOf(attempt);
      told.push({
        left: (total - clock.monotonicMs()) / 1000,
        notBegun: notBegun / 1000,
        seconds,
        low,
        percent: attempt.progress?.percent ?? 0,
        news,
      });
      news = false;
      clock.advance(Math.min(250, ms - passed));
    }
  };
  const loaded = await library;
  let behind = total;
  for (const run of runs) {
    behind -= lengthOf(run);
    prompts.hear(card, { type: 'executing', data: { prompt_id: 'p', node: run.node } });
    news = true;
    pass(run.silentMs, behind);
    for (let step = 1; step <= (run.steps ?? 0); step++) {
      pass(run.stepMs ?? 0, behind);
      prompts.hear(card, { type: 'progress', data: { prompt_id: 'p', node: run.node, value: step, max: run.steps } });
      news = true;
    }
  }
  return told;
}

const passes: [string, Run[]][] = [
  [
    'hires-fix',
    [
      { node: '1', silentMs: 6_000 },
      { node: '10', silentMs: 1_000, steps: 20, stepMs: 500 },
      { node: '31', silentMs: 250, steps: 20, stepMs: Math.round(500 * 2.25 ** 1.15) },
      { node: '32', silentMs: 1_500 },
    ],
  ],
  [
    'video-wan22-t2v-14b',
    [
      { node: '1', silentMs: 5_000 },
      { node: '8', silentMs: 20_000, steps: 10, stepMs: 6_000 },
      { node: '108', silentMs: 20_000, steps: 10, stepMs: 6_000 },
      { node: '9', silentMs: 8_000 },
    ],
  ],
];

describe.each(passes)('the time that is left of two passes of %s', (name, runs) => {
  let told: Told[];
  beforeAll(async () => {
    const { graph } = (await library).get(name);
    for (const { node } of runs) expect(graph[node]).toBeDefined();
    // Before a tenth is done, the estimate speaks.
    told = (await play(name, runs)).filter(({ percent }) => percent >= 10);
  });

  it('is never less than what the passes need that have not begun', () => {
    // Loading is no pass, and nobody hears how long it will take.
    const silent = runs.reduce((sum, run) => sum + (run.steps === undefined ? 0 : run.silentMs / 1000), 0);
    for (const { seconds, notBegun } of told) expect(seconds).toBeGreaterThanOrEqual((notBegun - silent) * 0.85);
  });

  it('never rises while nothing is heard', () => {
    for (const [index, now] of told.entries())
      if (index > 0 && !now.news) expect(now.seconds).toBeLessThanOrEqual((told[index - 1]?.seconds ?? 0) + 1e-6);
  });

  it('is about what is really left from the second step on', () => {
    const steps = told.filter(({ left }) => left > 10);
    const off = steps.map(({ seconds, left }) => Math.abs(seconds - left) / left);
    expect(off.sort((a, b) => a - b)[Math.floor(off.length / 2)]).toBeLessThan(0.3);
  });
});

describe('an attempt that is behind another one on its card', () => {
  let loaded: Catalogue;
  beforeAll(async () => void (loaded = await library));
  const now = new Date('2026-01-01T00:01:00Z');
  const work: Work = { workflow: 'hires-fix', width: 640, height: 832, frames: 1, steps: 20 };
  const first = Object.assign(new Attempt(), {
    id: 'a',
    gpu: card.name,
    slot: 0,
    missing: [],
    dispatchedAt: now,
    progress: null,
  });
  const behind = (ahead: number, sent = now): Attempt =>
    Object.assign(new Attempt(), {
      ...{ id: 'b', gpu: card.name, slot: 1, prefetched: true, missing: [], dispatchedAt: sent },
      progress: { stage: '', percent: 0, step: null, totalSteps: null, ahead },
    });
  const times = (second: Attempt): CardTimes =>
    new CardTimes({
      gpus: [{ name: card.name, inventory: null }],
      live: [first, second],
      works: new Map([
        ['a', work],
        ['b', work],
      ]),
      times: new LearntTimes(loaded),
      workflows: loaded,
      now,
    });

  it('needs what is left of that one and its own time, however long it has waited', () => {
    const second = behind(1, new Date(now.getTime() - 600_000));
    const known = times(second);
    const [left, both] = [known.remainingOf(first), known.remainingOf(second)];
    expect(left.seconds).toBeGreaterThan(0);
    expect(both.unknown).toBeUndefined();
    expect(both.seconds).toBeCloseTo(2 * left.seconds);
    expect(known.estimate(work, card.name).basis).toBe(left.basis);
  });

  it('needs nobody knows how long where prompts of others are between them', () => {
    const second = behind(2);
    expect(times(second).remainingOf(second).unknown).toBe('how long a prompt before it in the queue of rtx3060 takes');
  });
});
