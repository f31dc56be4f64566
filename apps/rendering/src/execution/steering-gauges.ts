import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { claimedMbOf } from '../cards/claimed-memory';
import { Gpu } from '../cards/card.entity';
import { readSteering } from '../planning/steering.queries';
import { RenderingMetrics } from '../rendering.metrics';
import { UtilisationReader } from '../views/utilisation.reader';

/** Says in metrics what people decided by hand, and how the cards are used. */
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
      manager.find(Gpu, { where: { configured: true }, select: { name: true, drained: true } }),
    ]);
    this.metrics.paused.set(steering.paused === null ? 0 : 1);
    for (const { name, drained } of gpus) {
      const gpu = { gpu: name };
      this.metrics.drained.set(gpu, drained === null ? 0 : 1);
      this.metrics.claimedMb.set(gpu, claimedMbOf(steering.claims.get(name) ?? []));
      const use = used.get(name)?.lastHour;
      if (use === undefined) continue;
      this.metrics.busyShare.set(gpu, use.busy_share);
      this.metrics.idleWithWork.set(gpu, use.idle_with_work_seconds);
      if (use.model_swaps !== null) this.metrics.modelSwaps.set(gpu, use.model_swaps);
    }
  }
}
