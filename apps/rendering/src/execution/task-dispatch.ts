import { Inject, Injectable } from '@nestjs/common';
import { isDatabaseUnavailable, isUniqueViolation } from '@tower/db';
import { AppError, describeError, LOGGER, onFailure, type Logger } from '@tower/kit';
import { AttemptsService } from '../attempts/attempts.service';
import type { CardDriver } from '../cards/card-driver';
import type { Attempt } from '../jobs/attempt.entity';
import type { GivenCards } from '../planning/decision';
import type { Assignment } from '../planning/plan-facts';
import type { Snapshot } from '../planning/snapshot';
import { p80Of } from '../planning/estimates/estimate';
import { PlanningTimes } from '../planning/planning-times';
import { SnapshotReader } from '../planning/snapshot-reader';
import { CardDrivers } from './card-drivers';
import { Dispatcher } from './dispatcher';
import type { Duty } from './duty';
import { PromptsAhead } from './prompts-ahead';

/** Milliseconds; a card that has said nothing for longer is given nothing. */
const silentMs = 3_000;

const secondsSince = (startedAt: number): number => (performance.now() - startedAt) / 1000;

/**
 * Gives waiting tasks to cards that are idle or about to be: chooses, claims, and sends; and takes back what was sent
 * ahead and should not go first any more.
 */
@Injectable()
export class TaskDispatch implements Duty {
  /** Cards that something is on the way to, or back from. */
  private readonly dispatching = new Map<string, Promise<void>>();

  constructor(
    private readonly drivers: CardDrivers,
    private readonly snapshots: SnapshotReader,
    private readonly attempts: AttemptsService,
    private readonly dispatcher: Dispatcher,
    private readonly ahead: PromptsAhead,
    private readonly times: PlanningTimes,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async tick(fence: string): Promise<boolean> {
    await this.dispatch(fence);
    return false;
  }

  /** Cards that could be given work now, as far as this process knows. */
  idleCards(): string[] {
    return this.drivers
      .all()
      .filter(
        (driver) =>
          driver.snapshot.state === 'idle' && driver.silentMs() < silentMs && !this.dispatching.has(driver.name),
      )
      .map((driver) => driver.name);
  }

  private async dispatch(fence: string): Promise<void> {
    const given = this.givenCards();
    const count = given.idle.length + given.ending.length;
    if (count + given.sentAhead.length === 0) return;
    const lookedAt = performance.now();
    const [snapshot] = await Promise.all([this.snapshots.readChoices(given), this.attempts.readAhead(count)]);
    if (snapshot === undefined) return;
    for (const { taskId, jobId, error } of snapshot.hopeless)
      await this.attempts.failWaiting(fence, { id: taskId, jobId }, error);
    const { start, ahead, back } = snapshot.decide({
      idle: snapshot.unbooked(given.idle),
      ending: snapshot.withRoom(given.ending),
    });
    this.times.planned(secondsSince(lookedAt));
    for (const assignment of [...start, ...ahead]) this.send(fence, snapshot, assignment, lookedAt);
    for (const { attempt, reason } of back) this.takeBack(fence, attempt, reason);
  }

  /** What could not be stored is not worth rendering. */
  private givenCards(): Required<GivenCards> {
    const free = (gpu: string): boolean => !this.dispatching.has(gpu);
    const sentAhead = this.ahead.waiting().filter(({ gpu }) => free(gpu));
    const tasks = sentAhead.map(({ taskId }) => taskId);
    if (this.snapshots.pausedBy() !== undefined) return { idle: [], ending: [], sentAhead: tasks };
    return { idle: this.idleCards(), ending: this.ahead.endingCards().filter(free), sentAhead: tasks };
  }

  private takeBack(fence: string, attempt: Attempt, reason: string): void {
    const driver = this.drivers.named(attempt.gpu);
    if (driver) this.inBackground(driver, async () => void (await this.ahead.takeBack(fence, driver, attempt, reason)));
  }

  /** Sends in the background, one at a time per card, so that a slow server holds up nobody else. */
  private send(fence: string, snapshot: Snapshot, assignment: Assignment, lookedAt: number): void {
    const driver = this.drivers.named(assignment.gpu);
    const task = snapshot.waiting.find((waiting) => waiting.taskId === assignment.taskId);
    const inventory = driver?.snapshot.inventory;
    if (!driver || !task || !inventory) return;
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
    };
    this.inBackground(driver, async () => {
      const dispatch = await this.attempts
        .claim(fence, assignment.taskId, assignment.jobId, card, estimate.seconds)
        .catch((error: unknown) => this.refuse(fence, assignment, error));
      if (!dispatch) return;
      this.times.booked(secondsSince(lookedAt));
      await this.dispatcher.send(fence, driver, dispatch);
    });
  }

  private inBackground(driver: CardDriver, act: () => Promise<void>): void {
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
