import { Inject, Injectable } from '@nestjs/common';
import { isDatabaseUnavailable } from '@tower/db';
import { CLOCK, describeError, LOGGER, type Clock, type Logger } from '@tower/kit';
import { DataSource } from 'typeorm';
import type { Decision } from '../planning/decision';
import { insertDecision, maxDecisionBytes, packed } from '../planning/decisions/decision-store';
import type { DecisionRecord, RecordedPlan } from '../planning/decisions/recorded-plan';
import { PlanningTimes } from '../planning/planning-times';
import { plannerVersion } from '../planning/planner';
import type { Snapshot } from '../planning/snapshot';
import type { WaitingTask } from '../planning/waiting-task';
import { RenderingMetrics } from '../rendering.metrics';

/** Decisions that wait to be written; more at once are not kept. */
const maxUnwritten = 32;

/** A decision, the snapshot that it was made from, and the fence of the leader that made it. */
export interface Noted {
  /** As its attempts know it. */
  id: string;
  fence: string;
  snapshot: Snapshot;
  decision: Decision;
}

/**
 * Keeps what the leader decided and how long that took. A decision is written after what it decided, beside all else:
 * nothing waits for it, and one that cannot be written is lost without harm.
 */
@Injectable()
export class DecisionJournal {
  private writing: Promise<void> = Promise.resolve();
  private unwritten = 0;
  /** What the last decision came to. */
  private last = '';

  constructor(
    private readonly db: DataSource,
    readonly times: PlanningTimes,
    private readonly metrics: RenderingMetrics,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * Keeps a decision that gives something out or takes it back, or leaves a card idle on purpose where the one before
   * did not do the same. It is written when `sent` is settled.
   */
  note(noted: Noted, sent: Promise<unknown>): void {
    const { planned } = noted.decision;
    if (planned === undefined || !this.isNews(planned)) return;
    if (this.unwritten >= maxUnwritten) {
      this.metrics.decisions.inc({ outcome: 'lost' });
      return;
    }
    const decidedAt = this.clock.now();
    this.unwritten += 1;
    const write = (): void => {
      this.writing = this.writing.then(() => this.write(noted, planned, decidedAt));
    };
    void sent.then(write, write);
  }

  /** Resolves when nothing is being written. */
  idle(): Promise<void> {
    return this.writing;
  }

  private isNews({ actions, keptBack }: RecordedPlan<WaitingTask>): boolean {
    const last = this.last;
    this.last = JSON.stringify([actions, keptBack]);
    if (actions.start.length + actions.ahead.length + actions.back.length > 0) return true;
    return keptBack.length > 0 && this.last !== last;
  }

  /** Never rejects. */
  private async write(
    { id, fence, snapshot }: Noted,
    planned: RecordedPlan<WaitingTask>,
    decidedAt: Date,
  ): Promise<void> {
    try {
      const kept = snapshot.recordOf(planned);
      const record = await packed(kept);
      const isKept = record.length <= maxDecisionBytes;
      this.metrics.decisionBytes.observe(record.length);
      const jobs = jobsOf(kept);
      if (isKept) await insertDecision(this.db.manager, { id, decidedAt, fence, plannerVersion, jobs, record });
      else this.logger.warn(`a decision of ${record.length} bytes is not kept, ${maxDecisionBytes} are the most`);
      this.metrics.decisions.inc({ outcome: isKept ? 'kept' : 'too_large' });
    } catch (error) {
      this.metrics.decisions.inc({ outcome: 'lost' });
      const said = `keeping a decision: ${describeError(error)}`;
      if (isDatabaseUnavailable(error)) this.logger.debug(said);
      else this.logger.warn({ err: error }, said);
    } finally {
      this.unwritten -= 1;
    }
  }
}

/** Jobs that it is told of. */
const jobsOf = ({ facts, offers }: DecisionRecord): string[] => [
  ...new Set(facts.tasks.filter(({ taskId }) => taskId in offers).map(({ jobId }) => jobId)),
];
