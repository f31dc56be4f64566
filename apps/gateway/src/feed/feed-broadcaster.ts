import { Inject, Injectable } from '@nestjs/common';
import { BusConnection } from '@tower/bus';
import { progressFilter, progressView, type FeedEvent, type FeedMessage, type ProgressView } from '@tower/contracts';
import { NotificationListener } from '@tower/db';
import { CLOCK, describeError, LOGGER, Loop, type Clock, type Logger } from '@tower/kit';
import { DATABASE_URL } from '@tower/service';
import type { Msg } from 'nats';
import { FeedMetrics } from '../gateway.metrics';
import { FeedService } from './feed.service';
import { PreviewRelay, type PreviewReader } from './preview-relay';
import { ProgressRelay } from './progress-relay';

/** Somebody who is told what happens, as ready-made messages. */
export interface FeedReader {
  /** Undefined: everything. */
  readonly jobId: string | undefined;
  take(seq: number, message: string): void;
  takeProgress(message: string): void;
}

/** Milliseconds; a lost notification delays an event by at most this. */
const pollMs = 1_000;
const pageSize = 500;

export const asMessage = (message: FeedMessage): string => JSON.stringify(message);

/** Reads the feed once per process and tells every socket. */
@Injectable()
export class FeedBroadcaster {
  private readonly forAll = new Set<FeedReader>();
  private readonly byJob = new Map<string, Set<FeedReader>>();
  private readonly relay = new ProgressRelay((progress) => this.tellProgress(progress));
  private readonly previews = new PreviewRelay(this.bus, (data) => asMessage({ type: 'preview', data }));
  private readonly loop = new Loop();
  /** Number of the last event that was told. */
  private position = 0;

  constructor(
    private readonly feed: FeedService,
    private readonly bus: BusConnection,
    private readonly metrics: FeedMetrics,
    @Inject(DATABASE_URL) private readonly databaseUrl: string,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async start(): Promise<() => Promise<void>> {
    this.position = (await this.feed.bounds()).latest;
    const listener = new NotificationListener(
      this.databaseUrl,
      'event_feed_gateway',
      () => this.loop.wake(),
      this.logger,
    );
    listener.start();
    const stopListening = this.bus.listen(progressFilter, (message) => this.readProgress(message));
    this.loop.start(() => this.look());
    return async () => {
      // Told first and waited for last, so that nothing is told any more while the rest is taken down.
      const stopped = this.loop.stop();
      stopListening();
      this.relay.stop();
      this.previews.stop();
      await listener.stop();
      await stopped;
    };
  }

  /**
   * From now on the reader is told everything with a higher number than what can be read back now. Returns the way to
   * leave.
   */
  add(reader: FeedReader): () => void {
    const readers = reader.jobId === undefined ? this.forAll : (this.byJob.get(reader.jobId) ?? new Set());
    if (reader.jobId !== undefined) this.byJob.set(reader.jobId, readers);
    readers.add(reader);
    return () => {
      readers.delete(reader);
      if (reader.jobId !== undefined && readers.size === 0 && this.byJob.get(reader.jobId) === readers)
        this.byJob.delete(reader.jobId);
    };
  }

  /** From now on the reader is shown the previews that it wants. Returns the way to leave. */
  showPreviews(reader: PreviewReader): () => void {
    return this.previews.add(reader);
  }

  private async look(): Promise<number> {
    try {
      return (await this.tellNew()) ? 0 : pollMs;
    } catch (error) {
      this.logger.debug(`reading the event feed: ${describeError(error)}`);
      return pollMs;
    }
  }

  /** True when there may be more. */
  private async tellNew(): Promise<boolean> {
    const events = await this.feed.readAfter(this.position, pageSize);
    for (const { seq, event } of events) {
      this.position = seq;
      this.tell(seq, event);
    }
    return events.length === pageSize;
  }

  private tell(seq: number, event: FeedEvent): void {
    if (event.job_id !== null) this.relay.flush(event.job_id);
    this.metrics.position.set(seq);
    this.metrics.lagSeconds.observe(Math.max(0, this.clock.now().getTime() - Date.parse(event.at)) / 1000);
    if (this.forAll.size > 0) {
      const message = asMessage({ type: 'event', seq, event });
      for (const reader of this.forAll) reader.take(seq, message);
    }
    const readers = event.job_id === null ? undefined : this.byJob.get(event.job_id);
    if (readers === undefined || event.job_seq === null) return;
    const message = asMessage({ type: 'event', seq: event.job_seq, event });
    for (const reader of readers) reader.take(event.job_seq, message);
  }

  private readProgress(sent: Msg): void {
    if (this.forAll.size === 0 && this.byJob.size === 0) return;
    const progress = parseProgress(sent.string());
    if (progress !== undefined) this.relay.take(progress);
    else this.logger.debug({ subject: sent.subject }, 'progress that is none');
  }

  private tellProgress(progress: ProgressView): void {
    const readers = [...this.forAll, ...(this.byJob.get(progress.job_id) ?? [])];
    if (readers.length === 0) return;
    const message = asMessage({ type: 'progress', data: progress });
    for (const reader of readers) reader.takeProgress(message);
  }
}

function parseProgress(text: string): ProgressView | undefined {
  try {
    return progressView.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
