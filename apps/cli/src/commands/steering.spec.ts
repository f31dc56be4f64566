// Real: HTTP. The gateway is played; what it is asked is written down.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GpuDetailView } from '@tower/contracts';
import { describeGpu, gpusClaim, gpusDrain, gpusList, gpusRelease, gpusResume, gpusShow } from './steer-gpus';
import {
  jobsOrder,
  jobsPause,
  jobsResume,
  jobsRetry,
  jobsSetDeadline,
  jobsSetPriority,
  jobsUnorder,
} from './steer-jobs';
import { queuePause, queueResume } from './steer-queue';

const id = '01a1fbd7-c04b-718d-89fc-06180000000a';
const other = '01a1fbd7-c04b-718d-89fc-06180000000b';
const moment = '2026-12-01T12:00:00.000Z';
const claim = {
  id,
  gpu: 'rtx3060',
  megabytes: 6_000,
  who: 'Blender',
  since: moment,
  until: '2026-12-01T13:00:00.000Z',
  remaining_seconds: 3_600,
  ended_at: null,
  memory_freed: true,
};
const gpu: GpuDetailView = {
  name: 'rtx3060',
  url: 'http://127.0.0.1:8188',
  vendor: 'nvidia',
  state: 'busy',
  detail: `renders job ${id}`,
  simulated: true,
  comfyui_version: '0.33',
  device: 'cuda:0',
  vram_mb: 12_288,
  vram_free_mb: 4_000,
  prefers: [],
  only: false,
  checkpoints: [],
  current_job_id: id,
  drained: { by: 'Ada', since: moment, reason: 'a new fan' },
  claimed_mb: 6_000,
  foreign_prompts: 0,
  warnings: [],
  last_seen_at: null,
  loaded: [
    { file: 'checkpoints/anime_sd15.safetensors', since: moment },
    { file: 'vae/anime.safetensors', since: null },
  ],
  memory: { total_mb: 12_288, free_mb: 4_000, claimed_mb: 6_000, left_mb: 6_288 },
  claims: [claim],
  running: [
    {
      job_id: id,
      task_id: id,
      attempt_id: id,
      attempt: 1,
      workflow: 'still',
      stage: 'Step 3/12',
      progress: 20,
      since: moment,
      remaining_seconds: 9.6,
      unknown: null,
    },
  ],
  next: [
    {
      job_id: other,
      task_id: other,
      workflow: 'still',
      priority: 'high',
      start_in_seconds: 9.6,
      finish_in_seconds: 20,
      low: 18,
      high: 25,
      basis: 'median',
      unknown: null,
    },
  ],
  next_total: 3,
  last_hour: {
    window_seconds: 3_600,
    attempts: 7,
    busy_share: 0.512,
    idle_with_work_seconds: 12.4,
    model_swaps: null,
    model_swaps_unknown: 'two name none',
    estimates: { judged: 6, within_fifth: 5, in_interval: 6, median_error: 0.034 },
  },
};

let server: Server;
let home: string;
let asked: { method: string; url: string; body?: unknown }[];
const environment = { ...process.env };

beforeEach(async () => {
  asked = [];
  home = mkdtempSync(join(tmpdir(), 'tower-steering-'));
  server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      const url = (request.url ?? '').replace('/api/anime', '');
      asked.push({ method: request.method ?? '', url, ...(text === '' ? {} : { body: JSON.parse(text) as unknown }) });
      response.setHeader('content-type', 'application/json').end(JSON.stringify(answerTo(url)));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  Object.assign(process.env, {
    TOWER_HOME: home,
    TOWER_HOST: '127.0.0.1',
    TOWER_PORT: String((server.address() as AddressInfo).port),
  });
  jest.spyOn(process.stdout, 'write').mockReturnValue(true);
});
afterEach(async () => {
  jest.restoreAllMocks();
  process.env = { ...environment };
  await new Promise((resolve) => server.close(resolve));
  rmSync(home, { recursive: true, force: true });
});

function answerTo(url: string): unknown {
  if (url.startsWith('/gpus?')) return { items: [gpu] };
  if (url.endsWith('/claims')) return claim;
  if (url.includes('/claims?')) return { released: [claim] };
  if (url.includes('/claims/')) return claim;
  if (url.startsWith('/gpus/')) return gpu;
  if (url.startsWith('/queue/order/')) return { job_id: id, withdrawn: [{ job_id: id, before: null, after: other }] };
  if (url.startsWith('/queue/order')) return { job_id: id, before: other, after: null };
  if (url.startsWith('/queue/')) return { paused: null };
  return { code: 'not_played' };
}

const json = true;
const ada = { who: 'Ada', json };

it.each<[string, () => Promise<number>, object]>([
  ['gpus', () => gpusList({ json }), { method: 'GET', url: '/gpus?limit=200' }],
  ['gpus rtx3060', () => gpusShow('rtx3060', { json }), { method: 'GET', url: '/gpus/rtx3060' }],
  [
    'gpus drain',
    () => gpusDrain('rtx3060', { ...ada, reason: 'fan' }),
    { method: 'POST', url: '/gpus/rtx3060/drain', body: { who: 'Ada', reason: 'fan' } },
  ],
  [
    'gpus resume',
    () => gpusResume('rtx3060', ada),
    { method: 'POST', url: '/gpus/rtx3060/resume', body: { who: 'Ada' } },
  ],
  [
    'gpus claim',
    () => gpusClaim('rtx3060', { megabytes: 6_000, seconds: 60, who: 'Blender', json }),
    { method: 'POST', url: '/gpus/rtx3060/claims', body: { megabytes: 6_000, seconds: 60, who: 'Blender' } },
  ],
  [
    'gpus release of one program',
    () => gpusRelease('rtx3060', undefined, { who: 'Blender', json }),
    { method: 'DELETE', url: '/gpus/rtx3060/claims?who=Blender' },
  ],
  [
    'gpus release of one claim',
    () => gpusRelease('rtx3060', id, { json }),
    { method: 'DELETE', url: `/gpus/rtx3060/claims/${id}` },
  ],
  [
    'jobs order',
    () => jobsOrder(id, { before: other }, { json }),
    { method: 'POST', url: '/queue/order', body: { job_id: id, before: other } },
  ],
  ['jobs unorder', () => jobsUnorder(id, { json }), { method: 'DELETE', url: `/queue/order/${id}` }],
  [
    'queue pause',
    () => queuePause({ ...ada, reason: '' }),
    { method: 'POST', url: '/queue/pause', body: { who: 'Ada', reason: '' } },
  ],
  ['queue resume', () => queueResume(ada), { method: 'POST', url: '/queue/resume', body: { who: 'Ada' } }],
])('tower %s asks for that, once, and succeeds', async (_, command, question) => {
  expect(await command()).toBe(0);
  expect(asked).toEqual([question]);
});

it.each<[string, () => Promise<number>, object]>([
  [
    'set-priority',
    () => jobsSetPriority(id, 'urgent', { json }),
    { method: 'PATCH', url: `/jobs/${id}`, body: { priority: 'urgent' } },
  ],
  [
    'set-deadline',
    () => jobsSetDeadline(id, null, { json }),
    { method: 'PATCH', url: `/jobs/${id}`, body: { deadline_at: null } },
  ],
  [
    'pause',
    () => jobsPause(id, { ...ada, reason: '' }),
    { method: 'POST', url: `/jobs/${id}/pause`, body: { who: 'Ada', reason: '' } },
  ],
  ['resume', () => jobsResume(id, ada), { method: 'POST', url: `/jobs/${id}/resume`, body: { who: 'Ada' } }],
  ['retry', () => jobsRetry(id, { json }), { method: 'POST', url: `/jobs/${id}/retry`, body: {} }],
])('tower jobs %s asks for that, and takes no answer that is no job', async (_, command, question) => {
  await expect(command()).rejects.toThrow();
  expect(asked).toEqual([question]);
});

it('tells a person of a card all that there is to know', () => {
  expect(describeGpu(gpu)).toEqual([
    `rtx3060        busy      renders job ${id} (simulated)`,
    `  drained by Ada since ${moment}: a new fan`,
    '  memory: 12288 MiB, 4000 free at the last look, 6000 claimed',
    `  loaded: checkpoints/anime_sd15.safetensors since ${moment}`,
    '  loaded: vae/anime.safetensors, for over an hour',
    `  claim: ${id} Blender 6000 MiB of rtx3060, until 2026-12-01T13:00:00.000Z`,
    `  runs: ${id} Step 3/12, 10 s left`,
    `  next: ${other} still (high), in 10 s, ready in 20 s`,
    '  next: and 2 more',
    '  last hour: 51 % busy with 7 attempts, 12 s idle with work waiting, swaps unknown: two name none',
    '  estimates: off by 3 % (median of 6 attempts), 5 within 20 %, 6 in their interval',
  ]);
});
