import { setTimeout as sleep } from 'node:timers/promises';
import { feedClosed, progressView, type FeedMessage, type JobView, type ProgressView } from '@tower/contracts';
import { toDatabaseError } from '@tower/db';
import { toAppError, towerVersion, type AppError, type Logger } from '@tower/kit';
import { WebSocket } from 'ws';
import type { FeedMetrics } from '../gateway.metrics';
import { asMessage, type FeedReader } from './feed-broadcaster';
import type { NumberedEvent } from './feed.service';

/** Bytes that wait for a reader: from here on it gets no preview, … */
const noPreviewAbove = 64 * 1024;
/** … from here on no progress, … */
const noProgressAbove = 1024 * 1024;
/** … and from here on it is told to come back later with `since`. */
const closeAbove = 8 * 1024 * 1024;
/** Events that may happen while a reader catches up on its last page. */
const maxHeld = 10_000;
const pageSize = 500;
const maxMissedPings = 2;

/** Close codes of RFC 6455 and its registry. */
const goingAway = 1001;
const tryAgainLater = 1013;

/** Where a reader's events come from and how they are counted: the whole feed, or one job's own sequence. */
export interface FeedSource {
  readonly jobId: string | undefined;
  bounds(): Promise<{ latest: number; oldest: number }>;
  readAfter(seq: number, limit: number): Promise<NumberedEvent[]>;
  /** The job as it is now; undefined for the whole feed. */
  readonly job: (() => Promise<JobView>) | undefined;
}

/** One client of the live feed. No event between `since` and now is left out and none comes twice. */
export class FeedSocket implements FeedReader {
  readonly jobId: string | undefined;
  private cursor = 0;
  /** Events that come in while older ones are still being read back; undefined once the reader is up to date. */
  private held: { seq: number; message: string }[] | undefined = [];
  private missedPings = 0;

  constructor(
    private readonly socket: WebSocket,
    private readonly source: FeedSource,
    private readonly metrics: FeedMetrics,
    private readonly logger: Logger,
  ) {
    this.jobId = source.jobId;
    socket.on('pong', () => (this.missedPings = 0));
  }

  /** Greets, replays and goes live. `join` makes the hub tell this reader; what it tells meanwhile is held back. */
  async serve(since: number | undefined, join: () => void): Promise<void> {
    try {
      const { latest, oldest } = await this.source.bounds();
      this.send(asMessage({ type: 'hello', version: towerVersion, latest_seq: latest, oldest_seq: oldest }));
      if (this.source.job !== undefined)
        this.send(asMessage({ type: 'progress', data: toProgressView(await this.source.job()) }));
      // Of one job everything is told; of the whole feed, without `since`, only what is new.
      this.cursor = since ?? (this.jobId === undefined ? latest : 0);
      while (await this.replayPage());
      join();
      // Once more: what was committed before the hub knew this reader can be read back now.
      while (await this.replayPage());
      this.goLive();
    } catch (error) {
      this.giveUp(toAppError(toDatabaseError(error)));
    }
  }

  take(seq: number, message: string): void {
    if (this.held !== undefined) this.hold(seq, message);
    else if (seq > this.cursor) this.sendEvent(seq, message);
  }

  takeProgress(message: string): void {
    if (this.held !== undefined) return;
    if (this.socket.bufferedAmount > noProgressAbove) this.metrics.droppedProgress.inc();
    else this.send(message);
  }

  /** Never more than one of them waits for a slow reader: events come first. */
  takePreview(message: string): void {
    if (this.held !== undefined) return;
    if (this.socket.bufferedAmount > noPreviewAbove) this.metrics.droppedPreviews.inc();
    else {
      this.send(message);
      this.metrics.previews.inc();
    }
  }

  /** What is said to the client in answer; nothing while it does not read. */
  answer(message: FeedMessage): void {
    if (this.socket.bufferedAmount <= noProgressAbove) this.send(asMessage(message));
  }

  ping(): void {
    if (this.socket.readyState !== WebSocket.OPEN) return;
    if (this.missedPings >= maxMissedPings) {
      this.socket.terminate();
      return;
    }
    this.missedPings += 1;
    this.socket.ping();
  }

  sayGoodbye(): void {
    this.socket.close(goingAway, 'the gateway is stopping; come back with since');
  }

  private hold(seq: number, message: string): void {
    this.held?.push({ seq, message });
    if ((this.held?.length ?? 0) > maxHeld) this.closeSlow();
  }

  private goLive(): void {
    this.send(asMessage({ type: 'caught_up', seq: this.cursor }));
    const held = this.held ?? [];
    this.held = undefined;
    for (const { seq, message } of held) this.take(seq, message);
  }

  /** True when there may be more. Waits for a slow reader instead of piling up what is safe in the database. */
  private async replayPage(): Promise<boolean> {
    while (this.socket.readyState === WebSocket.OPEN && this.socket.bufferedAmount > noProgressAbove) await sleep(20);
    if (this.socket.readyState !== WebSocket.OPEN) return false;
    const events = await this.source.readAfter(this.cursor, pageSize);
    for (const { seq, event } of events) {
      const number = this.jobId === undefined ? seq : (event.job_seq ?? 0);
      this.sendEvent(number, asMessage({ type: 'event', seq: number, event }));
    }
    return events.length === pageSize;
  }

  private sendEvent(seq: number, message: string): void {
    if (this.socket.readyState !== WebSocket.OPEN) return;
    if (this.socket.bufferedAmount > closeAbove) {
      this.closeSlow();
      return;
    }
    this.cursor = seq;
    this.send(message);
  }

  private closeSlow(): void {
    if (this.socket.readyState !== WebSocket.OPEN) return;
    this.metrics.slowSocketsClosed.inc();
    this.socket.close(tryAgainLater, 'reading too slowly; come back with since');
  }

  private send(message: string): void {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(message);
  }

  private giveUp(error: AppError): void {
    if (error.kind === 'internal') this.logger.error({ err: error, cause: error.options.cause }, 'serving a websocket');
    this.send(asMessage({ type: 'error', code: error.code, message: error.message }));
    if (error.kind === 'not_found') this.socket.close(feedClosed.jobNotFound, error.code);
    else this.socket.close(tryAgainLater, error.code);
  }
}

/** What the job's progress messages would say now. */
const toProgressView = (job: JobView): ProgressView => progressView.parse({ ...job, job_id: job.id });
