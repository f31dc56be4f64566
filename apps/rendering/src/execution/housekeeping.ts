import { Inject, Injectable } from '@nestjs/common';
import { CLOCK, type Clock } from '@tower/kit';
import { GPUS, type ConfiguredGpus } from '../cards/card-config';
import type { Duty } from './duty';
import { ModelSupply } from './model-supply';
import { OrphanedAttempts } from './orphaned-attempts';
import { QueueUpkeep } from './queue-upkeep';
import { VerdictWatch } from './verdict-watch';

/** Milliseconds between two rounds, at least: what they see to may wait for the next tick. */
const everyMs = 500;

/** Sees to what nobody tells of: holds that are over, orphaned attempts, overdue verdicts, missing files. */
@Injectable()
export class Housekeeping implements Duty {
  private doneAtMs = -Infinity;

  constructor(
    private readonly queue: QueueUpkeep,
    private readonly orphans: OrphanedAttempts,
    private readonly verdicts: VerdictWatch,
    private readonly models: ModelSupply,
    @Inject(GPUS) private readonly gpus: ConfiguredGpus,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async tick(fence: string): Promise<boolean> {
    if (this.clock.monotonicMs() - this.doneAtMs < everyMs) return false;
    this.doneAtMs = this.clock.monotonicMs();
    const isNews = await this.queue.tick(fence);
    await this.orphans.settle(fence, this.gpus);
    this.verdicts.look(fence);
    await this.models.tick(fence);
    return isNews;
  }

  /** This process leads no longer. */
  stop(): void {
    this.models.stop();
  }

  /** Resolves when nothing of it is under way that writes. */
  idle(): Promise<void> {
    return this.verdicts.idle();
  }
}
