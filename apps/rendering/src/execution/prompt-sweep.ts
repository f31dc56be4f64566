import { Inject, Injectable } from '@nestjs/common';
import type { QueueBody } from '@tower/comfyui';
import { LOGGER, type Logger } from '@tower/kit';
import { DataSource, In } from 'typeorm';
import type { CardDriver } from '../cards/card-driver';
import { CardHealthService } from '../cards/health/card-health.service';
import type { StrayPrompt } from '../cards/same-servers';
import { Attempt } from '../jobs/attempt.entity';
import { liveAttemptStates } from '../jobs/states';
import { RenderingMetrics } from '../rendering.metrics';
import { InterruptedPrompts } from './interrupted-prompts';

export interface ForeignPrompts {
  /** Prompts on the card that somebody else queued. */
  count: number;
  running: boolean;
  /** Prompts on the card that we sent to another one, where they are under way. */
  ofOtherCards: StrayPrompt[];
}

/**
 * Tells our prompts on a card from everybody else's, and takes those of ours off it that no live attempt stands for.
 */
@Injectable()
export class PromptSweep {
  private readonly counted = new Set<string>();

  constructor(
    private readonly db: DataSource,
    private readonly cardHealth: CardHealthService,
    private readonly interrupted: InterruptedPrompts,
    private readonly metrics: RenderingMetrics,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async sweep(driver: CardDriver, queue: QueueBody, live: readonly Attempt[]): Promise<ForeignPrompts> {
    const items = [...queue.queue_running, ...queue.queue_pending].map((item) => item[1]);
    const unexplained = items.filter(
      (id) => !live.some((attempt) => attempt.promptId === id) && !this.cardHealth.isProbe(id),
    );
    if (unexplained.length === 0) return { count: 0, running: false, ofOtherCards: [] };
    const uuids = unexplained.filter((id) => /^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(id));
    const known =
      uuids.length === 0
        ? []
        : await this.db.manager.find(Attempt, {
            where: { promptId: In(uuids) },
            select: { promptId: true, state: true, gpu: true, jobId: true },
          });
    for (const attempt of known) {
      // Read again: a prompt that was claimed after this look's list of live attempts is no zombie.
      if ((liveAttemptStates as readonly string[]).includes(attempt.state)) continue;
      // Left where it is while it waits: when it is gone, the server was restarted.
      if (
        this.cardHealth.isEvidence(driver.name, attempt.promptId) &&
        queue.queue_pending.some((item) => item[1] === attempt.promptId)
      )
        continue;
      if (!this.counted.has(attempt.promptId)) {
        this.counted.add(attempt.promptId);
        this.metrics.zombies.inc({ gpu: driver.name });
        this.logger.info(
          { gpu: driver.name, promptId: attempt.promptId },
          'taking a prompt that was given up off the card',
        );
      }
      await this.interrupted.stop(driver, attempt.promptId);
    }
    const foreign = unexplained.filter((id) => !known.some((attempt) => attempt.promptId === id));
    const isLive = ({ state, gpu }: Attempt): boolean =>
      gpu !== driver.name && (liveAttemptStates as readonly string[]).includes(state);
    const ofOtherCards = known.filter(isLive).map(({ promptId, gpu, jobId }) => ({ promptId, gpu, jobId }));
    return {
      count: foreign.length,
      running: queue.queue_running.some((item) => foreign.includes(item[1])),
      ofOtherCards,
    };
  }
}
