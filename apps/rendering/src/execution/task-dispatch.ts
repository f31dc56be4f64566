import { Injectable } from '@nestjs/common';
import { newId } from '@tower/kit';
import { AttemptsService } from '../attempts/attempts.service';
import type { Attempt } from '../jobs/attempt.entity';
import type { GivenCards } from '../planning/decision';
import { secondsSince } from '../planning/planning-times';
import { SnapshotReader } from '../planning/snapshot-reader';
import { CardDrivers } from './card-drivers';
import { DecisionJournal } from './decision-journal';
import type { Duty } from './duty';
import { PromptsAhead } from './prompts-ahead';
import { TaskSender, type Choice } from './task-sender';

/** Milliseconds; a card that has said nothing for longer is given nothing. */
const silentMs = 3_000;

/**
 * Gives waiting tasks to cards that are idle or about to be: chooses, claims, and sends; and takes back what was sent
 * ahead and should not go first any more.
 */
@Injectable()
export class TaskDispatch implements Duty {
  constructor(
    private readonly drivers: CardDrivers,
    private readonly snapshots: SnapshotReader,
    private readonly attempts: AttemptsService,
    private readonly sender: TaskSender,
    private readonly ahead: PromptsAhead,
    private readonly journal: DecisionJournal,
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
          driver.snapshot.state === 'idle' && driver.silentMs() < silentMs && !this.sender.isBusyWith(driver.name),
      )
      .map((driver) => driver.name);
  }

  /** Resolves when no decision is being written. */
  idle(): Promise<void> {
    return this.journal.idle();
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
    const decision = snapshot.decide({
      idle: snapshot.unbooked(given.idle),
      ending: snapshot.withRoom(given.ending),
      underWay: given.underWay,
    });
    this.journal.times.planned(secondsSince(lookedAt));
    const id = newId();
    const sent = [...decision.start, ...decision.ahead].map((assignment) =>
      this.send(fence, { snapshot, assignment, lookedAt, decisionId: id }),
    );
    for (const { attempt, reason } of decision.back) this.takeBack(fence, attempt, reason);
    this.journal.note({ id, fence, snapshot, decision }, Promise.all(sent));
  }

  /** What could not be stored is not worth rendering. */
  private givenCards(): Required<GivenCards> {
    const free = (gpu: string): boolean => !this.sender.isBusyWith(gpu);
    const sentAhead = this.ahead.waiting().filter(({ gpu }) => free(gpu));
    const tasks = sentAhead.map(({ taskId }) => taskId);
    const underWay = this.drivers.all().flatMap(({ name }) => (free(name) ? [] : [name]));
    const given = { sentAhead: tasks, underWay };
    if (this.snapshots.pausedBy() !== undefined) return { ...given, idle: [], ending: [] };
    return { ...given, idle: this.idleCards(), ending: this.ahead.endingCards().filter(free) };
  }

  private takeBack(fence: string, attempt: Attempt, reason: string): void {
    const driver = this.drivers.named(attempt.gpu);
    if (driver)
      void this.sender.inBackground(
        driver,
        async () => void (await this.ahead.takeBack(fence, driver, attempt, reason)),
      );
  }

  private send(fence: string, choice: Choice): Promise<void> {
    const driver = this.drivers.named(choice.assignment.gpu);
    return driver ? this.sender.send(fence, driver, choice) : Promise.resolve();
  }
}
