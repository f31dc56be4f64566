import { Inject, Injectable } from '@nestjs/common';
import { isDatabaseUnavailable } from '@tower/db';
import { CLOCK, describeError, LOGGER, type Clock, type Logger } from '@tower/kit';
import { WATCH_THRESHOLDS, type WatchThresholds } from '../cards/watch-thresholds';
import { OverdueVerdicts, pageSize } from './overdue-verdicts';
import { QualityQuestions } from './quality-questions';
import { VerdictSettlement } from './verdict-settlement';

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
    private readonly overdue: OverdueVerdicts,
    private readonly quality: QualityQuestions,
    private readonly settlement: VerdictSettlement,
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
      const overdue = await this.overdue.after(after);
      const last = overdue.at(-1);
      if (last === undefined) return;
      const answer = await this.quality.ask(overdue);
      await this.overdue.noteSilence(fence, overdue, answer === undefined);
      if (answer === undefined) return;
      for (const attempt of overdue) await this.settlement.settle(fence, attempt, answer);
      if (overdue.length < pageSize) return;
      after = last.id;
    }
  }
}
