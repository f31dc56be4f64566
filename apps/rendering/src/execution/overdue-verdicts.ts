import { Inject, Injectable } from '@nestjs/common';
import { CLOCK, type Clock } from '@tower/kit';
import { DataSource } from 'typeorm';
import { WATCH_THRESHOLDS, type WatchThresholds } from '../cards/watch-thresholds';
import { noteQualitySilence } from '../jobs/attempt-store';
import { Attempt } from '../jobs/attempt.entity';
import { underFence } from '../leadership';
import { ProgressPublisher } from '../views/progress-publisher';

/** Attempts per page; what a question to quality allows. */
export const pageSize = 50;

/** Attempts whose verdict should have come by now. */
@Injectable()
export class OverdueVerdicts {
  constructor(
    private readonly db: DataSource,
    private readonly progress: ProgressPublisher,
    @Inject(WATCH_THRESHOLDS) private readonly limits: WatchThresholds,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** The next page of them, by id. */
  after(id: string): Promise<Attempt[]> {
    const before = new Date(this.clock.now().getTime() - this.limits.verdictMs.wait);
    return this.db.manager
      .createQueryBuilder(Attempt, 'attempt')
      .where(
        "attempt.state = 'checking' and attempt.id > :id and " +
          'coalesce(attempt.announced_at, attempt.ended_at) < :before',
        { id, before },
      )
      .orderBy('attempt.id')
      .limit(pageSize)
      .getMany();
  }

  /** What people are told while a job waits; nothing follows from it. */
  async noteSilence(fence: string, attempts: readonly Attempt[], silent: boolean): Promise<void> {
    const changed = attempts.filter((attempt) => (attempt.qualitySilentSince !== null) !== silent);
    if (changed.length === 0) return;
    await underFence(this.db, fence, async (tx) => {
      for (const { id } of changed) await noteQualitySilence(tx, id, silent ? this.clock.now() : null);
    });
    for (const jobId of new Set(changed.map((attempt) => attempt.jobId))) this.progress.publish(jobId);
  }
}
