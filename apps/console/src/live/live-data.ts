import type { QueryClient } from '@tanstack/react-query';
import { jobQuery, type JobFilter, type JobPages } from '../api/queries';
import { summaryOf, withJob } from '../jobs/job-lists';
import { jobStates } from '../jobs/job-states';
import { LiveFeed, type Link, type Socket } from './feed';
import { touchedBy, TouchedSince } from './invalidation';
import { PreviewStore, type Addresses } from './preview-store';
import { ProgressStore } from './progress-store';

/** Milliseconds in which events are collected, so that a burst is read once. */
const collectMs = 150;
/** The same after so much has changed at once that whole lists were read. */
const stormMs = 1_500;
/** Jobs that are read one by one; when more have changed, the lists are read anew. */
const maxSingleReads = 12;

/** Milliseconds for which a job is kept that no view shows. */
const unwatchedMs = 10_000;

/** How the page stands with the feed, for whoever shows it. */
export class LinkStore {
  private link: Link = { state: 'connecting' };
  private readonly listeners = new Set<() => void>();

  set(link: Link): void {
    this.link = link;
    this.listeners.forEach((listener) => listener());
  }

  readonly get = (): Link => this.link;
  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };
}

/** Keeps what the page has read as fresh as the feed allows: each event has what it touches read again. */
export class LiveData {
  readonly link = new LinkStore();
  readonly progress = new ProgressStore();
  readonly previews = new PreviewStore(blobAddresses, (isWanted) => this.feed.wantPreviews(isWanted));
  private readonly touched = new TouchedSince();
  private readonly feed: LiveFeed;
  private flushing: ReturnType<typeof setTimeout> | undefined;
  private collectingMs = collectMs;

  constructor(private readonly queries: QueryClient) {
    const world = {
      open: openSocket,
      nowMs: () => Date.now(),
      later: (delayMs: number, call: () => void) => {
        const timer = setTimeout(call, delayMs);
        return () => clearTimeout(timer);
      },
    };
    this.feed = new LiveFeed(world, {
      onLink: (link) => this.link.set(link),
      onEvent: (event) => this.touch(touchedBy(event)),
      onProgress: (progress) => this.progress.put(progress),
      onPreview: (preview) => this.previews.put(preview),
      onCaughtUp: () => this.readAnew(),
    });
  }

  /** Follows the feed until the returned function is called. */
  start(): () => void {
    this.feed.start();
    const onOnline = (): void => this.feed.renew();
    // A socket that slept may be dead without anybody knowing; a new one costs a moment.
    let hiddenAtMs = 0;
    const onVisibility = (): void => {
      if (document.visibilityState === 'hidden') hiddenAtMs = Date.now();
      else if (Date.now() - hiddenAtMs > 30_000) this.feed.renew();
    };
    addEventListener('online', onOnline);
    document.addEventListener('visibilitychange', onVisibility);
    return () => {
      removeEventListener('online', onOnline);
      document.removeEventListener('visibilitychange', onVisibility);
      clearTimeout(this.flushing);
      this.feed.stop();
    };
  }

  private touch(touched: ReturnType<typeof touchedBy>): void {
    this.touched.add(touched);
    if (this.touched.isEmpty) return;
    this.flushing ??= setTimeout(() => {
      this.flushing = undefined;
      this.flush();
    }, this.collectingMs);
  }

  private flush(): void {
    const { jobIds, lists } = this.touched.take();
    for (const list of lists) void this.queries.invalidateQueries({ queryKey: [list] });
    const isStorm = jobIds.length > maxSingleReads;
    this.collectingMs = isStorm ? stormMs : collectMs;
    if (isStorm) void this.queries.invalidateQueries({ queryKey: ['jobs'] });
    else for (const id of jobIds) void this.readJob(id);
    if (isStorm) for (const id of jobIds) void this.queries.invalidateQueries({ queryKey: ['job', id], exact: true });
    for (const id of jobIds) void this.queries.invalidateQueries({ queryKey: ['job', id], predicate: isBelowJob });
  }

  private async readJob(id: string): Promise<void> {
    try {
      const job = await this.queries.fetchQuery({ ...jobQuery(id), staleTime: 0, gcTime: unwatchedMs });
      if (jobStates[job.status].isOver) this.progress.forget(id);
      const line = summaryOf(job);
      const lists = this.queries.getQueriesData<JobPages>({ queryKey: ['jobs'] });
      for (const [key, pages] of lists)
        if (pages !== undefined) this.queries.setQueryData(key, withJob(pages, line, filterOf(key)));
    } catch {
      // The lists are read anew by whoever shows them; they say why they cannot be.
      void this.queries.invalidateQueries({ queryKey: ['jobs'] });
    }
  }

  /** After the feed was away: what was told meanwhile comes by events, but what failed to be read does not. */
  private readAnew(): void {
    this.progress.forgetAll();
    void this.queries.invalidateQueries();
  }
}

const blobAddresses: Addresses = {
  make: (bytes, type) => URL.createObjectURL(new Blob([bytes], { type })),
  giveBack: (address) => URL.revokeObjectURL(address),
};

function openSocket(path: string): Socket {
  const real = new WebSocket(new URL(path, location.href.replace(/^http/, 'ws')));
  const socket: Socket = { onmessage: null, onclose: null, send: (text) => real.send(text), close: () => real.close() };
  real.onmessage = (message) => socket.onmessage?.(message);
  real.onclose = () => socket.onclose?.();
  return socket;
}

/** What hangs on a job, but not the job itself, which is read by `readJob`. */
const isBelowJob = ({ queryKey }: { queryKey: readonly unknown[] }): boolean => queryKey.length > 2;

const filterOf = (key: readonly unknown[]): JobFilter => (key[1] ?? {}) as JobFilter;
