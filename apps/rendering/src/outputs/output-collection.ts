import { Injectable } from '@nestjs/common';
import type { ComfyClient } from '@tower/comfyui';
import { isMeasured } from '../attempts/attempts.service';
import { ResultsService } from '../attempts/results.service';
import type { CardDriver } from '../cards/card-driver';
import type { Attempt } from '../jobs/attempt.entity';
import { accuracyOf } from '../planning/estimates/accuracy';
import { passesOf } from '../planning/estimates/passes';
import { RenderingMetrics } from '../rendering.metrics';
import { ProgressPublisher } from '../views/progress-publisher';
import { CollectTroubles } from './collect-troubles';
import { OutputStore, type Rendered, type Stored } from './output-store';
import { artifactsAmong, lackOf } from './promised-output';
import { RenderedFacts } from './rendered-facts';

/**
 * Brings the files of one attempt home: download to a temporary name, decode to verify, checksum, flush, final name,
 * sidecar, thumbnail, and then one fenced transaction that registers it all. A crash anywhere before that is repeated
 * from the start and comes to the same files.
 */
@Injectable()
export class OutputCollection {
  constructor(
    private readonly facts: RenderedFacts,
    private readonly outputs: OutputStore,
    private readonly results: ResultsService,
    private readonly troubles: CollectTroubles,
    private readonly progress: ProgressPublisher,
    private readonly metrics: RenderingMetrics,
  ) {}

  /** @throws whatever the database says while a trouble is settled; the next look tries again */
  async collect(fence: string, attempt: Attempt, driver: CardDriver): Promise<void> {
    const { state, detail } = driver.snapshot;
    // Who is known to be away is not asked: a silence takes long, and others wait for their turn.
    if (state === 'down') return this.troubles.waitForServer(fence, attempt, detail);
    await this.fetchAndRegister(fence, attempt, driver.client);
    this.progress.publish(attempt.jobId);
  }

  private async fetchAndRegister(fence: string, attempt: Attempt, client: ComfyClient): Promise<void> {
    const seconds = this.metrics.collectSeconds.startTimer();
    let name = 'the output';
    try {
      const rendered = await this.facts.of(attempt);
      await this.outputs.discardUnfinished(attempt.id);
      const files: Stored[] = [];
      for (const [idx, output] of artifactsAmong(attempt.outputs ?? []).entries()) {
        name = output.filename;
        files.push(await this.outputs.store(client, rendered, output, idx));
      }
      await this.register(fence, rendered, files);
      this.troubles.overcome(attempt);
      seconds();
    } catch (error) {
      await this.troubles.failed(fence, attempt, error, name);
    }
  }

  private async register(fence: string, rendered: Rendered, files: Stored[]): Promise<void> {
    const { job, attempt, gpu, promised, workflow } = rendered;
    const lacks = files.flatMap((file) => lackOf(file, promised, file.path) ?? []);
    const passes = passesOf(job, workflow.passes_per_step);
    await this.results.register(fence, { attempt, gpu, promised, passes, files, lacks });
    this.metrics.attemptSeconds.observe({ gpu: attempt.gpu }, attempt.seconds ?? 0);
    this.judgeEstimate(rendered);
  }

  /** Compares what was said of the attempt when it was given out with what it took, where that was measured. */
  private judgeEstimate({ attempt, workflow }: Rendered): void {
    const accuracy = isMeasured(attempt) ? accuracyOf(attempt.estimate, attempt.seconds) : undefined;
    if (accuracy === undefined) return;
    const labels = { work: workflow.work, gpu: attempt.gpu, cold: attempt.missing.length > 0 ? 'yes' : 'no' } as const;
    this.metrics.estimatesJudged.inc(labels);
    this.metrics.estimateError.observe(labels, accuracy.relativeError);
    // From the first that is judged on, so that a share of none is 0 and not unknown.
    this.metrics.estimatesNear.inc(labels, accuracy.isNear ? 1 : 0);
    this.metrics.estimatesInInterval.inc(labels, accuracy.isInInterval ? 1 : 0);
  }
}
