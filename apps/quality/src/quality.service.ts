import { Inject, Injectable } from '@nestjs/common';
import type { Delivery } from '@tower/bus';
import { attemptJudged, type attemptRendered, type DataOf, type EventOf, type ScoreView } from '@tower/contracts';
import { handleOnce, Outbox, wasHandled } from '@tower/db';
import { CLOCK, LOGGER, newId, type Clock, type Logger } from '@tower/kit';
import { DataSource, type EntityManager } from 'typeorm';
import { FileFindings } from './file-findings';
import { QualityMetrics } from './quality.metrics';
import { decideVerdict, scoreFile, toScoreRow, worstScores, type Expectation, type FileScore } from './verdict';
import { QualityScore, ThresholdRow, Verdict } from './verdict.entity';

const consumer = 'quality';

/** What was found of an attempt. */
interface Judgement {
  verdict: Verdict;
  /** The worst of all files, as it is announced. */
  scores: ScoreView[];
  fileScores: FileScore[];
}

/** Gives verdicts. */
@Injectable()
export class QualityService {
  constructor(
    private readonly db: DataSource,
    private readonly outbox: Outbox,
    private readonly findings: FileFindings,
    private readonly metrics: QualityMetrics,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * Measures an attempt's files and announces the verdict, once. A file that is not there, or not whole, yet is waited
   * for by redelivery; on the last one the attempt fails with `file_missing`, because a dead letter would leave its job
   * waiting for a verdict that nobody gives.
   */
  async judge(
    { id: eventId, correlationId, data }: EventOf<typeof attemptRendered>,
    delivery: Delivery,
  ): Promise<void> {
    if (!data.judge) return;
    if (await wasHandled(this.db, consumer, eventId)) return;
    // Announced again because no verdict came: the verdict stays, and whoever asks for it gets it.
    if (await this.db.manager.existsBy(Verdict, { attemptId: data.attemptId })) return;
    const judgement = await this.verdictOn(data, await this.currentThresholds(), delivery);
    let isAnnounced = false;
    await handleOnce(this.db, consumer, eventId, async (tx) => {
      isAnnounced = await this.announce(tx, judgement, { correlationId, causationId: eventId });
    });
    if (!isAnnounced) return;
    const { jobId, attemptId, outcome, reasons } = judgement.verdict;
    this.metrics.verdicts.inc({ verdict: outcome });
    for (const { score } of judgement.fileScores) this.metrics.scores.inc({ metric: score.metric, state: score.state });
    this.logger.info({ correlationId, jobId, attemptId, verdict: outcome, reasons }, 'attempt judged');
  }

  private async verdictOn(
    data: DataOf<typeof attemptRendered>,
    thresholds: ThresholdRow[],
    delivery: Delivery,
  ): Promise<Judgement> {
    const expected: Expectation = {
      width: data.expectedWidth,
      height: data.expectedHeight,
      frames: data.expectedFrames ?? null,
      isLoop: data.jobType === 'animation_loop',
      hasCharacters: data.characterIds.length > 0,
    };
    const fileScores: FileScore[] = [];
    // One after the other: a decoded picture is the largest thing in this process.
    for (const file of data.files) {
      const findings = await this.findings.inspect(file, data.attemptId, delivery);
      fileScores.push(...scoreFile(file.artifactId, findings, expected, thresholds));
    }
    const scores = worstScores(
      fileScores.map((fileScore) => fileScore.score),
      thresholds,
    );
    const { jobId, projectId, taskId, attemptId } = data;
    const thresholdVersion = thresholds[0]?.version ?? 0;
    const of = { id: newId(), jobId, projectId, taskId, attemptId, thresholdVersion, judgedAt: this.clock.now() };
    return { verdict: { ...of, ...decideVerdict(scores, thresholds) }, scores, fileScores };
  }

  /** False when the attempt was judged under another event's id; what was announced stays. */
  private async announce(
    tx: EntityManager,
    { verdict, scores, fileScores }: Judgement,
    cause: { correlationId: string; causationId: string },
  ): Promise<boolean> {
    const inserted = await tx
      .createQueryBuilder()
      .insert()
      .into(Verdict)
      .values(verdict)
      .orIgnore()
      .returning('id')
      .execute();
    if ((inserted.raw as unknown[]).length === 0) return false;
    await tx.insert(
      QualityScore,
      fileScores.map((fileScore) => toScoreRow(verdict.id, fileScore)),
    );
    const { id: verdictId, jobId, projectId, taskId, attemptId, outcome, reasons } = verdict;
    const facts = { verdictId, jobId, projectId, taskId, attemptId, verdict: outcome, reasons, scores };
    await this.outbox.add(tx, attemptJudged, facts, cause);
    return true;
  }

  /** The newest version; the seeds of the first migration until somebody calibrates. */
  private currentThresholds(): Promise<ThresholdRow[]> {
    return this.db.manager
      .createQueryBuilder(ThresholdRow, 'threshold')
      .where(
        (query) =>
          `threshold.version = ` +
          `${query.subQuery().select('max(newest.version)').from(ThresholdRow, 'newest').getQuery()}`,
      )
      .orderBy('threshold.metric')
      .getMany();
  }
}
