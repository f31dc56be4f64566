import { Inject, Injectable } from '@nestjs/common';
import { RequestClient } from '@tower/bus';
import { findVerdictsRequest, type OutputOf } from '@tower/contracts';
import { describeError, LOGGER, type Logger } from '@tower/kit';
import type { Attempt } from '../jobs/attempt.entity';
import { RenderingMetrics } from '../rendering.metrics';

/** What quality has of the attempts that it was asked for, and how far it has come. */
export type QualityAnswer = OutputOf<typeof findVerdictsRequest>;

/** Asks quality for verdicts. */
@Injectable()
export class QualityQuestions {
  constructor(
    private readonly requests: RequestClient,
    private readonly metrics: RenderingMetrics,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Undefined when quality does not answer, or answers that it cannot say. */
  async ask(attempts: readonly Attempt[]): Promise<QualityAnswer | undefined> {
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
}
