import { join } from 'node:path';
import type { ProgressView } from '@tower/contracts';
import { repositoryRoot } from '@tower/kit';
import { Gpu } from '../cards/card.entity';
import { Attempt } from '../jobs/attempt.entity';
import { Job } from '../jobs/job.entity';
import { Task } from '../jobs/task.entity';
import { LearntTimes } from '../planning/estimates/learnt-times';
import { Snapshot } from '../planning/snapshot';
import { Catalogue } from '../workflows/catalogue';
import { RequirementsCache } from '../workflows/compatibility/requirements-cache';
import { toProgressView } from './job-view';

const now = new Date('2026-03-01T12:00:00Z');
const gibibyte = 1024 ** 3;
const library = Catalogue.read(join(repositoryRoot, 'workflows'));

const attemptIn = (state: Attempt['state'], n = 1): Attempt =>
  Object.assign(new Attempt(), {
    id: `a${n}`,
    taskId: 't',
    jobId: 'j',
    n,
    gpu: 'rtx3060',
    state,
    slot: 0,
    prefetched: false,
    dispatchedAt: now,
    models: [],
    missing: [],
    progress: null,
    outputs: null,
    plan: { steps: [] },
    scores: [],
    qualitySilentSince: null,
  });

const row = {
  task_id: 't',
  job_id: 'j',
  idx: 0,
  rank: 2,
  created_at: now,
  kind: '',
  workflow: 'anime-still-sd15',
  model_name: 'm',
  width: 512,
  height: 512,
  steps: 12,
  frames: 1,
  excluded_gpus: [],
  plan: { steps: [] },
  recovery: [],
};

const stageOf = async (...args: Parameters<typeof viewOf>): Promise<string> => (await viewOf(...args)).stage;

async function viewOf(
  task: Partial<Task>,
  job: Partial<Job> = {},
  attempts: Attempt[] = [],
  gpus: Gpu[] = [],
  live: Attempt[] = [],
): Promise<ProgressView> {
  const snapshot = new Snapshot({
    gpus,
    live,
    works: new Map(
      live.map((attempt) => [
        attempt.id,
        { workflow: 'anime-still-sd15', width: 512, height: 512, frames: 1, steps: 12 },
      ]),
    ),
    rows: gpus.length === 0 ? [] : [row],
    more: false,
    needs: [],
    times: new LearntTimes(await library),
    workflows: await library,
    requirements: new RequirementsCache(),
    now,
    pause: undefined,
  });
  const asked = Object.assign(new Job(), {
    id: 'j',
    state: 'queued',
    jobType: 'still_image',
    workflow: 'anime-still-sd15',
    modelName: 'm',
    width: 512,
    height: 512,
    steps: 12,
    count: 1,
    frames: 1,
    fps: null,
    startedAt: null,
    error: null,
    parameters: {},
    parts: null,
    ...job,
  });
  const only = Object.assign(
    new Task(),
    {
      id: 't',
      jobId: 'j',
      idx: 0,
      state: 'queued',
      notBefore: null,
      wantsModel: null,
      plan: { steps: [] },
      recovery: [],
      excludedGpus: [],
      rank: 2,
      kind: '',
      createdAt: now,
    },
    task,
  );
  return toProgressView({ job: asked, tasks: [only], attempts }, snapshot, now);
}

/** The only card, which has what the workflow needs. */
async function card(state: Gpu['state'], changes: Partial<Gpu> = {}): Promise<Gpu[]> {
  const { graph } = (await library).get('anime-still-sd15');
  const nodes = Object.values(graph).map((node) => node.class_type);
  const inventory = { nodes, checkpoints: ['m'], samplers: [], schedulers: [] };
  return [
    Object.assign(new Gpu(), {
      name: 'rtx3060',
      config: { prefers: ['image'], only: false },
      position: 0,
      state,
      detail: '',
      foreignPrompts: 0,
      inventory,
      ...changes,
    }),
  ];
}

describe('the times of a job', () => {
  it('behind what somebody else queued are unknown but for the least of its own work', async () => {
    const { estimate } = await viewOf({}, {}, [], await card('shared', { foreignPrompts: 700 }));
    expect(estimate).toMatchObject({ remaining_seconds: null, finish_at: null, high: null, confidence: null });
    expect(estimate.low).toBeGreaterThan(0);
    expect(estimate.basis).toMatch(
      /^unknown: how long 700 prompts that somebody else queued take on rtx3060; at least [\d.]+ s \(/,
    );
  });

  it('that was sent and waits in the queue of its card are as little known, and its place there is told', async () => {
    const attempt = Object.assign(attemptIn('running'), {
      progress: {
        stage: 'Waiting in the queue of rtx3060: 700 prompts are before it',
        percent: 0,
        step: null,
        totalSteps: null,
        ahead: 700,
      },
    });
    const view = await viewOf(
      { state: 'rendering' },
      { state: 'processing' },
      [attempt],
      await card('busy', { foreignPrompts: 700 }),
      [attempt],
    );
    expect(view).toMatchObject({
      gpu_queue_position: 701,
      stage: 'Waiting in the queue of rtx3060: 700 prompts are before it',
    });
    expect(view.estimate).toMatchObject({ remaining_seconds: null, high: null });
    expect(view.estimate.basis).toMatch(
      /^unknown: how long 700 prompts before it in the queue of rtx3060 take; at least/,
    );
  });

  it('begin when it runs, not when it was sent to wait there', async () => {
    const sent = new Date(now.getTime() - 600_000);
    const attempt = Object.assign(attemptIn('running'), {
      dispatchedAt: sent,
      progress: { stage: 'x', percent: 0, step: null, totalSteps: null, beganAt: now.toISOString() },
    });
    const { estimate } = await viewOf({ state: 'rendering' }, { state: 'processing' }, [attempt], await card('busy'), [
      attempt,
    ]);
    expect(estimate.remaining_seconds).toBeGreaterThan(1);
  });

  it('widen while what runs on the card takes longer than it should', async () => {
    const slow = Object.assign(attemptIn('running', 9), {
      taskId: 'other',
      dispatchedAt: new Date(now.getTime() - 3_600_000),
    });
    const { estimate } = await viewOf({}, {}, [], await card('busy'), [slow]);
    expect(estimate).toMatchObject({ remaining_seconds: null, high: null, confidence: null });
    expect(estimate.basis).toMatch(
      new RegExp(
        '^unknown: it takes longer than the .* s that it should need at most; at least .*' +
          String.raw`what runs on rtx3060 takes [\d.]+ times as long`,
      ),
    );
  });

  it('are told of the card that works on it already, where the task was read a moment before', async () => {
    const { estimate } = await viewOf({}, {}, [], await card('busy'), [attemptIn('running')]);
    expect(estimate.remaining_seconds).toBeGreaterThan(1);
  });

  it('say of each card why it cannot, where none can', async () => {
    const basisWith = async (state: Gpu['state'], detail: string): Promise<string> =>
      (await viewOf({}, {}, [], await card(state, { detail }))).estimate.basis;
    expect(await basisWith('unknown', 'not asked yet')).toBe('unknown: rtx3060 has not been asked yet');
    expect(await basisWith('down', 'rtx3060 answers 401 to GET /queue')).toBe(
      'unknown: rtx3060 answers 401 to GET /queue',
    );
    expect(await basisWith('unhealthy', 'restart this ComfyUI')).toBe('unknown: rtx3060: restart this ComfyUI');
  });
});

describe('the progress of a job that is over', () => {
  it.each<[Task['state'], Job['state'], number]>([
    ['done', 'completed', 100],
    ['rejected', 'rejected', 100],
    ['cancelled', 'cancelled', 42],
    ['failed', 'failed', 42],
    ['timeout', 'timeout', 42],
  ])('of a task that is %s is what was reached', async (task, job, progress) => {
    const attempt = Object.assign(attemptIn('cancelled'), {
      progress: { stage: 'x', percent: 42, step: 1, totalSteps: 2 },
    });
    expect((await viewOf({ state: task }, { state: job }, [attempt])).progress).toBe(progress);
  });

  it('that never began is nothing', async () => {
    expect((await viewOf({ state: 'cancelled' }, { state: 'cancelled' })).progress).toBe(0);
  });
});

describe('the stage of a job that is under way', () => {
  it.each<[Task['state'], Attempt['state'], string]>([
    ['rendering', 'dispatching', 'Sent to rtx3060'],
    ['rendering', 'running', 'Sent to rtx3060'],
    ['rendering', 'collecting', 'Fetching the result from rtx3060'],
    ['checking', 'checking', 'Checking quality'],
  ])('with its task %s and its attempt %s is no waiting', async (task, attempt, stage) => {
    expect(await stageOf({ state: task }, { state: 'processing' }, [attemptIn(attempt)])).toBe(stage);
  });

  it('between two attempts says which picture goes where, when a card is free for it', async () => {
    expect(await stageOf({}, { state: 'processing', count: 4 }, [attemptIn('rejected')], await card('idle'))).toBe(
      'Going on with picture 1 of 4 on rtx3060',
    );
    expect(await stageOf({}, { state: 'processing', count: 4 }, [attemptIn('rejected')], await card('busy'))).toBe(
      'Waiting: next in line for rtx3060',
    );
    expect(await stageOf({}, { state: 'queued' }, [], await card('idle'))).toBe('Waiting: next in line for rtx3060');
  });

  it('never is a waiting for nothing, whatever states meet', async () => {
    const tasks: Task['state'][] = [
      'queued',
      'rendering',
      'checking',
      'done',
      'rejected',
      'failed',
      'timeout',
      'cancelled',
    ];
    const attempts: Attempt['state'][] = [
      'dispatching',
      'running',
      'collecting',
      'checking',
      'succeeded',
      'rejected',
      'failed',
      'lost',
      'cancelled',
    ];
    for (const job of ['queued', 'processing', 'quality_check'] as const)
      for (const task of tasks)
        for (const attempt of attempts)
          expect(await stageOf({ state: task }, { state: job }, [attemptIn(attempt)])).not.toBe('Waiting');
  });
});

describe('the stage of a job whose card is in trouble', () => {
  const trouble = { detail: 'rtx3060 answers 401 to GET /queue' };

  it('says what the card says, before it was sent and after', async () => {
    expect(await stageOf({}, {}, [], await card('down', trouble))).toBe('Waiting: rtx3060 answers 401 to GET /queue');
    expect(
      await stageOf(
        { state: 'rendering' },
        { state: 'processing' },
        [attemptIn('running')],
        await card('down', trouble),
      ),
    ).toBe('rtx3060 answers 401 to GET /queue; waiting for it to come back');
  });
});

describe('the stage of a task that no card has', () => {
  it('counts what was downloaded of the file that it waits for, not the time until it is looked at again', async () => {
    const wantsModel = {
      gpu: 'rtx3060',
      folder: 'vae',
      name: 'ночь.safetensors',
      receivedBytes: 1.5 * gibibyte,
      totalBytes: 4 * gibibyte,
    };
    const notBefore = new Date(now.getTime() + 3_600_000);
    expect(await stageOf({ wantsModel, notBefore })).toBe(
      'Downloading ночь.safetensors to rtx3060: 1.5 GiB of 4.0 GiB',
    );
    expect(await stageOf({ wantsModel: { ...wantsModel, receivedBytes: 0, totalBytes: null }, notBefore })).toBe(
      'Downloading ночь.safetensors to rtx3060: 0 bytes',
    );
  });

  it('says when it is tried again after a loss', async () => {
    expect(await stageOf({ notBefore: new Date(now.getTime() + 4_000) })).toBe(
      'Waiting: the card lost it; tries again in 4 s',
    );
  });
});
