import { Inject, Injectable } from '@nestjs/common';
import type { HistoryEntry, QueueBody } from '@tower/comfyui';
import { AttemptsService } from '../attempts/attempts.service';
import { promptsBefore, react, type PromptLocation } from '../attempts/reconcile';
import type { CardDriver } from '../cards/card-driver';
import { WATCH_THRESHOLDS, type WatchThresholds } from '../cards/watch-thresholds';
import type { Attempt } from '../jobs/attempt.entity';
import { FinishedPrompts } from './finished-prompts';
import { LivePrompts, type LivePrompt } from './live-prompts';
import { StalledPrompts } from './stalled-prompts';
import { VanishedPrompts } from './vanished-prompts';

/**
 * The window is known from two times of one clock; since when it runs, this process counts for itself: the clock may
 * have been set meanwhile.
 */
const postWindowMsOf = (attempt: Attempt): number => attempt.postDeadline.getTime() - attempt.dispatchedAt.getTime();

/** Finds one attempt's prompt on its card, and acts on where it is. */
@Injectable()
export class AttemptReconciler {
  constructor(
    private readonly attempts: AttemptsService,
    private readonly prompts: LivePrompts,
    private readonly finished: FinishedPrompts,
    private readonly vanished: VanishedPrompts,
    private readonly stalled: StalledPrompts,
    @Inject(WATCH_THRESHOLDS) private readonly limits: WatchThresholds,
  ) {}

  clear(): void {
    this.prompts.clear();
  }

  /** `queue` is null while the card does not answer. */
  async act(fence: string, driver: CardDriver, attempt: Attempt, queue: QueueBody | null): Promise<void> {
    const entry = await this.prompts.of(driver, attempt);
    const { sighting, history } = await this.locate(driver, attempt, queue, entry);
    if (entry.ran) entry.silentMs = Math.max(entry.silentMs, sighting.unreachableMs);
    entry.misses = sighting.place === 'nowhere' && sighting.reachable ? sighting.misses : 0;
    const posted = !entry.posting && this.prompts.knownForMs(entry) > postWindowMsOf(attempt);
    const silenceMs = driver.snapshot.refused ? this.limits.refusedMs : this.limits.silentMs;
    switch (react(attempt.state as 'dispatching' | 'running', sighting, posted, silenceMs)) {
      case 'wait':
        return;
      case 'adopt':
        await this.attempts.running(fence, attempt.id);
        this.noteWaiting(attempt, sighting, queue);
        return;
      case 'keep':
        this.noteWaiting(attempt, sighting, queue);
        if (sighting.place !== 'running') return;
        this.prompts.runs(attempt.promptId);
        await this.stalled.endIfStill(fence, driver, attempt, entry);
        return;
      case 'finish':
        if (history) await this.finished.finish(fence, driver, attempt, entry, history);
        return;
      case 'lost':
        await this.vanished.settle(fence, driver, attempt, entry, sighting);
    }
  }

  /** Others may have put prompts into the card's own queue just before ours came. */
  private noteWaiting(attempt: Attempt, sighting: PromptLocation, queue: QueueBody | null): void {
    if (sighting.place === 'pending' && queue !== null)
      this.prompts.waits(attempt.promptId, promptsBefore(queue, attempt.promptId));
  }

  private async locate(
    driver: CardDriver,
    attempt: Attempt,
    queue: QueueBody | null,
    entry: LivePrompt,
  ): Promise<{ sighting: PromptLocation; history?: HistoryEntry }> {
    if (queue === null)
      return {
        sighting: { reachable: false, unreachableMs: driver.silentMs(), place: 'nowhere', misses: entry.misses },
      };
    const isIt = (item: QueueBody['queue_running'][number]): boolean => item[1] === attempt.promptId;
    const seen = { reachable: true, unreachableMs: 0, misses: 0 };
    if (queue.queue_running.some(isIt)) return { sighting: { ...seen, place: 'running' } };
    if (queue.queue_pending.some(isIt)) return { sighting: { ...seen, place: 'pending' } };
    const history = await driver.client.history(attempt.promptId);
    if (history) return { sighting: { ...seen, place: 'history' }, history };
    return { sighting: { ...seen, place: 'nowhere', misses: entry.misses + 1 } };
  }
}
