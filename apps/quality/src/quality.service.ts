import { Inject, Injectable } from '@nestjs/common';
import type { Delivery } from '@tower/bus';
import {
  attemptJudged,
  scoreView,
  type attemptRendered,
  type DataOf,
  type EventOf,
  type getJobQualityRequest,
  type InputOf,
  type JobQualityView,
  type ScoreView,
} from '@tower/contracts';
import { decodeCursor, handleOnce, Outbox, toPage, wasHandled } from '@tower/db';
import { DecoderDied } from '@tower/imaging';
import { AppError, CLOCK, describeError, LOGGER, newId, type Clock, type Logger } from '@tower/kit';
import { ANSWERS_DB } from '@tower/service';
import { DataSource, In, MoreThan } from 'typeorm';
import { DeadlyFiles } from './deadly-files';
import { FileInspector } from './file-inspector';
import { describeFindings, mayPass, type Findings, type RenderedFile } from './findings';
import { QualityMetrics } from './quality.metrics';
import {
  decideVerdict,
  scoreFile,
  toAttemptQuality,
  toScoreRow,
  worstScores,
  type Expectation,
  type FileScore,
} from './verdict';
import { QualityScore, ThresholdRow, Verdict } from './verdict.entity';

const consumer = 'quality';

@Injectable()
export class QualityService {
  constructor(
    private readonly db: DataSource,
    private readonly outbox: Outbox,
    private readonly inspector: FileInspector,
    private readonly deadly: DeadlyFiles,
    private readonly metrics: QualityMetrics,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(ANSWERS_DB) private readonly answersDb: DataSource,
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
    const thresholds = await this.currentThresholds();
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
      const findings = await this.inspect(file, data.attemptId, delivery);
      fileScores.push(...scoreFile(file.artifactId, findings, expected, thresholds));
    }
    const scores = worstScores(
      fileScores.map((fileScore) => fileScore.score),
      thresholds,
    );
    const { outcome, reasons } = decideVerdict(scores, thresholds);
    const { jobId, projectId, taskId, attemptId } = data;
    const verdict: Verdict = {
      id: newId(),
      jobId,
      projectId,
      taskId,
      attemptId,
      outcome,
      reasons,
      thresholdVersion: thresholds[0]?.version ?? 0,
      judgedAt: this.clock.now(),
    };

    let judged = false;
    await handleOnce(this.db, consumer, eventId, async (tx) => {
      const inserted = await tx
        .createQueryBuilder()
        .insert()
        .into(Verdict)
        .values(verdict)
        .orIgnore()
        .returning('id')
        .execute();
      // The attempt was judged under another event's id; what was announced stays.
      if ((inserted.raw as unknown[]).length === 0) return;
      await tx.insert(
        QualityScore,
        fileScores.map((fileScore) => toScoreRow(verdict.id, fileScore)),
      );
      await this.outbox.add(
        tx,
        attemptJudged,
        { verdictId: verdict.id, jobId, projectId, taskId, attemptId, verdict: outcome, reasons, scores },
        { correlationId, causationId: eventId },
      );
      judged = true;
    });
    if (!judged) return;
    this.metrics.verdicts.inc({ verdict: outcome });
    for (const { score } of fileScores) this.metrics.scores.inc({ metric: score.metric, state: score.state });
    this.logger.info({ correlationId, jobId, attemptId, verdict: outcome, reasons }, 'attempt judged');
  }

  /** A job that was never judged has no attempts here; whether there is such a job only `rendering` knows. */
  async getJobQuality({ job_id: jobId, limit, cursor }: InputOf<typeof getJobQualityRequest>): Promise<JobQualityView> {
    const after = decodeCursor(cursor);
    const verdicts = await this.answersDb.manager.find(Verdict, {
      where: { jobId, ...(after === null ? {} : { id: MoreThan(after) }) },
      order: { id: 'asc' },
      take: limit + 1,
    });
    const scoresOf = await this.scoresOf(verdicts);
    const { items, ...next } = toPage(verdicts, limit, (verdict) => toAttemptQuality(verdict, scoresOf(verdict)));
    return { job_id: jobId, attempts: items, ...next };
  }

  /** What was announced of those of these attempts that were judged. */
  async findVerdicts(attemptIds: string[]): Promise<DataOf<typeof attemptJudged>[]> {
    const verdicts = await this.answersDb.manager.findBy(Verdict, { attemptId: In(attemptIds) });
    const scoresOf = await this.scoresOf(verdicts);
    return verdicts.map((verdict) => {
      const { id: verdictId, jobId, projectId, taskId, attemptId, outcome, reasons } = verdict;
      return { verdictId, jobId, projectId, taskId, attemptId, verdict: outcome, reasons, scores: scoresOf(verdict) };
    });
  }

  private async scoresOf(verdicts: readonly Verdict[]): Promise<(verdict: Verdict) => ScoreView[]> {
    const rows = await this.answersDb.manager.findBy(QualityScore, {
      verdictId: In(verdicts.map((verdict) => verdict.id)),
    });
    const thresholds = await this.answersDb.manager.findBy(ThresholdRow, {
      version: In(verdicts.map((verdict) => verdict.thresholdVersion)),
    });
    return (verdict) =>
      worstScores(
        rows.filter((row) => row.verdictId === verdict.id).map((row) => scoreView.parse(row)),
        thresholds.filter(({ version }) => version === verdict.thresholdVersion),
      );
  }

  private async inspect(
    file: RenderedFile & { artifactId: string },
    attemptId: string,
    delivery: Delivery,
  ): Promise<Findings> {
    const end = this.metrics.scoreSeconds.startTimer();
    const findings = await this.inspectOrSayWhyNot(file, delivery);
    end();
    if (findings.state === 'decoded' || findings.state === 'film') return findings;
    const what = `artifact ${file.artifactId} of attempt ${attemptId} ${describeFindings(findings)}`;
    if (mayPass(findings) && !delivery.last) throw new AppError('unavailable', 'artifact_file_unavailable', what);
    this.logger.warn({ attemptId, artifactId: file.artifactId, path: file.path }, what);
    return findings;
  }

  /**
   * An error of the measuring is tried again like any other, and on the last delivery becomes a finding: the job waits
   * for a verdict.
   */
  private async inspectOrSayWhyNot(file: RenderedFile & { artifactId: string }, delivery: Delivery): Promise<Findings> {
    try {
      return await this.inspectUnlessDeadly(file);
    } catch (error) {
      // Without the library nothing can be judged, however often the message came: it is held until there is one again.
      if (!delivery.last || (error instanceof AppError && error.code === 'library_unavailable')) throw error;
      this.logger.error({ err: error, path: file.path }, 'measuring a file');
      return { state: 'unmeasured', why: describeError(error) };
    }
  }

  /**
   * A file that its decoder died of is looked at once more at once, and then never again: it has a verdict, and nothing
   * else waits for it.
   */
  private async inspectUnlessDeadly(file: RenderedFile & { artifactId: string }): Promise<Findings> {
    for (;;) {
      const deadly = await this.deadly.begin(file.artifactId, this.clock.now());
      if (deadly !== undefined) return { state: 'unmeasured', why: deadly };
      try {
        const findings = await this.inspector.inspect(file);
        await this.deadly.survived(file.artifactId);
        return findings;
      } catch (error) {
        if (!(error instanceof DecoderDied)) {
          await this.deadly.survived(file.artifactId);
          throw error;
        }
        this.metrics.decoderDeaths.inc();
        this.logger.error({ artifactId: file.artifactId, path: file.path }, `looking at a file: ${error.message}`);
        await this.deadly.died(file.artifactId);
      }
    }
  }

  /** The newest version; the seeds of the first migration until somebody calibrates. */
  private currentThresholds(): Promise<ThresholdRow[]> {
    return this.db.manager
      .createQueryBuilder(ThresholdRow, 'threshold')
      .where(
        (query) =>
          `threshold.version = ${query.subQuery().select('max(newest.version)').from(ThresholdRow, 'newest').getQuery()}`,
      )
      .orderBy('threshold.metric')
      .getMany();
  }
}
