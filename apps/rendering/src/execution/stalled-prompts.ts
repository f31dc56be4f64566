import { Inject, Injectable } from '@nestjs/common';
import { obeyMs, patienceMs, unheardPatienceMs, type Failure } from '@tower/comfyui';
import { CLOCK, type Clock } from '@tower/kit';
import { DataSource } from 'typeorm';
import { unheardFor } from '../attempts/outcome';
import type { CardDriver } from '../cards/card-driver';
import { WATCH_THRESHOLDS, type WatchThresholds } from '../cards/watch-thresholds';
import { Job } from '../jobs/job.entity';
import type { Attempt } from '../jobs/attempt.entity';
import { longestSeconds } from '../planning/estimates/estimate';
import { samplesOf } from '../planning/estimates/sample.queries';
import { AttemptEndings } from './attempt-endings';
import { InterruptedPrompts } from './interrupted-prompts';
import { isHeard, LivePrompts, type LivePrompt } from './live-prompts';

/** Prompts that their card lists as running and that show no life. */
@Injectable()
export class StalledPrompts {
  constructor(
    private readonly db: DataSource,
    private readonly prompts: LivePrompts,
    private readonly interrupted: InterruptedPrompts,
    private readonly endings: AttemptEndings,
    @Inject(WATCH_THRESHOLDS) private readonly limits: WatchThresholds,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /**
   * A prompt that shows no life is interrupted by its id, again and again; one that does not obey is given up, and the
   * card needs a restart. Silence says so only where the socket had spoken of the prompt before; else that it is listed
   * as running is life, within a bound.
   */
  async endIfStill(fence: string, driver: CardDriver, attempt: Attempt, entry: LivePrompt): Promise<void> {
    const now = this.clock.monotonicMs();
    const stillMs = now - entry.movedAtMs;
    const unheard = !isHeard(driver, entry);
    const limitMs = unheard
      ? await this.unheardLimitMs(attempt, entry, stillMs)
      : this.heardLimitMs(driver, attempt, entry);
    if (stillMs < limitMs) return;
    entry.stoppingSinceMs ??= now;
    await this.interrupted.stop(driver, attempt.promptId);
    if (now - entry.stoppingSinceMs < obeyMs(entry.graph) * this.limits.patience) return;
    const failure: Failure = unheard
      ? unheardFor(driver.name, 'it does not obey an interrupt')
      : { kind: 'hung', error: hungFor(driver.name, stillMs) };
    await this.endings.failed(fence, attempt, { ...failure, disobeyed: true }, 'hung');
  }

  private heardLimitMs(driver: CardDriver, attempt: Attempt, entry: LivePrompt): number {
    const patience = patienceMs(entry.graph, { ...entry, firstAfterBoot: this.prompts.isFirstAfterBoot(driver) });
    return Math.max(patience, (attempt.estimatedSeconds ?? 0) * 2_000) * this.limits.patience;
  }

  /** What such work took before is asked for only where the usual bound is over. */
  private async unheardLimitMs(attempt: Attempt, entry: LivePrompt, stillMs: number): Promise<number> {
    const least = unheardPatienceMs(entry.graph, null) * this.limits.patience;
    if (stillMs < least) return least;
    if (entry.longestSeconds === undefined) {
      const { workflow, width, height, frames, steps } = await this.db.manager.findOneByOrFail(Job, {
        id: attempt.jobId,
      });
      const samples = await samplesOf(this.db.manager, [{ workflow, gpu: attempt.gpu }]);
      entry.longestSeconds = longestSeconds({ workflow, width, height, frames, steps }, attempt.gpu, samples);
    }
    return unheardPatienceMs(entry.graph, entry.longestSeconds) * this.limits.patience;
  }
}

const hungFor = (gpu: string, stillMs: number): Failure['error'] => ({
  code: 'comfyui_hung',
  message: `${gpu} showed no sign of life for ${Math.round(stillMs / 1000)} s and does not obey an interrupt`,
  hint: 'Restart this ComfyUI.',
});
