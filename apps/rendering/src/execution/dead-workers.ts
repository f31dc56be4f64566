import { Inject, Injectable } from '@nestjs/common';
import type { QueueBody } from '@tower/comfyui';
import { CLOCK, type Clock } from '@tower/kit';
import type { CardDriver } from '../cards/card-driver';
import { CardHealthService } from '../cards/health/card-health.service';
import { WATCH_THRESHOLDS, type WatchThresholds } from '../cards/watch-thresholds';
import type { Attempt } from '../jobs/attempt.entity';
import { AttemptEndings } from './attempt-endings';

/** A server whose only worker died still takes prompts and answers everything, but nothing runs any more. */
@Injectable()
export class DeadWorkers {
  /** Monotonic milliseconds since which prompts wait on a card while none runs. */
  private readonly stuckSinceMs = new Map<string, number>();

  constructor(
    private readonly cardHealth: CardHealthService,
    private readonly endings: AttemptEndings,
    @Inject(WATCH_THRESHOLDS) private readonly limits: WatchThresholds,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  clear(): void {
    this.stuckSinceMs.clear();
  }

  async notice(fence: string, driver: CardDriver, queue: QueueBody, live: readonly Attempt[]): Promise<void> {
    const first = queue.queue_pending[0]?.[1];
    if (queue.queue_running.length > 0 || first === undefined) {
      this.stuckSinceMs.delete(driver.name);
      return;
    }
    const now = this.clock.monotonicMs();
    const since = this.stuckSinceMs.get(driver.name) ?? now;
    this.stuckSinceMs.set(driver.name, since);
    if (now - since < this.limits.zombieMs || this.cardHealth.healthOf(driver.name).trouble?.kind === 'needs_restart')
      return;
    const message = `prompts wait on ${driver.name} and none runs: its worker is dead`;
    const ours = live.find((attempt) => queue.queue_pending.some((item) => item[1] === attempt.promptId));
    if (!ours) {
      this.cardHealth.fault(driver.name, { kind: 'zombie', reason: message, promptId: first, disobeyed: false });
      return;
    }
    const error = { code: 'comfyui_zombie', message, hint: 'Restart this ComfyUI.' };
    await this.endings.failed(fence, ours, { kind: 'zombie', error });
    // What was sent behind it would wait there until somebody restarts the server; the sweep takes it off the card.
    for (const behind of live.filter((attempt) => attempt !== ours && attempt.prefetched))
      await this.endings.displaced(fence, behind, message);
  }
}
