import { Injectable } from '@nestjs/common';
import { takesWork } from '@tower/contracts';
import { DataSource } from 'typeorm';
import { memoryMbOf } from '../cards/card';
import { claimedMbOf } from '../cards/claimed-memory';
import { configuredGpus } from '../planning/queue.queries';
import { readSteering } from '../planning/steering.queries';
import { RenderingMetrics } from '../rendering.metrics';
import { UtilisationReader } from '../views/utilisation.reader';

/** Says in metrics what people decided by hand, how the cards stand, and how they are used. */
@Injectable()
export class SteeringGauges {
  constructor(
    private readonly db: DataSource,
    private readonly utilisation: UtilisationReader,
    private readonly metrics: RenderingMetrics,
  ) {}

  async set(): Promise<void> {
    const { manager } = this.db;
    const [steering, used, gpus] = await Promise.all([
      readSteering(manager),
      this.utilisation.read(),
      configuredGpus(manager),
    ]);
    this.metrics.paused.set(steering.paused === null ? 0 : 1);
    for (const card of gpus) {
      const { name, drained, vramFreeMb } = card;
      const gpu = { gpu: name };
      this.metrics.takesWork.set(gpu, takesWork(card) ? 1 : 0);
      this.metrics.drained.set(gpu, drained === null ? 0 : 1);
      const memoryMb = memoryMbOf(card);
      if (memoryMb !== null) this.metrics.memoryMb.set(gpu, memoryMb);
      if (vramFreeMb !== null) this.metrics.memoryFreeMb.set(gpu, vramFreeMb);
      this.metrics.claimedMb.set(gpu, claimedMbOf(steering.claims.get(name) ?? []));
      const use = used.get(name)?.lastHour;
      if (use === undefined) continue;
      this.metrics.busyShare.set(gpu, use.busy_share);
      this.metrics.idleWithWork.set(gpu, use.idle_with_work_seconds);
      if (use.model_swaps !== null) this.metrics.modelSwaps.set(gpu, use.model_swaps);
    }
  }
}
