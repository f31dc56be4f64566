import { Inject, Injectable } from '@nestjs/common';
import { RequestClient } from '@tower/bus';
import { findVerdictsRequest, type OutputOf } from '@tower/contracts';
import { isDatabaseUnavailable } from '@tower/db';
import { CLOCK, describeError, LOGGER, type Clock, type Logger } from '@tower/kit';
import { DataSource } from 'typeorm';
import { ResultsService } from '../attempts/results.service';
import { WATCH_THRESHOLDS, type WatchThresholds } from '../cards/watch-thresholds';
import { noteQualitySilence } from '../jobs/attempt-store';
import { Attempt } from '../jobs/attempt.entity';
import { underFence } from '../leadership';
import { RenderingMetrics } from '../rendering.metrics';
import { ProgressPublisher } from '../views/progress-publisher';

type Answer = OutputOf<typeof findVerdictsRequest>;

/** Attempts per question; what the question allows. */
const pageSize = 50;
/** Times that an attempt is announced again before its job no longer waits for a verdict. */
const maxRepeats = 3;
/**
 * Milliseconds after which an announcement that quality seems not to have come to counts as lost: a stream that was
 * made anew counts from 1.
 */
const staleMs = 6 * 60 * 60 * 1000;
const beforeAllIds = '00000000-0000-0000-0000-000000000000';

/**
 * Looks after attempts whose verdict does not come: the event may have been lost, or quality may have given the attempt
 * up. Quality is asked; a verdict that it has is applied as its event would be, an attempt that it was told of in vain
 * is announced again, and after the third time the job ends with a reason. While quality does not answer, or has not
 * come to the announcement yet, nothing is decided.
 */
@Injectable()
export class VerdictWatch {
  private looking: Promise<void> | undefined;
  private nextLookMs = -Infinity;

  constructor(
    private readonly db: DataSource,
    private readonly results: ResultsService,
    private readonly requests: RequestClient,
    private readonly progress: ProgressPublisher,
    private readonly metrics: RenderingMetrics,
    @Inject(WATCH_THRESHOLDS) private readonly limits: WatchThresholds,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Starts a round in the background when one is due; never rejects. */
  look(fence: string): void {
    if (this.looking !== undefined || this.clock.monotonicMs() < this.nextLookMs) return;
    this.looking = this.round(fence)
      .catch((error: unknown) => {
        const level = isDatabaseUnavailable(error) ? 'debug' : 'warn';
        this.logger[level](`looking for overdue verdicts: ${describeError(error)}`);
      })
      .finally(() => {
        this.looking = undefined;
        this.nextLookMs = this.clock.monotonicMs() + this.limits.verdictMs.askEvery;
      });
  }

  /** Resolves when no round is under way. */
  async idle(): Promise<void> {
    await this.looking;
  }

  private async round(fence: string): Promise<void> {
    for (let after = beforeAllIds; ;) {
      const overdue = await this.overdueAfter(after);
      const last = overdue.at(-1);
      if (last === undefined) return;
      const answer = await this.ask(overdue);
      await this.noteSilence(fence, overdue, answer === undefined);
      if (answer === undefined) return;
      for (const attempt of overdue) await this.settle(fence, attempt, answer);
      if (overdue.length < pageSize) return;
      after = last.id;
    }
  }

  private overdueAfter(id: string): Promise<Attempt[]> {
    const before = new Date(this.clock.now().getTime() - this.limits.verdictMs.wait);
    return this.db.manager
      .createQueryBuilder(Attempt, 'attempt')
      .where(
        "attempt.state = 'checking' and attempt.id > :id and coalesce(attempt.announced_at, attempt.ended_at) < :before",
        { id, before },
      )
      .orderBy('attempt.id')
      .limit(pageSize)
      .getMany();
  }

  /** Undefined when quality does not answer, or answers that it cannot say. */
  private async ask(attempts: readonly Attempt[]): Promise<Answer | undefined> {
    try {
      return await this.requests.ask(findVerdictsRequest, { attempt_ids: attempts.map((attempt) => attempt.id) });
    } catch (error) {
      this.metrics.verdictsAsked.inc({ outcome: 'no_answer' }, attempts.length);
      this.logger.warn(
        { attempts: attempts.length },
        `quality cannot be asked for overdue verdicts: ${describeError(error)}`,
      );
      return undefined;
    }
  }

  /** What people are told while a job waits; nothing follows from it. */
  private async noteSilence(fence: string, attempts: readonly Attempt[], silent: boolean): Promise<void> {
    const changed = attempts.filter((attempt) => (attempt.qualitySilentSince !== null) !== silent);
    if (changed.length === 0) return;
    await underFence(this.db, fence, async (tx) => {
      for (const { id } of changed) await noteQualitySilence(tx, id, silent ? this.clock.now() : null);
    });
    for (const jobId of new Set(changed.map((attempt) => attempt.jobId))) this.progress.publish(jobId);
  }

  private async settle(fence: string, attempt: Attempt, answer: Answer): Promise<void> {
    const judged = answer.verdicts.find((verdict) => verdict.attemptId === attempt.id);
    const outcome = judged
      ? 'found'
      : (await this.mayStillCome(attempt, answer))
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

  /** The announcement has not left yet, or quality has not come to it. */
  private async mayStillCome({ announcedAs, announcedAt }: Attempt, answer: Answer): Promise<boolean> {
    if (announcedAs === null || announcedAt === null) return false;
    const [sent]: { stream_seq: string | null }[] = await this.db.query(
      'select stream_seq from outbox where msg_id = $1',
      [announcedAs],
    );
    if (sent === undefined) return false;
    if (sent.stream_seq === null) return true;
    return (
      Number(sent.stream_seq) > answer.settled_through && this.clock.now().getTime() - announcedAt.getTime() < staleMs
    );
  }
}

const noVerdict = {
  code: 'quality_unavailable',
  message: `the quality service answers, but gave no verdict although it was told of the picture ${maxRepeats + 1} times`,
  hint: 'The picture is kept. GET /api/anime/dead-letters, or tower dead-letters list, says why its check failed.',
};
