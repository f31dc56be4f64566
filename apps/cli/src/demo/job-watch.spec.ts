// Real: HTTP and WebSocket over the loopback. The server is a few lines that answer as the gateway would.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FeedMessage, JobView, ProgressView } from '@tower/contracts';
import { WebSocketServer } from 'ws';
import { ApiClient } from '../api-client';
import { watchJob } from './job-watch';

const id = '01890000-0000-7000-8000-000000000000';
const estimate = {
  start_at: null,
  finish_at: null,
  remaining_seconds: null,
  low: null,
  high: null,
  p80: null,
  confidence: null,
  basis: '',
};
const progress: ProgressView = {
  job_id: id,
  status: 'processing',
  stage: 'Sampling',
  progress: 10,
  step: 1,
  total_steps: 10,
  images_complete: 0,
  images_total: 1,
  frames_complete: null,
  frames_total: null,
  gpu: 'rtx3060',
  gpus: ['rtx3060'],
  gpu_queue_position: null,
  estimate,
};
const aJob = (job: Partial<JobView>): JobView => {
  const { job_id: _, ...view } = progress;
  return {
    ...view,
    id,
    project_id: id,
    character_ids: [],
    job_type: 'still_image',
    workflow: 'w',
    preset: 'standard',
    priority: 'normal',
    prompt: 'p',
    negative_prompt: '',
    full_prompt: 'p',
    full_negative_prompt: '',
    dynamic_prompts: true,
    model_name: 'm',
    width: 64,
    height: 64,
    steps: 1,
    cfg_scale: 1,
    sampler_name: 's',
    scheduler: 's',
    frame_count: 1,
    fps: null,
    warnings: [],
    seed: 1,
    count: 1,
    parameters: {},
    loras: [],
    references: [],
    controlnets: [],
    images: {},
    allow_degrade: false,
    auto_quality_check: true,
    max_regenerations: 0,
    only_gpu: null,
    calibration: false,
    deadline_at: null,
    deadline_outlook: null,
    given_up: [],
    paused: null,
    retry_of: null,
    created_at: '2026-11-21T00:00:00.000Z',
    queued_at: null,
    started_at: null,
    rendered_at: null,
    ended_at: null,
    total_seconds: null,
    attempt: 1,
    scores: [],
    error: null,
    tasks: [],
    ...job,
  };
};

describe('watchJob', () => {
  let server: Server;
  let sockets: WebSocketServer | undefined;
  let looks: number;
  let job: JobView;
  let api: ApiClient;
  const seen: number[] = [];
  const watch = (): Promise<JobView> =>
    watchJob(
      api,
      { id, websocketPath: `/ws/jobs/${id}` },
      { onProgress: (view) => seen.push(view.progress), signal: new AbortController().signal },
    );
  const tell = (message: FeedMessage): void =>
    sockets?.clients.forEach((client) => client.send(JSON.stringify(message)));

  beforeEach(async () => {
    looks = 0;
    seen.splice(0);
    job = aJob({});
    server = createServer((request, response) => {
      if (request.url?.startsWith('/api/anime/jobs/')) looks += 1;
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(job));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    api = new ApiClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, { patienceMs: 1_000 });
  });
  afterEach(() => {
    sockets?.clients.forEach((client) => client.terminate());
    sockets?.close();
    sockets = undefined;
    server.closeAllConnections();
    server.close();
  });

  it('passes progress on from the live feed, and looks at once when something happened', async () => {
    sockets = new WebSocketServer({ server });
    const connected = new Promise<void>((resolve) => sockets?.on('connection', () => resolve()));
    const watched = watch();
    await connected;
    tell({ type: 'hello', version: '1', latest_seq: 0, oldest_seq: 0 });
    tell({ type: 'progress', data: { ...progress, progress: 55 } });
    sockets.clients.forEach((client) => client.send('not even JSON'));
    job = aJob({ status: 'completed', progress: 100 });
    const startedAt = performance.now();
    tell({
      type: 'event',
      seq: 1,
      event: {
        id,
        type: 'rendering.v1.job_completed',
        at: '2026-11-21T00:00:00.000Z',
        project_id: id,
        job_id: id,
        job_seq: 1,
        data: {},
      },
    });
    expect((await watched).status).toBe('completed');
    expect(performance.now() - startedAt).toBeLessThan(600);
    expect(seen).toEqual([10, 55, 100]);
    expect(looks).toBe(2);
  });

  it('works without a live feed, by looking', async () => {
    const watched = watch();
    setTimeout(
      () => (job = aJob({ status: 'failed', progress: 40, error: { code: 'c', message: 'm', hint: 'h' } })),
      100,
    );
    expect((await watched).error).toMatchObject({ code: 'c' });
    expect(looks).toBe(2);
  });
});
