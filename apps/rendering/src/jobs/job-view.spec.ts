import { join } from 'node:path';
import { repositoryRoot } from '@tower/kit';
import { SampleMemory } from '../estimates/sample-memory';
import { Fleet } from '../scheduling/fleet';
import { WorkflowLibrary } from '../workflows/workflow-library';
import { Gpu } from '../gpus/gpu.entity';
import { Attempt, Job, Task } from './job.entity';
import { toProgressView } from './job-view';

const now = new Date('2026-03-01T12:00:00Z');
const gibibyte = 1024 ** 3;
const library = WorkflowLibrary.read(join(repositoryRoot, 'workflows'));

const attemptIn = (state: Attempt['state'], n = 1): Attempt =>
  Object.assign(new Attempt(), { id: `a${n}`, taskId: 't', jobId: 'j', n, gpu: 'rtx3060', state, dispatchedAt: now, progress: null, outputs: null, plan: { steps: [] }, scores: [], qualitySilentSince: null });

const row = {
  task_id: 't', job_id: 'j', idx: 0, rank: 2, created_at: now, kind: '', workflow: 'anime-still-sd15', model_name: 'm', width: 512, height: 512, steps: 12, frames: 1, excluded_gpus: [], plan: { steps: [] }, recovery: [],
};

async function stageOf(task: Partial<Task>, job: Partial<Job> = {}, attempts: Attempt[] = [], gpus: Gpu[] = []): Promise<string> {
  const fleet = new Fleet({ gpus, live: [], works: new Map(), rows: gpus.length === 0 ? [] : [row], more: false, needs: [], samples: new SampleMemory(), workflows: await library, now, pause: undefined });
  const asked = Object.assign(new Job(), {
    id: 'j', state: 'queued', jobType: 'still_image', workflow: 'anime-still-sd15', modelName: 'm', width: 512, height: 512, steps: 12, count: 1, frames: 1, fps: null, startedAt: null, error: null, parameters: {}, parts: null, ...job,
  });
  const only = Object.assign(new Task(), { id: 't', jobId: 'j', idx: 0, state: 'queued', notBefore: null, wantsModel: null, plan: { steps: [] }, recovery: [], excludedGpus: [], rank: 2, kind: '', createdAt: now }, task);
  return toProgressView({ job: asked, tasks: [only], attempts }, fleet, now).stage;
}

describe('the stage of a job that is under way', () => {
  it.each<[Task['state'], Attempt['state'], string]>([
    ['rendering', 'dispatching', 'Sent to rtx3060'], ['rendering', 'running', 'Sent to rtx3060'], ['rendering', 'collecting', 'Fetching the result from rtx3060'], ['checking', 'checking', 'Checking quality'],
  ])('with its task %s and its attempt %s is no waiting', async (task, attempt, stage) => {
    expect(await stageOf({ state: task }, { state: 'processing' }, [attemptIn(attempt)])).toBe(stage);
  });

  it('between two attempts says which picture goes where, when a card is free for it', async () => {
    const { graph } = (await library).get('anime-still-sd15');
    const nodes = Object.values(graph).map((node) => node.class_type);
    const card = (state: Gpu['state']) => [Object.assign(new Gpu(), { name: 'rtx3060', config: { prefers: ['image'], only: false }, position: 0, state, detail: '', foreignPrompts: 0, inventory: { nodes, checkpoints: ['m'], samplers: [], schedulers: [] } })];
    expect(await stageOf({}, { state: 'processing', count: 4 }, [attemptIn('rejected')], card('idle'))).toBe('Going on with picture 1 of 4 on rtx3060');
    expect(await stageOf({}, { state: 'processing', count: 4 }, [attemptIn('rejected')], card('busy'))).toBe('Waiting: next in line for rtx3060');
    expect(await stageOf({}, { state: 'queued' }, [], card('idle'))).toBe('Waiting: next in line for rtx3060');
  });

  it('never is a waiting for nothing, whatever states meet', async () => {
    const tasks: Task['state'][] = ['queued', 'rendering', 'checking', 'done', 'rejected', 'failed', 'timeout', 'cancelled'];
    const attempts: Attempt['state'][] = ['dispatching', 'running', 'collecting', 'checking', 'succeeded', 'rejected', 'failed', 'lost', 'cancelled'];
    for (const job of ['queued', 'processing', 'quality_check'] as const)
      for (const task of tasks) for (const attempt of attempts) expect(await stageOf({ state: task }, { state: job }, [attemptIn(attempt)])).not.toBe('Waiting');
  });
});

describe('the stage of a task that no card has', () => {
  it('counts what was downloaded of the file that it waits for, not the time until it is looked at again', async () => {
    const wantsModel = { gpu: 'rtx3060', folder: 'vae', name: 'ночь.safetensors', receivedBytes: 1.5 * gibibyte, totalBytes: 4 * gibibyte };
    const notBefore = new Date(now.getTime() + 3_600_000);
    expect(await stageOf({ wantsModel, notBefore })).toBe('Downloading ночь.safetensors to rtx3060: 1.5 GiB of 4.0 GiB');
    expect(await stageOf({ wantsModel: { ...wantsModel, receivedBytes: 0, totalBytes: null }, notBefore })).toBe('Downloading ночь.safetensors to rtx3060: 0 bytes');
  });

  it('says when it is tried again after a loss', async () => {
    expect(await stageOf({ notBefore: new Date(now.getTime() + 4_000) })).toBe('Waiting: the card lost it; tries again in 4 s');
  });
});
