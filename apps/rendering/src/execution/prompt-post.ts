import { Injectable } from '@nestjs/common';
import type { PostOutcome } from '@tower/comfyui';
import type { Dispatch } from '../attempts/attempts.service';
import type { CardDriver } from '../cards/card-driver';
import { RenderingMetrics } from '../rendering.metrics';
import { InputUploads } from './input-uploads';
import { InterruptedPrompts } from './interrupted-prompts';

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Whether a prompt can be followed under this id, as a server gave it. */
export const isFollowable = (promptId: string): boolean => uuid.test(promptId);

/** Puts a prompt into its card's queue, and takes off it again what nobody could follow there. */
@Injectable()
export class PromptPost {
  constructor(
    private readonly pictures: InputUploads,
    private readonly interrupted: InterruptedPrompts,
    private readonly metrics: RenderingMetrics,
  ) {}

  /** What the server answered. Never throws for an answer; an own fault while a picture is read again is thrown. */
  async post(driver: CardDriver, dispatch: Dispatch): Promise<PostOutcome> {
    const result = await this.postOnce(driver, dispatch);
    this.metrics.posted.inc({ gpu: driver.name, outcome: result.outcome });
    if (result.outcome === 'refused') await this.stopAccepted(driver, dispatch.attempt.promptId, result.promptId);
    if (result.outcome === 'accepted' && !isFollowable(result.promptId)) await this.stop(driver, result.promptId);
    return result;
  }

  /**
   * A refused graph of which a part runs all the same. What certainly is not there is not interrupted: it could hit
   * another prompt.
   */
  private async stopAccepted(driver: CardDriver, asked: string, accepted: string | null): Promise<void> {
    if (accepted === null) return;
    for (const promptId of new Set([asked, accepted])) await this.stop(driver, promptId);
  }

  private async stop(driver: CardDriver, promptId: string): Promise<void> {
    if (promptId !== '') await this.interrupted.stop(driver, promptId);
  }

  /**
   * A server that lacks an input picture which it had taken lost its folder; it gets it again, and the prompt, which it
   * never queued.
   */
  private async postOnce(driver: CardDriver, { attempt, job, graph }: Dispatch): Promise<PostOutcome> {
    const extra = { attempt: attempt.id, job: job.id };
    const result = await driver.post(graph, attempt.promptId, extra);
    const lost =
      result.outcome === 'refused' &&
      Object.keys(job.images).length > 0 &&
      result.faults.some(
        (fault) => fault.type === 'custom_validation_failed' && /Invalid (image|video|audio) file/i.test(fault.details),
      );
    if (!lost) return result;
    this.pictures.resetUploads(driver.name);
    return driver.post(await this.pictures.bring(driver, job.images, graph), attempt.promptId, extra);
  }
}
