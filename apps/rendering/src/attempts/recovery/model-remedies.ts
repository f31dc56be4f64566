import { Inject, Injectable } from '@nestjs/common';
import { CLOCK, LOGGER, type Clock, type Logger } from '@tower/kit';
import { DataSource } from 'typeorm';
import type { CardDriver } from '../../cards/card-driver';
import { underFence } from '../../leadership';
import { holdKind, reopenKind, tasksOfKind, type WaitingKind } from '../../planning/waiting-kinds';
import { RenderingMetrics } from '../../rendering.metrics';
import { AttemptsService } from '../attempts.service';
import type { Remedy } from './missing-files';
import { ModelDownloads } from './model-downloads';

/** Tasks that are failed at one look; the next one goes on. */
const failedAtOnce = 100;

/** Does to the waiting tasks of a kind what was decided about the file that they lack. */
@Injectable()
export class ModelRemedies {
  constructor(
    private readonly db: DataSource,
    private readonly attempts: AttemptsService,
    private readonly downloads: ModelDownloads,
    private readonly metrics: RenderingMetrics,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async apply(fence: string, kind: WaitingKind, remedy: Remedy, drivers: readonly CardDriver[]): Promise<void> {
    switch (remedy.do) {
      case 'nothing':
        return;
      case 'wait':
        for (const driver of drivers) if (remedy.read.includes(driver.name)) driver.readFiles();
        return;
      case 'download':
        return this.download(fence, kind, remedy);
      case 'reopen':
        return underFence(this.db, fence, async (tx) => {
          await reopenKind(tx, kind);
        });
      case 'fail':
        for (const task of await tasksOfKind(this.db.manager, kind, failedAtOnce)) {
          this.metrics.recoverySteps.inc({ gpu: 'none', because: 'missing_model', step: 'give_up' });
          await this.attempts.failWaiting(fence, task, {
            code: 'model_missing',
            message: remedy.message,
            hint: remedy.hint,
          });
        }
    }
  }

  private async download(
    fence: string,
    kind: WaitingKind,
    { gpu, folder, name }: Extract<Remedy, { do: 'download' }>,
  ): Promise<void> {
    const step = {
      step: 'download_model' as const,
      because: 'missing_model' as const,
      gpu,
      detail: `${name} is downloaded to ${gpu}`,
      at: this.clock.now().toISOString(),
    };
    const held = await underFence(this.db, fence, async (tx) => {
      return holdKind(tx, kind, {
        wantsModel: { gpu, folder, name, receivedBytes: 0, totalBytes: null },
        step,
        until: this.downloads.heldUntil(),
      });
    });
    this.metrics.recoverySteps.inc({ gpu, because: 'missing_model', step: 'download_model' }, held);
    this.logger.info(
      { gpu, folder, file: name },
      `${held} waiting tasks need ${name}, which no card has; it is downloaded to ${gpu}`,
    );
  }
}
