import { Inject, Injectable } from '@nestjs/common';
import { AttemptsService } from '../attempts/attempts.service';
import { MissingModels } from '../attempts/recovery/missing-models';
import { ModelDownloads } from '../attempts/recovery/model-downloads';
import { GPUS, type ConfiguredGpus } from '../cards/card-config';
import { CardDrivers } from './card-drivers';
import type { Duty } from './duty';

/** Brings the cards the model files that waiting tasks lack: finds out which these are, and fetches them. */
@Injectable()
export class ModelSupply implements Duty {
  constructor(
    private readonly missing: MissingModels,
    private readonly downloads: ModelDownloads,
    private readonly attempts: AttemptsService,
    private readonly drivers: CardDrivers,
    @Inject(GPUS) private readonly gpus: ConfiguredGpus,
  ) {}

  /** Both go on in the background; a task whose file has come is let go by the download itself. */
  async tick(fence: string): Promise<boolean> {
    this.missing.settle(fence, this.drivers.all());
    await this.downloads.fetchWanted(fence, this.gpus, {
      done: (gpu) => this.changed(gpu),
      failed: (task, error) => this.attempts.failWaiting(fence, task, error),
    });
    return false;
  }

  /** Downloads break off; the next leader goes on where they did. */
  stop(): void {
    this.downloads.stop();
    this.missing.reset();
  }

  /** The card has files that it did not have. */
  private changed(gpu: string): void {
    const driver = this.drivers.named(gpu);
    driver?.server.readAnew();
    driver?.wake();
  }
}
