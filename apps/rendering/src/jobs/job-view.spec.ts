import { join } from 'node:path';
import { repositoryRoot } from '@tower/kit';
import { SampleMemory } from '../estimates/sample-memory';
import { Fleet } from '../scheduling/fleet';
import { WorkflowLibrary } from '../workflows/workflow-library';
import { Job, Task } from './job.entity';
import { toProgressView } from './job-view';

const now = new Date('2026-03-01T12:00:00Z');
const gibibyte = 1024 ** 3;

async function stageOf(task: Partial<Task>): Promise<string> {
  const fleet = new Fleet({ gpus: [], live: [], works: new Map(), rows: [], more: false, needs: [], samples: new SampleMemory(), workflows: await WorkflowLibrary.read(join(repositoryRoot, 'workflows')), now, pause: undefined });
  const job = Object.assign(new Job(), { id: 'j', state: 'queued', jobType: 'still_image', count: 1, frames: 1, fps: null, startedAt: null, error: null });
  const waiting = Object.assign(new Task(), { id: 't', jobId: 'j', idx: 0, state: 'queued', notBefore: null, wantsModel: null }, task);
  return toProgressView({ job, tasks: [waiting], attempts: [] }, fleet, now).stage;
}

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
