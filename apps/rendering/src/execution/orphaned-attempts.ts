import { Inject, Injectable } from '@nestjs/common';
import { isUniqueViolation } from '@tower/db';
import { LOGGER, type Logger } from '@tower/kit';
import { DataSource } from 'typeorm';
import { AttemptsService } from '../attempts/attempts.service';
import type { ConfiguredGpus } from '../cards/card-config';
import { Attempt } from '../jobs/attempt.entity';
import { RenderingMetrics } from '../rendering.metrics';
import { ProgressPublisher } from '../views/progress-publisher';
import { LivePrompts } from './live-prompts';

/**
 * Attempts that need a card nobody asks any more, because the configuration changed: it was taken out, renamed, or its
 * name stands for another server now. Nothing else would ever look at them again.
 */
@Injectable()
export class OrphanedAttempts {
  constructor(
    private readonly db: DataSource,
    private readonly attempts: AttemptsService,
    private readonly prompts: LivePrompts,
    private readonly progress: ProgressPublisher,
    private readonly metrics: RenderingMetrics,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * Level-triggered: after this every attempt whose prompt may run or whose files wait belongs to one of `gpus`, by
   * name and address. Where the server is still there under another name the attempt follows it; else it is lost and
   * its task waits for a card again.
   */
  async settle(fence: string, gpus: ConfiguredGpus): Promise<void> {
    const orphans = await orphansOf(this.db, gpus);
    if (orphans.length === 0) return;
    const nameOf = (attempt: Attempt): string | undefined => gpus.find(({ url }) => url === attempt.server)?.name;
    const moved = orphans.flatMap((attempt) =>
      nameOf(attempt) === undefined ? [] : [{ attempt, to: nameOf(attempt) ?? '' }],
    );
    if (moved.length > 0 && !(await this.follow(fence, moved))) return this.giveUp(fence, orphans, gpus);
    await this.giveUp(
      fence,
      orphans.filter((attempt) => nameOf(attempt) === undefined),
      gpus,
    );
  }

  /** False when a card would have two live attempts then. */
  private async follow(fence: string, moved: readonly { attempt: Attempt; to: string }[]): Promise<boolean> {
    try {
      await this.attempts.rename(
        fence,
        moved.map(({ attempt, to }) => ({ id: attempt.id, gpu: to })),
      );
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
      return false;
    }
    for (const { attempt, to } of moved) {
      this.logger.info(
        { gpu: to, promptId: attempt.promptId },
        `${attempt.gpu} is called ${to} now; its attempt goes on there`,
      );
      this.prompts.release(attempt.promptId);
      this.progress.publish(attempt.jobId);
    }
    return true;
  }

  private async giveUp(fence: string, attempts: readonly Attempt[], gpus: ConfiguredGpus): Promise<void> {
    for (const attempt of attempts) {
      const replaced = gpus.some(({ name }) => name === attempt.gpu);
      await this.attempts.displace(
        fence,
        attempt,
        replaced ? `${attempt.gpu} is another ComfyUI server now` : `${attempt.gpu} is no longer configured`,
      );
      this.prompts.release(attempt.promptId);
      this.metrics.attempts.inc({ gpu: attempt.gpu, outcome: 'displaced' });
      this.progress.publish(attempt.jobId);
    }
  }
}

/** Attempts that need a card, but none of these. One of before addresses were noted goes by its card's name. */
function orphansOf(db: DataSource, gpus: ConfiguredGpus): Promise<Attempt[]> {
  return db.manager
    .createQueryBuilder(Attempt, 'attempt')
    .where("attempt.state in ('dispatching', 'running', 'collecting')")
    .andWhere(
      `not exists (
        select 1 from unnest(:names::text[], :urls::text[]) card (name, url)
        where card.name = attempt.gpu and (attempt.server is null or card.url = attempt.server)
      )`,
      {
        names: gpus.map(({ name }) => name),
        urls: gpus.map(({ url }) => url),
      },
    )
    .getMany();
}
