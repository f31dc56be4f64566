import { Inject, Injectable } from '@nestjs/common';
import type { HistoryEntry } from '@tower/comfyui';
import { describeError, LOGGER, type Logger } from '@tower/kit';
import { cachedOutcome, unansweredOutcome } from '../attempts/attempts.service';
import { promptEnding, wasAnswered } from '../attempts/outcome';
import type { CardDriver } from '../cards/card-driver';
import { CardHealthService } from '../cards/health/card-health.service';
import type { Attempt } from '../jobs/attempt.entity';
import { AttemptEndings } from './attempt-endings';
import { InterruptedPrompts } from './interrupted-prompts';
import { JobOutputs } from './job-outputs';
import { isHeard, LivePrompts, type LivePrompt } from './live-prompts';

/** Prompts that the card has in its history: it says itself how they ended. */
@Injectable()
export class FinishedPrompts {
  constructor(
    private readonly outputs: JobOutputs,
    private readonly prompts: LivePrompts,
    private readonly interrupted: InterruptedPrompts,
    private readonly cardHealth: CardHealthService,
    private readonly endings: AttemptEndings,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async finish(
    fence: string,
    driver: CardDriver,
    attempt: Attempt,
    entry: LivePrompt,
    history: HistoryEntry,
  ): Promise<void> {
    const ending = promptEnding(history, {
      gpu: driver.name,
      graph: entry.graph,
      outputs: await this.outputs.of(attempt),
      stoppedByUs: entry.stoppingSinceMs !== null,
      unheard: !isHeard(driver, entry),
      stoppedAnother: this.interrupted.anotherOn(driver.name, attempt.promptId),
    });
    if (ending.ended === 'rendered') {
      this.prompts.succeeded(driver);
      const { seconds } = ending;
      const outcome = ending.cached
        ? cachedOutcome
        : wasAnswered(entry.silentMs / 1000, seconds)
          ? 'rendered'
          : unansweredOutcome;
      const parts = seconds === undefined ? null : entry.times.parts(entry.graph, seconds, attempt.missing.length > 0);
      await this.endings.rendered(fence, attempt, ending.files, { seconds, outcome, parts });
    } else {
      if (ending.failure.model) driver.readFiles();
      await this.endings.failed(fence, attempt, ending.failure);
    }
    await this.clearHistory(driver, attempt.promptId);
  }

  /** The server keeps whole prompts in memory; ours is harvested. One that shows whether it was restarted stays. */
  private async clearHistory(driver: CardDriver, promptId: string): Promise<void> {
    if (this.cardHealth.isEvidence(driver.name, promptId)) return;
    try {
      await driver.client.deleteHistory(promptId);
    } catch (error) {
      this.logger.debug({ gpu: driver.name }, `forgetting a finished prompt: ${describeError(error)}`);
    }
  }
}
