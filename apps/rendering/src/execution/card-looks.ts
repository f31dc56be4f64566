import { Injectable } from '@nestjs/common';
import type { ComfyEvent, PreviewFrame } from '@tower/comfyui';
import type { CardDriver } from '../cards/card-driver';
import { CardRegistry } from '../cards/card-registry';
import { CardHealthService } from '../cards/health/card-health.service';
import type { StrayPrompt } from '../cards/same-servers';
import { RenderingMetrics } from '../rendering.metrics';
import { PreviewPublisher } from '../views/preview-publisher';
import { LivePrompts } from './live-prompts';
import { Reconciler } from './reconciler';

/** What follows from what a card shows and says. */
@Injectable()
export class CardLooks {
  constructor(
    private readonly reconciler: Reconciler,
    private readonly prompts: LivePrompts,
    private readonly registry: CardRegistry,
    private readonly cardHealth: CardHealthService,
    private readonly previews: PreviewPublisher,
    private readonly metrics: RenderingMetrics,
  ) {}

  /** Acts on a look. Returns prompts that we sent to other cards and that this one has. */
  act(fence: string, driver: CardDriver): Promise<readonly StrayPrompt[]> {
    return this.reconciler.act(fence, driver);
  }

  /** Notes how the card is after that, for everybody who asks. */
  async note(fence: string, driver: CardDriver): Promise<void> {
    this.metrics.sockets.set({ gpu: driver.name }, driver.connection === null ? 0 : 1);
    await this.registry.note(fence, driver, this.cardHealth.healthOf(driver.name));
  }

  hear(driver: CardDriver, event: ComfyEvent): void {
    this.prompts.hear(driver, event);
  }

  preview(driver: CardDriver, frame: PreviewFrame): void {
    const prompt = this.prompts.preview(driver, frame);
    if (prompt === undefined) return;
    const { step, totalSteps } = prompt.progress;
    const preview = {
      job_id: prompt.jobId,
      attempt_id: prompt.attemptId,
      gpu: driver.name,
      step,
      total_steps: totalSteps,
      media_type: frame.mediaType,
      image: frame.image,
    };
    this.previews.take(preview, () => this.prompts.isLive(prompt));
  }

  deaf(driver: CardDriver): void {
    this.metrics.deafSockets.inc({ gpu: driver.name });
  }

  /** Somebody else looks from here on. */
  clear(): void {
    this.reconciler.clear();
  }
}
