import { Inject, Injectable } from '@nestjs/common';
import { isDatabaseUnavailable } from '@tower/db';
import { describeError, LOGGER, Loop, type Logger } from '@tower/kit';
import { Collector } from '../outputs/collector';
import { CardDrivers, type Leading } from './card-drivers';
import { Housekeeping } from './housekeeping';
import { LeaderLease } from './leader-lease';
import { TaskDispatch } from './task-dispatch';

/** Milliseconds between two rounds, unless the leader is told: what a lost notification costs at most. */
const tickMs = 1_000;
/** Milliseconds that a round which failed is followed by, whoever wakes the leader. */
const afterErrorMs = 250;

/**
 * Gives waiting tasks to idle cards. One process acts at a time, under a lease; what others and itself did before is
 * read from the database and from the servers at every look, so that a crash at any point is only an interruption.
 * Notifications and hints merely wake it.
 */
@Injectable()
export class Leader {
  private readonly loop = new Loop();
  private readonly leading: Leading;

  constructor(
    private readonly lease: LeaderLease,
    private readonly cards: CardDrivers,
    private readonly dispatch: TaskDispatch,
    private readonly collector: Collector,
    private readonly housekeeping: Housekeeping,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.leading = { held: () => lease.held(), wake: () => this.loop.wake() };
  }

  /** @param everyMs milliseconds after which a round follows that nobody woke it for. */
  start(everyMs = tickMs): void {
    this.lease.start(() => this.loop.wake());
    this.loop.start(async () => {
      await this.round();
      return everyMs;
    });
  }

  /** Prompts that run stay on their cards; the next leader adopts them. */
  async stop(): Promise<void> {
    await this.loop.stop();
    await Promise.all([this.housekeeping.idle(), this.dispatch.idle()]);
    await this.stepDown();
    await this.lease.stop();
  }

  isLeader(): boolean {
    return this.lease.held() !== undefined;
  }

  /** Cards that could be given work now, as far as this process knows. */
  idleCards(): string[] {
    return this.dispatch.idleCards();
  }

  private async round(): Promise<void> {
    const fence = this.lease.heldNow();
    try {
      if (fence === undefined) await this.stepDown();
      else await this.lead(fence);
    } catch (error) {
      if (isDatabaseUnavailable(error)) this.logger.debug(`scheduling waits for the database: ${describeError(error)}`);
      else this.logger.warn({ err: error }, `scheduling: ${describeError(error)}`);
      await this.loop.pause(afterErrorMs);
    }
  }

  /** Work is given out first: while a task is on its way to a card, this process has nothing better to do. */
  private async lead(fence: string): Promise<void> {
    await this.cards.up(fence, this.leading);
    await this.dispatch.tick(fence);
    this.collector.collectAll(fence, this.cards.all());
    if (await this.housekeeping.tick(fence)) this.loop.wake();
  }

  private async stepDown(): Promise<void> {
    if (!this.cards.areUp) return;
    this.housekeeping.stop();
    await this.cards.down();
  }
}
