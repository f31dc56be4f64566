import { AppError, type Clock } from '@tower/kit';
import type { EntityManager } from 'typeorm';
import { countWaiting } from '../planning/queue.queries';

/** Code of the refusal, over REST and NATS alike. */
export const queueFull = 'queue_full';

/** Milliseconds for which a count holds; what this process has taken since is added to it. */
const countedForMs = 2_000;
/** Milliseconds after which asking again is worth while, where the plan does not say when there is room. */
const retryAfterMs = 60_000;

/**
 * The most tasks that may wait. A queue without end takes everything that comes and promises what nobody will live to
 * see. The count is exact where it refuses, but for what other processes are taking at that moment.
 */
export class QueueCeiling {
  private counted: { waiting: number; atMs: number } | undefined;

  constructor(
    private readonly limit: number,
    private readonly clock: Clock,
  ) {}

  /**
   * Throws `queue_full` when so many more tasks would be too many, with the time after which there is likely room for
   * them: `roomIn` says in how many seconds so many tasks have left the line, as far as that is known.
   */
  async admit(
    tx: EntityManager,
    tasks: number,
    roomIn: (tasks: number) => number | undefined = () => undefined,
  ): Promise<void> {
    const { counted } = this;
    const isCurrent = counted !== undefined && this.clock.monotonicMs() - counted.atMs <= countedForMs;
    if (isCurrent && counted.waiting + tasks <= this.limit) {
      counted.waiting += tasks;
      return;
    }
    const waiting = await countWaiting(tx, this.limit + 1);
    this.counted = { waiting: waiting + tasks, atMs: this.clock.monotonicMs() };
    if (waiting + tasks <= this.limit) return;
    this.counted.waiting = waiting;
    const refused =
      tasks > this.limit
        ? `more than the ${this.limit} that may wait`
        : `${waiting >= this.limit ? 'at least ' : ''}${waiting} wait already, and ${this.limit} may`;
    throw new AppError(
      'too_many',
      queueFull,
      `the queue takes no ${tasks === 1 ? 'task' : `${tasks} tasks`} more: ${refused}; wait until some are done,
        or cancel some`,
      { retryAfterMs: this.retryAfterMs(waiting + tasks - this.limit, tasks, roomIn) },
    );
  }

  /** `excess` tasks have to leave first. More than the limit at once never fit. */
  private retryAfterMs(excess: number, tasks: number, roomIn: (tasks: number) => number | undefined): number {
    const seconds = tasks > this.limit ? undefined : roomIn(excess);
    return seconds === undefined ? retryAfterMs : Math.max(1, Math.ceil(seconds)) * 1_000;
  }
}
