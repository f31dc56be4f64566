import { Inject, Injectable } from '@nestjs/common';
import { BusConnection } from '@tower/bus';
import { progressSubject } from '@tower/contracts';
import { describeError, LOGGER, type Logger } from '@tower/kit';
import { DataSource } from 'typeorm';
import { noteProgress } from '../jobs/attempt-store';
import type { AttemptProgress } from '../jobs/attempt.entity';
import { JobsReader } from './jobs.reader';

/** Milliseconds between two messages about one job. */
const everyMs = 250;

/**
 * Says on core NATS, best effort, how jobs come along; what it says is what `GET /jobs/{id}` says, because both are
 * read from the database.
 */
@Injectable()
export class ProgressPublisher {
  private readonly timers = new Map<string, NodeJS.Timeout>();
  private readonly notes = new Map<string, { jobId: string; progress: AttemptProgress }>();

  constructor(
    private readonly db: DataSource,
    private readonly bus: BusConnection,
    private readonly reader: JobsReader,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Takes up an attempt's progress; written and announced together a moment later. */
  note(jobId: string, attemptId: string, progress: AttemptProgress): void {
    this.notes.set(attemptId, { jobId, progress });
    this.publish(jobId);
  }

  publish(jobId: string): void {
    if (this.timers.has(jobId)) return;
    this.timers.set(
      jobId,
      setTimeout(() => void this.flush(jobId), everyMs),
    );
  }

  private async flush(jobId: string): Promise<void> {
    this.timers.delete(jobId);
    try {
      for (const [attemptId, note] of this.notes) {
        if (note.jobId !== jobId) continue;
        this.notes.delete(attemptId);
        // Not under a fence: nothing follows from it, and whoever leads next says the next of it.
        await noteProgress(this.db.manager, attemptId, note.progress);
      }
      this.bus.publishHint(progressSubject(jobId), await this.reader.progress(jobId));
    } catch (error) {
      this.logger.debug(`progress of job ${jobId}: ${describeError(error)}`);
    }
  }
}
