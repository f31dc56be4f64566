import { Inject, Injectable } from '@nestjs/common';
import { LOGGER, type Logger } from '@tower/kit';
import { DataSource } from 'typeorm';
import { ResultsService } from '../attempts/results.service';
import type { Attempt } from '../jobs/attempt.entity';
import { underFence } from '../leadership';
import { RenderingMetrics } from '../rendering.metrics';
import { ProgressPublisher } from '../views/progress-publisher';
import { Announcements } from './announcements';
import type { QualityAnswer } from './quality-questions';

/** Times that an attempt is announced again before its job no longer waits for a verdict. */
const maxRepeats = 3;

/** Decides what becomes of an attempt whose verdict is overdue, when quality has answered. */
@Injectable()
export class VerdictSettlement {
  constructor(
    private readonly db: DataSource,
    private readonly results: ResultsService,
    private readonly announcements: Announcements,
    private readonly progress: ProgressPublisher,
    private readonly metrics: RenderingMetrics,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async settle(fence: string, attempt: Attempt, answer: QualityAnswer): Promise<void> {
    const judged = answer.verdicts.find((verdict) => verdict.attemptId === attempt.id);
    const outcome = judged
      ? 'found'
      : (await this.announcements.mayStillCome(attempt, answer.settled_through))
        ? 'waits'
        : attempt.announcedAgain < maxRepeats
          ? 'announced_again'
          : 'given_up';
    this.metrics.verdictsAsked.inc({ outcome });
    if (outcome === 'waits') return;
    const { jobId, id: attemptId } = attempt;
    this.logger.warn({ jobId, attemptId, outcome, announcedAgain: attempt.announcedAgain }, 'a verdict was overdue');
    await underFence(this.db, fence, async (tx) => {
      if (judged) await this.results.applyVerdict(tx, judged);
      else if (outcome === 'announced_again') await this.results.announceAgain(tx, attempt);
      else
        await this.results.applyVerdict(
          tx,
          { jobId, attemptId, verdict: 'failed', reasons: [noVerdict.code], scores: [] },
          { error: noVerdict },
        );
    });
    this.progress.publish(jobId);
  }
}

const timesTold = maxRepeats + 1;
const noVerdict = {
  code: 'quality_unavailable',
  message: `the quality service answers, but gave no verdict although it was told of the picture ${timesTold} times`,
  hint: 'The picture is kept. GET /api/anime/dead-letters, or tower dead-letters list, says why its check failed.',
};
