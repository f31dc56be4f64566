import { Inject, Injectable } from '@nestjs/common';
import { CLOCK, LOGGER, type Clock, type Logger } from '@tower/kit';
import type { CardDriver } from '../cards/card-driver';
import type { Attempt } from '../jobs/attempt.entity';
import { AttemptEndings } from './attempt-endings';
import { CardDrivers } from './card-drivers';
import { LivePrompts, type LivePrompt } from './live-prompts';

/** Seconds before a prompt's expected end in which the next one is sent to its card; 0: none is sent ahead. */
export const PREFETCH_SECONDS = Symbol('PREFETCH_SECONDS');

/** Milliseconds from one try to take a prompt back to the next: a server may be away, or not obey. */
const betweenTriesMs = 1_000;

/**
 * Prompts that are sent to a card while it works on another one, so that it goes on without a gap: at most one a card,
 * shortly before the end of what runs, and taken back by its id where something else is to go first. What is taken back
 * never began.
 */
@Injectable()
export class PromptsAhead {
  constructor(
    private readonly drivers: CardDrivers,
    private readonly prompts: LivePrompts,
    private readonly endings: AttemptEndings,
    @Inject(PREFETCH_SECONDS) private readonly seconds: number,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Cards that are about to be done with what they work on, as far as this process knows, with nothing behind it. */
  endingCards(): string[] {
    if (this.seconds === 0) return [];
    return this.drivers
      .all()
      .filter((driver) => driver.config.prefetch !== false && this.isEnding(driver))
      .map(({ name }) => name);
  }

  /** What this process knows to wait behind another prompt of ours; not what was just tried to be taken back. */
  waiting(): { taskId: string; gpu: string }[] {
    const now = this.clock.monotonicMs();
    return this.drivers
      .all()
      .flatMap(({ name }) => this.prompts.on(name))
      .filter((entry) => isWaiting(entry) && now - (entry.takenBackAtMs ?? -Infinity) >= betweenTriesMs)
      .map(({ taskId, gpu }) => ({ taskId, gpu }));
  }

  /**
   * Takes a prompt that has not begun off its card, and its task goes back in line. False where it has begun, or is
   * there still: then everything stays as it is. When this process dies in between, the next one finds the prompt gone.
   */
  async takeBack(fence: string, driver: CardDriver, attempt: Attempt, reason: string): Promise<boolean> {
    const { promptId, gpu, jobId } = attempt;
    const entry = this.prompts.on(gpu).find(({ attemptId }) => attemptId === attempt.id);
    if (entry === undefined || !isWaiting(entry)) return false;
    entry.takenBackAtMs = this.clock.monotonicMs();
    await driver.client.deletePending(promptId);
    // In this order: what leaves the queue because it has run is in the history by then.
    const { queue_running, queue_pending } = await driver.client.queue();
    const isThere = [...queue_running, ...queue_pending].some((item) => item[1] === promptId);
    if (isThere || (await driver.client.history(promptId)) !== undefined) return false;
    this.logger.info({ gpu, jobId, promptId }, `taken back from ${gpu} before it began: ${reason}`);
    await this.endings.takenBack(fence, attempt, `taken back from ${gpu} before it began: ${reason}`);
    return true;
  }

  private isEnding(driver: CardDriver): boolean {
    const { state, foreignPrompts } = driver.snapshot;
    const [only, ...others] = this.prompts.on(driver.name);
    if (state !== 'busy' || foreignPrompts > 0 || only === undefined || others.length > 0) return false;
    const { ranAtMs, expectedSeconds, stoppingSinceMs } = only;
    if (ranAtMs === null || expectedSeconds === null || stoppingSinceMs !== null) return false;
    return expectedSeconds - (this.clock.monotonicMs() - ranAtMs) / 1000 <= this.seconds;
  }
}

const isWaiting = ({ prefetched, ran, posting }: LivePrompt): boolean => prefetched && !ran && !posting;
