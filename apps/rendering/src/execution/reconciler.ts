import { Injectable } from '@nestjs/common';
import { DataSource, In } from 'typeorm';
import type { CardDriver } from '../cards/card-driver';
import { CardHealthService } from '../cards/health/card-health.service';
import type { StrayPrompt } from '../cards/same-servers';
import { advanceOn } from '../jobs/attempt-store';
import { Attempt } from '../jobs/attempt.entity';
import { liveAttemptStates } from '../jobs/states';
import { underFence } from '../leadership';
import { AttemptReconciler } from './attempt-reconciler';
import { standingOf } from './card-standing';
import { DeadWorkers } from './dead-workers';
import { LivePrompts } from './live-prompts';
import { PromptSweep } from './prompt-sweep';

/** Compares what the database says of a card's attempts with what its server says, and acts on the difference. */
@Injectable()
export class Reconciler {
  constructor(
    private readonly db: DataSource,
    private readonly attempts: AttemptReconciler,
    private readonly prompts: LivePrompts,
    private readonly sweeper: PromptSweep,
    private readonly deadWorkers: DeadWorkers,
    private readonly cardHealth: CardHealthService,
  ) {}

  clear(): void {
    this.attempts.clear();
    this.deadWorkers.clear();
  }

  /**
   * One look's consequences. `/queue` was read just before; histories are read here, after it, in that order. Returns
   * prompts that we sent to other cards and that this one has.
   */
  async act(fence: string, driver: CardDriver): Promise<readonly StrayPrompt[]> {
    const known = this.prompts.on(driver.name);
    const live = await this.liveOn(fence, driver.name);
    this.prompts.releaseEnded(known, live);
    const { queue } = driver.snapshot;
    for (const attempt of live) await this.attempts.act(fence, driver, attempt, queue);
    if (queue === null) {
      await this.cardHealth.review(fence, driver, null, driver.snapshot.foreignPrompts > 0);
      return [];
    }
    const running = queue.queue_running.find((item) => live.some((attempt) => attempt.promptId === item[1]));
    const clientId = running?.[3]['client_id'];
    // A prompt that is just being sent is in neither list yet; the id that it was given stays until it shows.
    if (running || live.length === 0) driver.follow(typeof clientId === 'string' ? clientId : undefined);
    const foreign = await this.sweeper.sweep(driver, queue, live);
    await this.deadWorkers.notice(fence, driver, queue, live);
    await this.cardHealth.review(fence, driver, queue, foreign.running);
    const trouble = driver.snapshot.trouble ?? this.cardHealth.troubleOf(driver.name);
    const isRunning = ({ promptId }: Attempt): boolean => queue.queue_running.some((item) => item[1] === promptId);
    driver.mark(
      standingOf({
        ours: queue.queue_running.length + queue.queue_pending.length - foreign.count,
        foreign: foreign.count,
        stray: foreign.ofOtherCards[0],
        // What waits behind a prompt that hangs renders nothing.
        liveJob: (trouble === null ? live[0] : live.find(isRunning))?.jobId,
        trouble,
      }),
    );
    return foreign.ofOtherCards;
  }

  /** The attempt that the card works on before the one that is behind it. */
  private async liveOn(fence: string, gpu: string): Promise<Attempt[]> {
    const read = (): Promise<Attempt[]> =>
      this.db.manager.find(Attempt, { where: { gpu, state: In([...liveAttemptStates]) }, order: { slot: 'ASC' } });
    const live = await read();
    if (live[0] === undefined || live[0].slot === 0) return live;
    await underFence(this.db, fence, (tx) => advanceOn(tx, gpu));
    return read();
  }
}
