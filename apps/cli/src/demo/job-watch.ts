import { setTimeout as sleep } from 'node:timers/promises';
import { feedMessage, isOver, routes, type JobView, type ProgressView } from '@tower/contracts';
import WebSocket from 'ws';
import type { ApiClient } from '../api-client';

/** Milliseconds between two looks: rarely while the live feed speaks, often while it is silent. */
const pollMs = { live: 5_000, silent: 700 };
const silentAfterMs = 2_500;

/**
 * Follows a job to its end and tells every change. The live feed is a hint and may be missing: what counts is what
 * `GET /jobs/{id}` says.
 */
export async function watchJob(
  api: ApiClient,
  job: { id: string; websocketPath: string },
  options: { onProgress: (view: ProgressView) => void; signal: AbortSignal },
): Promise<JobView> {
  const feed = new LiveFeed(api.webSocketUrl(job.websocketPath), options.onProgress);
  try {
    for (;;) {
      options.signal.throwIfAborted();
      const view = await api.call(routes.getJob, { params: { id: job.id } });
      options.onProgress({ ...view, job_id: view.id });
      if (isOver(view.status)) return view;
      await feed.pause(options.signal);
    }
  } finally {
    feed.close();
  }
}

/** One WebSocket that is opened again when it breaks, for as long as somebody waits. */
class LiveFeed {
  private socket: WebSocket | undefined;
  private heardAt = 0;
  /** Events that came since the last look. */
  private hasNews = false;
  private wake: () => void = () => undefined;

  constructor(
    private readonly url: string,
    private readonly onProgress: (view: ProgressView) => void,
  ) {}

  /** Until it is time to look again: at once after a state event. */
  async pause(signal: AbortSignal): Promise<void> {
    if (this.socket === undefined) this.open();
    const isLive = performance.now() - this.heardAt < silentAfterMs;
    const woken = new AbortController();
    this.wake = () => woken.abort();
    if (!this.hasNews)
      await sleep(isLive ? pollMs.live : pollMs.silent, undefined, {
        signal: AbortSignal.any([signal, woken.signal]),
      }).catch(() => undefined);
    this.hasNews = false;
  }

  close(): void {
    this.socket?.removeAllListeners();
    this.socket?.on('error', () => undefined);
    this.socket?.terminate();
  }

  private open(): void {
    const socket = new WebSocket(this.url, { handshakeTimeout: 5_000 });
    this.socket = socket;
    socket.on('message', (data: Buffer) => this.hear(data.toString('utf8')));
    socket.on('error', () => undefined);
    socket.on('close', () => (this.socket = undefined));
  }

  private hear(text: string): void {
    const message = feedMessage.safeParse(jsonOf(text));
    if (!message.success) return;
    this.heardAt = performance.now();
    if (message.data.type === 'progress') this.onProgress(message.data.data);
    if (message.data.type !== 'event') return;
    this.hasNews = true;
    this.wake();
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
