import { Inject, Injectable } from '@nestjs/common';
import { isDatabaseUnavailable, isUniqueViolation } from '@tower/db';
import { AppError, describeError, LOGGER, onFailure, type Logger } from '@tower/kit';
import { AttemptsService } from '../attempts/attempts.service';
import type { CardDriver } from '../cards/card-driver';
import { p80Of } from '../planning/estimates/estimate';
import type { Assignment } from '../planning/plan-facts';
import { PlanningTimes, secondsSince } from '../planning/planning-times';
import type { Snapshot } from '../planning/snapshot';
import { Dispatcher } from './dispatcher';

/** A task for a card, and the look at which that was decided. */
export interface Choice {
  snapshot: Snapshot;
  assignment: Assignment;
  /** `performance.now()` at its beginning. */
  lookedAt: number;
  decisionId: string;
}

/** Brings chosen tasks to their cards, one at a time each. */
@Injectable()
export class TaskSender {
  private readonly dispatching = new Map<string, Promise<void>>();

  constructor(
    private readonly attempts: AttemptsService,
    private readonly dispatcher: Dispatcher,
    private readonly times: PlanningTimes,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Whether something is on the way to the card, or back from it. */
  isBusyWith(gpu: string): boolean {
    return this.dispatching.has(gpu);
  }

  /** Books the card and sends, in the background: a slow server holds up nobody else. Never rejects. */
  send(fence: string, driver: CardDriver, { snapshot, assignment, lookedAt, decisionId }: Choice): Promise<void> {
    const task = snapshot.waiting.find((waiting) => waiting.taskId === assignment.taskId);
    const { inventory } = driver.snapshot;
    if (!task || !inventory) return Promise.resolve();
    const estimate = snapshot.estimate(task, driver.name);
    const { seconds, low, high, basis } = estimate;
    const card = {
      name: driver.name,
      url: driver.config.url,
      inventory,
      infos: driver.server.objectInfo,
      resident: snapshot.residentWhenFree(driver.name),
      isBusy: snapshot.withRoom([driver.name]).length > 0,
      forecast: { seconds, low, high, p80: p80Of(estimate), basis },
      decisionId,
    };
    return this.inBackground(driver, async () => {
      const dispatch = await this.attempts
        .claim(fence, assignment.taskId, assignment.jobId, card, estimate.seconds)
        .catch((error: unknown) => this.refuse(fence, assignment, error));
      if (!dispatch) return;
      this.times.booked(secondsSince(lookedAt));
      await this.dispatcher.send(fence, driver, dispatch);
    });
  }

  /** Does something with a card, one thing at a time, and looks at it then. Never rejects. */
  inBackground(driver: CardDriver, act: () => Promise<void>): Promise<void> {
    const work = act()
      .catch((error: unknown) => {
        // The card was booked by an earlier leader whose attempt is still live; it will be seen at the next look.
        if (
          isUniqueViolation(error) ||
          (error instanceof AppError && (error.code === 'lease_lost' || error.code === 'comfyui_unreachable')) ||
          isDatabaseUnavailable(error)
        )
          this.logger.debug(`dispatching to ${driver.name}: ${describeError(error)}`);
        else this.logger.error({ err: error, gpu: driver.name }, 'dispatching a task');
      })
      .finally(() => {
        this.dispatching.delete(driver.name);
        driver.wake();
      });
    this.dispatching.set(driver.name, work);
    return work;
  }

  /**
   * A task that cannot be claimed for its own sake would stand first in line for ever: it fails. What passes by itself
   * is thrown on.
   */
  private async refuse(fence: string, { taskId, jobId }: Assignment, error: unknown): Promise<undefined> {
    if (!(error instanceof AppError) || onFailure[error.kind] === 'retry' || error.code === 'lease_lost') throw error;
    this.logger.warn({ jobId }, `a task that cannot be sent is given up: ${describeError(error)}`);
    await this.attempts.failWaiting(
      fence,
      { id: taskId, jobId },
      { code: error.code, message: error.message, hint: 'Ask again with what is named changed.' },
    );
  }
}
