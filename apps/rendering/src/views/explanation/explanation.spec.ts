import { join } from 'node:path';
import type { JobExplanation } from '@tower/contracts';
import { repositoryRoot } from '@tower/kit';
import { Gpu } from '../../cards/card.entity';
import { Attempt } from '../../jobs/attempt.entity';
import { Job } from '../../jobs/job.entity';
import { Task } from '../../jobs/task.entity';
import { LearntTimes } from '../../planning/estimates/learnt-times';
import { Snapshot, type SnapshotFacts } from '../../planning/snapshot';
import { Catalogue } from '../../workflows/catalogue';
import { RequirementsCache } from '../../workflows/compatibility/requirements-cache';
import { noParts } from '../../workflows/composition';
import { explainJob } from './explanation';
import { atPreset } from './sooner';

const now = new Date('2026-03-01T12:00:00Z');
const library = Catalogue.read(join(repositoryRoot, 'workflows'));
const parameters = {
  prompt: 'rain',
  negative_prompt: '',
  model_name: 'm.safetensors',
  width: 640,
  height: 960,
  steps: 30,
  cfg_scale: 7,
  sampler_name: 'dpmpp_2m',
  scheduler: 'karras',
  seed: 1,
  precise_vae_name: 'v.safetensors',
};

async function card(name: string, changes: Partial<Gpu> = {}, models = ['m.safetensors']): Promise<Gpu> {
  const { graph } = (await library).get('anime-still-sd15');
  const nodes = Object.values(graph).map((node) => node.class_type);
  return Object.assign(new Gpu(), {
    name,
    config: { prefers: ['image'], only: false },
    position: name === 'rtx3060' ? 0 : 1,
    state: 'idle',
    detail: '',
    foreignPrompts: 0,
    inventory: { nodes, checkpoints: models, models: { checkpoints: models }, samplers: [], schedulers: [] },
    ...changes,
  });
}

const row = (job: string, changes: Partial<SnapshotFacts['rows'][number]> = {}): SnapshotFacts['rows'][number] => ({
  task_id: `task-${job}`,
  job_id: job,
  idx: 0,
  rank: 2,
  created_at: now,
  kind: 'k',
  workflow: 'anime-still-sd15',
  model_name: 'm.safetensors',
  width: 640,
  height: 960,
  steps: 30,
  frames: 1,
  excluded_gpus: [],
  plan: { steps: [] },
  recovery: [],
  parameters,
  parts: noParts,
  ...changes,
});

const runningOn = (gpu: string, job: string): Attempt =>
  Object.assign(new Attempt(), {
    id: `attempt-${job}`,
    taskId: `running-${job}`,
    jobId: job,
    n: 1,
    gpu,
    state: 'running',
    dispatchedAt: now,
    models: [],
    missing: [],
    startedAt: now,
    endedAt: null,
    seconds: null,
    estimatedSeconds: 20,
    error: null,
    progress: null,
    plan: { steps: [] },
    scores: [],
    qualitySilentSince: null,
  });

const task = (changes: Partial<Task> = {}): Task =>
  Object.assign(new Task(), {
    id: 'task-own',
    jobId: 'own',
    idx: 0,
    rank: 2,
    kind: 'k',
    state: 'queued',
    notBefore: null,
    wantsModel: null,
    plan: { steps: [] },
    recovery: [],
    excludedGpus: [],
    error: null,
    createdAt: now,
    ...changes,
  });

async function explained({
  gpus,
  rows = [row('own')],
  live = [],
  job = {},
  tasks = [task()],
  attempts = [],
}: {
  gpus: Gpu[];
  rows?: SnapshotFacts['rows'];
  live?: Attempt[];
  job?: Partial<Job>;
  tasks?: Task[];
  attempts?: Attempt[];
}): Promise<JobExplanation> {
  const size = { workflow: 'anime-still-sd15', width: 640, height: 960, frames: 1, steps: 30 };
  const snapshot = new Snapshot({
    gpus,
    live,
    works: new Map(live.map((attempt) => [attempt.id, size])),
    rows,
    more: false,
    needs: [],
    times: new LearntTimes(await library),
    workflows: await library,
    requirements: new RequirementsCache(),
    now,
    pause: undefined,
  });
  const own = Object.assign(new Job(), {
    ...{ id: 'own', state: 'queued', jobType: 'still_image', modelName: 'm.safetensors', preset: 'high', rank: 2 },
    ...size,
    ...{ count: tasks.length, fps: null, createdAt: now, startedAt: null, endedAt: null, deadlineAt: null },
    ...{ givenUp: [], error: null, parameters, parts: noParts },
    ...job,
  });
  return explainJob({ job: own, tasks, attempts }, snapshot, now);
}

describe('what is before a job', () => {
  it('is what runs on its card, then a higher priority, then what came first; each with its time', async () => {
    const answer = await explained({
      gpus: [await card('rtx3060', { state: 'busy' })],
      live: [runningOn('rtx3060', 'runs')],
      rows: [row('urgent', { rank: 0 }), row('older'), row('own'), row('younger')],
    });
    expect(answer.ahead.map(({ job_id, reason, gpu }) => [job_id, reason, gpu])).toEqual([
      ['runs', 'running', 'rtx3060'],
      ['urgent', 'priority', 'rtx3060'],
      ['older', 'older', 'rtx3060'],
    ]);
    const seconds = answer.ahead.map((entry) => entry.seconds ?? 0);
    expect(answer.starts_in).toBeCloseTo(
      seconds.reduce((sum, one) => sum + one, 0),
      0,
    );
    expect(answer.position).toBe(3);
    expect(answer.sentences[0]).toBe('Waiting: 3rd in line for rtx3060');
    expect(answer.sentences.join('\n')).toMatch(
      /It is planned for rtx3060: no other card takes it, to begin in about \d+ s; it takes about \d+ s there \(prior/,
    );
    expect(answer.sentences).toContainEqual(
      expect.stringMatching(
        /^job urgent is before it: its priority is urgent, this one's normal, about \d+ s on rtx3060/,
      ),
    );
    expect(answer.sentences).toContainEqual(
      expect.stringMatching(/^job older is before it: it has the same priority and came first/),
    );
  });

  it('is what the plan starts first on its card, whatever came first', async () => {
    const later = new Date(now.getTime() + 1_000);
    const answer = await explained({
      gpus: [await card('rtx3060')],
      rows: [row('own', { steps: 300 }), row('short', { steps: 4, created_at: later })],
    });
    expect(answer.ahead.map(({ job_id }) => job_id)).toEqual(['short']);
    expect(answer.position).toBe(2);
    expect(answer.sentences[0]).toBe('Waiting: 2nd in line for rtx3060');
  });

  it('is nothing that another card does', async () => {
    const gpus = [await card('rtx3060'), await card('rx9070xt')];
    const answer = await explained({ gpus, rows: [row('older'), row('own')] });
    expect(answer).toMatchObject({ position: 1, ahead: [] });
    expect(answer.sentences[0]).toBe(`Waiting: next in line for ${answer.gpu ?? ''}`);
  });

  it('is told of the task that starts first, which need not be the first of the job', async () => {
    const gpus = [await card('rtx3060', { state: 'busy' }), await card('rx9070xt')];
    const answer = await explained({
      gpus,
      live: [runningOn('rtx3060', 'runs')],
      rows: [row('own', { excluded_gpus: ['rx9070xt'], kind: 'elsewhere' }), row('own', { task_id: 'second', idx: 1 })],
      tasks: [task({ excludedGpus: ['rx9070xt'], kind: 'elsewhere' }), task({ id: 'second', idx: 1 })],
    });
    expect(answer).toMatchObject({ position: 1, gpu: 'rx9070xt', starts_in: 0 });
    expect(answer.sentences[0]).toBe('Waiting: next in line for rx9070xt');
  });

  it('is counted by priority and age while no card takes it', async () => {
    const gpus = [await card('rtx3060', { state: 'down', detail: 'rtx3060 does not answer' })];
    const answer = await explained({ gpus, rows: [row('older'), row('own'), row('younger')] });
    expect(answer).toMatchObject({ position: 2, ahead: [], gpu: null });
    expect(answer.sentences[0]).toBe('Waiting: rtx3060 does not answer');
  });

  it('names a job once, with all of its results, and never the job itself', async () => {
    const answer = await explained({
      gpus: [await card('rtx3060')],
      rows: [
        ...[0, 1, 2].map((idx) => row('batch', { task_id: `batch-${idx}`, idx })),
        row('own'),
        row('own', { task_id: 'second', idx: 1 }),
      ],
      tasks: [task(), task({ id: 'second', idx: 1 })],
    });
    expect(answer.ahead).toEqual([expect.objectContaining({ job_id: 'batch', tasks: 3 })]);
    expect(answer.sentences.join('\n')).toContain('job batch (3 results) is before it');
  });

  it('counts what it does not name', async () => {
    const rows = [...Array.from({ length: 25 }, (_, index) => row(`j${index}`)), row('own')];
    const answer = await explained({ gpus: [await card('rtx3060')], rows });
    expect(answer.ahead).toHaveLength(20);
    expect(answer.ahead_omitted).toBe(5);
    expect(answer.sentences).toContain('5 more jobs are before it on rtx3060');
  });

  it('is somebody else, where they queued prompts there; then no time is told', async () => {
    const answer = await explained({ gpus: [await card('rtx3060', { state: 'shared', foreignPrompts: 3 })] });
    expect(answer.ahead).toEqual([
      {
        job_id: null,
        gpu: 'rtx3060',
        reason: 'foreign',
        seconds: null,
        tasks: 3,
        sentence: 'rtx3060 is busy with 3 prompts that somebody else queued',
      },
    ]);
    expect(answer).toMatchObject({ starts_in: null, ready_in: null });
    expect(answer.sooner).toEqual([expect.objectContaining({ change: 'card: rtx3060', seconds_sooner: null })]);
  });
});

describe('what would make a job ready sooner', () => {
  it('is a higher priority, by what is then before it', async () => {
    const answer = await explained({
      gpus: [await card('rtx3060')],
      rows: [row('high', { rank: 1 }), row('older'), row('own')],
    });
    const own = (answer.ready_in ?? 0) / 3;
    const byChange = new Map(answer.sooner.map(({ change, seconds_sooner }) => [change, seconds_sooner ?? 0]));
    // The first of a card loads, the others do not.
    expect(byChange.get('priority: urgent')).toBeGreaterThan(1.7 * own);
    expect(byChange.get('priority: urgent')).toBeLessThan(2 * own);
    // Behind the other one of that priority.
    expect(byChange.get('priority: high')).toBeGreaterThan(0.85 * own);
    expect(byChange.get('priority: high')).toBeLessThanOrEqual(own);
    expect(byChange.has('priority: low')).toBe(false);
    // What is shorter goes first, too, and takes less time.
    expect(answer.sooner.map(({ change }) => change).slice(0, 2)).toEqual(['preset: draft', 'priority: urgent']);
    expect(answer.sooner[1]?.sentence).toMatch(/^With priority urgent it would be ready about \d+ s sooner, in \d+ s$/);
  });

  it('is a lower preset, by its own time', async () => {
    const answer = await explained({ gpus: [await card('rtx3060')] });
    const saved = answer.sooner.map(({ change, seconds_sooner }) => [change, Math.round(seconds_sooner ?? 0)]);
    // Priors: a second for each step of a megapixel, and a little more for larger ones.
    const seconds = (width: number, height: number, steps: number): number =>
      ((width * height) / 1e6) ** 1.15 * steps + (0.03 * width * height) / 1e6;
    const own = seconds(640, 960, 30);
    expect(saved.map(([change]) => change)).toEqual(['preset: draft', 'preset: low', 'preset: standard']);
    const lower = [seconds(384, 576, 10), seconds(448, 672, 16), seconds(512, 768, 24)];
    for (const [index, other] of lower.entries())
      expect(Math.abs(Number(saved[index]?.[1]) - (own - other))).toBeLessThan(2);
  });

  it('is a card that is down and could take it, by name and with its trouble', async () => {
    const down = await card('rx9070xt', { state: 'down', detail: 'rx9070xt does not answer' });
    const rows = [row('older'), row('own')];
    const answer = await explained({ gpus: [await card('rtx3060'), down], rows });
    const change = answer.sooner.find((entry) => entry.change === 'card: rx9070xt');
    expect(change?.sentence).toMatch(/^If rx9070xt worked \(rx9070xt does not answer\) it would be ready about/);
    expect(change?.seconds_sooner).toBeGreaterThan((answer.ready_in ?? 0) * 0.4);
    expect(change?.seconds_sooner).toBeLessThan((answer.ready_in ?? 0) / 2);
    expect(answer.cards).toEqual([
      expect.objectContaining({ gpu: 'rtx3060', takes_it: true, reason: null }),
      expect.objectContaining({ gpu: 'rx9070xt', takes_it: false, reason: 'rx9070xt does not answer', seconds: null }),
    ]);
    // Nothing is said of one that would not help.
    const alone = await explained({ gpus: [await card('rtx3060'), down] });
    expect(alone.sooner.map(({ change }) => change)).not.toContain('card: rx9070xt');
  });

  it('is a model that a card lacks, by the name of its file', async () => {
    const without = await card('rx9070xt', {}, ['other.safetensors']);
    const answer = await explained({ gpus: [await card('rtx3060'), without], rows: [row('older'), row('own')] });
    expect(answer.sooner.find(({ change }) => change === 'model: rx9070xt')?.sentence).toMatch(
      /^If rx9070xt had models\/checkpoints\/m\.safetensors it would be ready about \d+ s sooner/,
    );
    expect(answer.sentences).toContain('Not elsewhere: rx9070xt lacks models/checkpoints/m.safetensors');
  });

  it('is told without a difference where it has no end now', async () => {
    const answer = await explained({ gpus: [await card('rtx3060', { state: 'down', detail: 'rtx3060 is off' })] });
    expect(answer.sooner).toEqual([
      {
        change: 'card: rtx3060',
        seconds_sooner: null,
        sentence: expect.stringMatching(/^If rtx3060 worked \(rtx3060 is off\) it would be ready in about \d+ s$/),
      },
    ]);
    expect(answer).toMatchObject({ gpu: null, starts_in: null, ready_in: null, ahead: [] });
  });

  it('leaves what was asked for as it is', async () => {
    const workflow = (await library).get('anime-still-sd15');
    const made = (changes: Partial<typeof parameters>) =>
      atPreset(workflow, { preset: 'high', parameters: { ...parameters, ...changes } }, 'draft');
    expect(made({})).toMatchObject({ steps: 10, promised: { width: 384, height: 576 } });
    expect(made({ steps: 44 })).toMatchObject({ steps: 44, promised: { width: 384 } });
    // One side that was asked for holds the other.
    expect(made({ width: 704 })).toMatchObject({ steps: 10, promised: { width: 704, height: 960 } });
    expect(made({ width: 704, steps: 44 })).toBeUndefined();
  });
});

describe('where a job is planned', () => {
  it('is told with what other cards would do', async () => {
    const busy = await card('rx9070xt', { state: 'busy' });
    const answer = await explained({
      gpus: [await card('rtx3060'), busy],
      live: [runningOn('rx9070xt', 'runs')],
    });
    expect(answer).toMatchObject({ gpu: 'rtx3060', starts_in: 0, ahead: [] });
    expect(answer.sentences).toContainEqual(expect.stringMatching(/^It is planned for rtx3060, to begin now/));
    expect(answer.sentences).toContainEqual(
      expect.stringMatching(
        /^rx9070xt could take it too, .* ready there in about \d+ s, later than where it is planned$/,
      ),
    );
  });

  it('is told with its deadline, and what was given up for it', async () => {
    const answer = await explained({
      gpus: [await card('rtx3060')],
      job: {
        deadlineAt: new Date(now.getTime() + 1_000),
        givenUp: [{ field: 'steps', asked: 40, given: 30, sentence: '30 steps instead of 40' }],
      },
    });
    expect(answer.deadline_outlook).toBe('unlikely');
    expect(answer.sentences).toContain('It should be ready by 2026-03-01T12:00:01.000Z: it will be late');
    expect(answer.sentences).toContain('Given up for the deadline: 30 steps instead of 40');
  });
});

describe('what happened to a job', () => {
  const failed = Object.assign(runningOn('rtx3060', 'own'), {
    taskId: 'task-own',
    state: 'failed',
    outcome: 'out_of_memory',
    endedAt: now,
    seconds: 4,
    error: { code: 'out_of_memory', message: 'the card ran out of memory', hint: '' },
  });
  const step = {
    step: 'tiled_vae' as const,
    because: 'out_of_memory',
    afterAttempt: 1,
    gpu: 'rtx3060',
    detail: 'decodes in tiles',
    at: now.toISOString(),
  };

  it('is told attempt by attempt, with the steps of recovery and what had been estimated', async () => {
    const second = Object.assign(runningOn('rx9070xt', 'own'), {
      ...{ id: 'a2', taskId: 'task-own', n: 2, state: 'succeeded', endedAt: now, seconds: 31, estimatedSeconds: 28 },
    });
    const answer = await explained({
      gpus: [await card('rtx3060')],
      rows: [],
      tasks: [task({ state: 'done', recovery: [step] })],
      attempts: [failed, second],
      job: {
        state: 'completed',
        startedAt: new Date(now.getTime() + 5_000),
        endedAt: new Date(now.getTime() + 60_000),
      },
    });
    expect(answer.sentences).toEqual([
      'Done',
      'It ended as completed: 60 s after it was asked for; it had waited 5 s for a card',
      'Attempt 1 on rtx3060 ended as out_of_memory after 4 s: the card ran out of memory',
      'After that, because of out of memory: decodes in tiles',
      'Attempt 2 on rx9070xt was rendered and accepted after 31 s (28 s had been estimated)',
    ]);
    expect(answer).toMatchObject({ ahead: [], cards: [], sooner: [], position: null, ready_in: null });
  });

  it('goes on while it runs', async () => {
    const own = Object.assign(runningOn('rtx3060', 'own'), {
      taskId: 'task-own',
      dispatchedAt: new Date(now.getTime() - 5_000),
    });
    const answer = await explained({
      gpus: [await card('rtx3060', { state: 'busy' })],
      rows: [],
      live: [own],
      tasks: [task({ state: 'rendering' })],
      attempts: [own],
      job: { state: 'processing' },
    });
    expect(answer.gpu).toBe('rtx3060');
    expect(answer.sentences).toContain('Attempt 1 was given to rtx3060 5 s ago; 20 s had been estimated');
    expect(answer.ready_in).toBeGreaterThan(1);
    expect(answer.sooner).toEqual([]);
  });
});
