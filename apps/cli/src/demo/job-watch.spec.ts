// Real: HTTP and WebSocket over the loopback. The server is a few lines that answer as the gateway would.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FeedMessage, JobView } from '@tower/contracts';
import { WebSocketServer } from 'ws';
import { ApiClient } from '../api-client';
import { watchJob } from './job-watch';
import { aJob, jobId as id, progress } from './job.fixture';

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
