import { Inject, Injectable } from '@nestjs/common';
import { DiskWatch } from '@tower/library';
import { GPUS, type ConfiguredGpus } from '../cards/card-config';
import { CardRegistry } from '../cards/card-registry';
import { CardHealthService } from '../cards/health/card-health.service';
import { LibrarySweep } from '../outputs/library-sweep';
import { OrphanedAttempts } from './orphaned-attempts';

/** What a process that has begun to lead does before it looks at the cards. */
@Injectable()
export class Takeover {
  constructor(
    private readonly registry: CardRegistry,
    private readonly cardHealth: CardHealthService,
    private readonly orphans: OrphanedAttempts,
    private readonly disks: DiskWatch,
    private readonly library: LibrarySweep,
    @Inject(GPUS) private readonly gpus: ConfiguredGpus,
  ) {}

  /** May be repeated: when it throws half-way, nothing has begun. */
  async prepare(fence: string): Promise<void> {
    this.cardHealth.load(await this.registry.configure(fence, this.gpus));
    // Before the drivers look: each would take what is not its own for lost.
    await this.orphans.settle(fence, this.gpus);
    await this.disks.pause();
    await this.library.sweep(fence);
  }
}
