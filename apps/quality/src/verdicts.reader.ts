import { Inject, Injectable } from '@nestjs/common';
import {
  scoreView,
  type attemptJudged,
  type DataOf,
  type getJobQualityRequest,
  type InputOf,
  type JobQualityView,
  type ScoreView,
} from '@tower/contracts';
import { decodeCursor, toPage } from '@tower/db';
import { ANSWERS_DB } from '@tower/service';
import { DataSource, In, MoreThan } from 'typeorm';
import { toAttemptQuality, worstScores } from './verdict';
import { QualityScore, ThresholdRow, Verdict } from './verdict.entity';

/** What people and other services ask about verdicts. */
@Injectable()
export class VerdictsReader {
  constructor(@Inject(ANSWERS_DB) private readonly db: DataSource) {}

  /** A job that was never judged has no attempts here; whether there is such a job only `rendering` knows. */
  async getJobQuality({ job_id: jobId, limit, cursor }: InputOf<typeof getJobQualityRequest>): Promise<JobQualityView> {
    const after = decodeCursor(cursor);
    const verdicts = await this.db.manager.find(Verdict, {
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
    const verdicts = await this.db.manager.findBy(Verdict, { attemptId: In(attemptIds) });
    const scoresOf = await this.scoresOf(verdicts);
    return verdicts.map((verdict) => {
      const { id: verdictId, jobId, projectId, taskId, attemptId, outcome, reasons } = verdict;
      return { verdictId, jobId, projectId, taskId, attemptId, verdict: outcome, reasons, scores: scoresOf(verdict) };
    });
  }

  private async scoresOf(verdicts: readonly Verdict[]): Promise<(verdict: Verdict) => ScoreView[]> {
    const rows = await this.db.manager.findBy(QualityScore, {
      verdictId: In(verdicts.map((verdict) => verdict.id)),
    });
    const thresholds = await this.db.manager.findBy(ThresholdRow, {
      version: In(verdicts.map((verdict) => verdict.thresholdVersion)),
    });
    return (verdict) =>
      worstScores(
        rows.filter((row) => row.verdictId === verdict.id).map((row) => scoreView.parse(row)),
        thresholds.filter(({ version }) => version === verdict.thresholdVersion),
      );
  }
}
