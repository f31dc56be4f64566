import type { RenderingStatus } from '@tower/contracts';
import { maxConcurrentJobs, toEchoGpus, workerStatus } from './worker';

type Gpu = RenderingStatus['gpus'][number];

const aGpu = (state: Gpu['state'], name = 'rtx3060', drained: Gpu['drained'] = null): Gpu => ({
  name,
  url: 'http://user:secret@127.0.0.1:8188',
  vendor: 'nvidia',
  state,
  detail: '',
  simulated: false,
  comfyui_version: '0.33',
  device: 'cuda:0 RTX 3060',
  vram_mb: 12288,
  vram_free_mb: 4000,
  prefers: ['video'],
  only: false,
  checkpoints: [],
  current_job_id: null,
  drained,
  claimed_mb: 0,
  foreign_prompts: 0,
  warnings: [],
  last_seen_at: null,
});
const drained = { by: 'Ada', since: '2026-12-01T12:00:00.000Z', reason: 'a new fan' };
const rendering = (...gpus: Gpu[]): RenderingStatus => ({ gpus }) as RenderingStatus;

describe('the status that Echo is told', () => {
  it.each([
    ['degraded', undefined],
    ['degraded', rendering()],
    ['degraded', rendering(aGpu('down'), aGpu('unknown'))],
    ['degraded', rendering(aGpu('idle', 'rtx3060', drained))],
    ['busy', rendering(aGpu('idle', 'rtx3060', drained), aGpu('busy'))],
    ['ready', rendering(aGpu('idle'))],
    ['ready', rendering(aGpu('busy'), aGpu('idle'), aGpu('down'))],
    ['busy', rendering(aGpu('busy'), aGpu('down'))],
    ['busy', rendering(aGpu('shared'))],
  ] as const)('is %s', (status, found) => {
    expect(workerStatus(found)).toBe(status);
  });

  it('counts one job per card that works', () => {
    expect(maxConcurrentJobs(undefined)).toBe(0);
    expect(maxConcurrentJobs(rendering(aGpu('busy'), aGpu('idle'), aGpu('down')))).toBe(2);
  });

  it('describes cards without their addresses', () => {
    expect(toEchoGpus(rendering(aGpu('idle')))).toEqual([
      { name: 'rtx3060', vendor: 'nvidia', device: 'cuda:0 RTX 3060', vram_mb: 12288, state: 'idle', simulated: false },
    ]);
  });
});
