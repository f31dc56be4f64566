import { Injectable } from '@nestjs/common';
import type { Failure, FileRef } from '@tower/comfyui';
import { AttemptsService, foundOutcome } from '../attempts/attempts.service';
import type { Attempt } from '../jobs/attempt.entity';
import { RenderingMetrics, type AttemptOutcome } from '../rendering.metrics';
import { ProgressPublisher } from '../views/progress-publisher';
import { LivePrompts } from './live-prompts';

/** How an attempt's outputs came about; the same words are its outcome. */
export type Measured = Parameters<AttemptsService['rendered']>[3];

/**
 * Ends attempts whose prompts are over on their card: what is remembered of the prompt goes, the end is written,
 * counted
 * and told.
 */
@Injectable()
export class AttemptEndings {
  constructor(
    private readonly attempts: AttemptsService,
    private readonly prompts: LivePrompts,
    private readonly progress: ProgressPublisher,
    private readonly metrics: RenderingMetrics,
  ) {}

  rendered(fence: string, attempt: Attempt, files: FileRef[], measured: Measured): Promise<void> {
    const outcome = measured.outcome === foundOutcome ? foundOutcome : 'rendered';
    return this.end(attempt, outcome, () => this.attempts.rendered(fence, attempt, files, measured));
  }

  /** `outcome` is what is counted, where the failure's kind is not the word for it. */
  failed(fence: string, attempt: Attempt, failure: Failure, outcome: AttemptOutcome = failure.kind): Promise<void> {
    return this.end(attempt, outcome, () => this.attempts.fail(fence, attempt, failure));
  }

  /** `gone`: its server's process ended while it ran. */
  lost(fence: string, attempt: Attempt, reason: string, gone: boolean): Promise<void> {
    return this.end(attempt, 'lost', () => this.attempts.lose(fence, attempt, reason, gone));
  }

  /** It never began, and counts neither as a loss of the task nor against the card. */
  displaced(fence: string, attempt: Attempt, reason: string): Promise<void> {
    return this.end(attempt, 'displaced', () => this.attempts.displace(fence, attempt, reason, false));
  }

  /** As `displaced`, because something else is to go first. */
  async takenBack(fence: string, attempt: Attempt, reason: string): Promise<void> {
    await this.end(attempt, 'taken_back', () => this.attempts.displace(fence, attempt, reason, false));
    this.metrics.prefetched.inc({ gpu: attempt.gpu, outcome: 'taken_back' });
  }

  private async end(attempt: Attempt, outcome: AttemptOutcome, write: () => Promise<void>): Promise<void> {
    this.prompts.release(attempt.promptId);
    await write();
    this.metrics.attempts.inc({ gpu: attempt.gpu, outcome });
    this.progress.publish(attempt.jobId);
  }
}
