import { Inject, Injectable } from '@nestjs/common';
import { requireFence } from '@tower/db';
import { CLOCK, type Clock } from '@tower/kit';
import { DataSource, In, Not } from 'typeorm';
import { schedulerLease } from '../scheduling/attempts.service';
import type { ConfiguredGpus } from './gpu-config';
import type { GpuDriver } from './gpu-driver';
import { Gpu } from './gpu.entity';

/** Milliseconds; an unchanged card is noted this often, so that `last_seen_at` stays true. */
const noteEveryMs = 5_000;

/** Keeps the `gpu` table true to the configuration and to what the servers say; every process reads the cards there. */
@Injectable()
export class GpuRegistry {
  private readonly noted = new Map<string, { text: string; atMs: number }>();

  constructor(
    private readonly db: DataSource,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Cards that left the configuration stay as rows, because attempts name them. */
  configure(fence: string, gpus: ConfiguredGpus): Promise<void> {
    this.noted.clear();
    return this.db.transaction(async (tx) => {
      await requireFence(tx, schedulerLease, fence);
      await tx.update(Gpu, gpus.length === 0 ? {} : { name: Not(In(gpus.map((gpu) => gpu.name))) }, { configured: false, state: 'unknown', detail: 'not in the configuration' });
      for (const [position, config] of gpus.entries()) {
        const known = await tx.findOneBy(Gpu, { name: config.name });
        // Another server under an old name starts with nothing known.
        const inventory = known?.config.url === config.url ? known.inventory : null;
        await tx.save(Gpu, { name: config.name, config, position, state: 'unknown', detail: 'not asked yet', inventory, foreignPrompts: 0, lastSeenAt: known?.lastSeenAt ?? null, configured: true });
      }
    });
  }

  async note(fence: string, driver: GpuDriver): Promise<void> {
    const { state, detail, inventory, foreignPrompts, seenAt } = driver.sight;
    const text = JSON.stringify([state, detail, inventory, foreignPrompts]);
    const last = this.noted.get(driver.name);
    const nowMs = this.clock.monotonicMs();
    if (last?.text === text && nowMs - last.atMs < noteEveryMs) return;
    await this.db.transaction(async (tx) => {
      await requireFence(tx, schedulerLease, fence);
      await tx.update(Gpu, { name: driver.name }, { state, detail, ...(inventory ? { inventory: inventory as object } : {}), foreignPrompts, lastSeenAt: seenAt });
    });
    this.noted.set(driver.name, { text, atMs: nowMs });
  }
}
