import { Inject, Injectable } from '@nestjs/common';
import type { Failure } from '@tower/comfyui';
import { CLOCK, LOGGER, type Clock, type Logger } from '@tower/kit';
import { foundOutcome } from '../attempts/attempts.service';
import type { PromptLocation } from '../attempts/reconcile';
import type { CardDriver } from '../cards/card-driver';
import type { Attempt } from '../jobs/attempt.entity';
import { findLostOutputs } from '../outputs/lost-outputs';
import { AttemptEndings } from './attempt-endings';
import { JobOutputs } from './job-outputs';
import type { LivePrompt } from './live-prompts';

/** Prompts that their card knows nothing of any more, or that cannot be asked for because it is silent. */
@Injectable()
export class VanishedPrompts {
  constructor(
    private readonly outputs: JobOutputs,
    private readonly endings: AttemptEndings,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** In neither list, twice: its files may be there all the same, when only the history was cleared. */
  async settle(
    fence: string,
    driver: CardDriver,
    attempt: Attempt,
    entry: LivePrompt,
    sighting: PromptLocation,
  ): Promise<void> {
    const files = sighting.reachable
      ? await findLostOutputs(driver.client, entry.graph, await this.outputs.of(attempt))
      : undefined;
    if (files) {
      const facts = { gpu: driver.name, promptId: attempt.promptId };
      this.logger.info(facts, 'the server forgot the prompt, but its files are there');
      await this.endings.rendered(fence, attempt, files, { seconds: undefined, outcome: foundOutcome });
    } else if (sighting.reachable && entry.notTaken !== null)
      await this.endings.failed(fence, attempt, notTaken(driver.name, entry.notTaken));
    else await this.lose(fence, driver, attempt, entry, sighting);
  }

  private async lose(
    fence: string,
    driver: CardDriver,
    attempt: Attempt,
    entry: LivePrompt,
    sighting: PromptLocation,
  ): Promise<void> {
    const restarted = sighting.reachable
      ? driver.restarts.promptVanished(this.clock.monotonicMs()) || driver.restarts.restarts > entry.restarts
      : driver.snapshot.refused;
    if (restarted) driver.server.readAnew();
    // It never began: neither its task nor its card has to do with what befell the one before it.
    if (attempt.prefetched && !entry.ran)
      return this.endings.displaced(fence, attempt, whyGone(driver.name, sighting, restarted));
    await this.endings.lost(fence, attempt, whyGone(driver.name, sighting, restarted), restarted && entry.ran);
  }
}

function whyGone(gpu: string, { reachable, unreachableMs }: PromptLocation, restarted: boolean): string {
  if (!reachable) return `${gpu} has not answered for ${Math.round(unreachableMs / 1000)} s`;
  return restarted
    ? `${gpu} was restarted`
    : `${gpu} knows nothing of the prompt any more: its queue or its history was cleared`;
}

/**
 * Its server answered with an error of its own and has nothing of the prompt: that says nothing about the card's other
 * work.
 */
const notTaken = (gpu: string, answer: string): Failure => ({
  kind: 'not_taken',
  error: {
    code: 'comfyui_prompt_not_taken',
    message: `${gpu} did not take the prompt: ${answer}`,
    hint:
      'The log of this ComfyUI has the whole traceback; a node pack that checks ' +
      'its inputs may have failed over this graph.',
  },
});
