import { Inject, Injectable } from '@nestjs/common';
import { CLOCK, LOGGER, type Clock, type Logger } from '@tower/kit';
import { isReceived, Library, receivedAtMs } from '@tower/library';
import { RenderingMetrics } from '../rendering.metrics';
import { UploadStore } from './upload-store';

/** Days for which an upload that no job names is kept, from when it was sent last. */
export const UPLOAD_KEEP_DAYS = Symbol('UPLOAD_KEEP_DAYS');

const dayMs = 24 * 60 * 60 * 1000;
/** Milliseconds after which a file that still has not arrived is given up: far above what one request may take. */
export const receivingMs = 60 * 60 * 1000;
const everyMs = 60 * 60 * 1000;
/** Files per transaction, which holds the lock over uploads. */
const batch = 200;

export const uploadExpiry = (sentAt: Date, keepDays: number): Date => new Date(sentAt.getTime() + keepDays * dayMs);

/** Deletes uploads that no job named in time, and what was never sent to its end. */
@Injectable()
export class UploadRetention {
  constructor(
    private readonly store: UploadStore,
    private readonly library: Library,
    private readonly metrics: RenderingMetrics,
    @Inject(UPLOAD_KEEP_DAYS) private readonly keepDays: number,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Looks now and then once an hour, until the returned function is called. Several processes may do so at once. */
  start(): () => void {
    const look = (): void =>
      void this.prune().catch((error: unknown) => this.logger.warn({ err: error }, 'deleting unused uploads'));
    look();
    const timer = setInterval(look, everyMs);
    return () => clearInterval(timer);
  }

  /** Returns how many uploads were deleted. */
  async prune(): Promise<number> {
    const names = await this.library.unfinished();
    const begunBefore = this.clock.now().getTime() - receivingMs;
    await this.library.discardUnfinished(names.filter((name) => isReceived(name) && receivedAtMs(name) < begunBefore));
    const sentBefore = new Date(this.clock.now().getTime() - this.keepDays * dayMs);
    let deleted = 0;
    for (let gone = batch; gone === batch; deleted += gone)
      gone = await this.store.deleteUnused(sentBefore, batch, (upload, hasTwin) => this.remove(upload, hasTwin));
    if (deleted > 0) this.logger.info({ uploads: deleted }, 'deleted uploads that no job named');
    this.metrics.uploadsDeleted.inc(deleted);
    return deleted;
  }

  /** A picture of a job that has the same bytes has the same thumbnail. */
  private async remove({ path, sha256 }: { path: string; sha256: string }, hasTwin: boolean): Promise<void> {
    await this.library.remove(path);
    if (!hasTwin) await this.library.removeThumbnail(sha256);
  }
}
