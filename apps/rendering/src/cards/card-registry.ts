import { Inject, Injectable } from '@nestjs/common';
import { CLOCK, type Clock } from '@tower/kit';
import { DataSource, type EntityManager } from 'typeorm';
import { underFence } from '../leadership';
import type { ConfiguredGpus } from './card-config';
import type { CardDriver } from './card-driver';
import { Gpu, type GpuInventory } from './card.entity';
import { healthy, type CardHealth } from './health/health-policy';
import { inventorySha256, storedPart } from './inventory-cache';

/** Milliseconds; an unchanged card is noted this often, so that `last_seen_at` stays true. */
const noteEveryMs = 5_000;

/** What a card holds in memory from here on, as far as is known: the model files of what it rendered last. */
export async function noteResident(tx: EntityManager, gpu: string, models: readonly string[]): Promise<void> {
  await tx.update(Gpu, { name: gpu }, { resident: [...models] });
}

/** Keeps the `gpu` table true to the configuration and to what the servers say; every process reads the cards there. */
@Injectable()
export class CardRegistry {
  private readonly noted = new Map<
    string,
    { text: string; atMs: number; inventory: GpuInventory | null; sha256: string | null; restarts: number }
  >();

  constructor(
    private readonly db: DataSource,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /**
   * Cards that left the configuration stay as rows, because attempts name them. Returns what is remembered of the
   * configured ones.
   */
  configure(fence: string, gpus: ConfiguredGpus): Promise<Gpu[]> {
    this.noted.clear();
    return underFence(this.db, fence, async (tx) => {
      const before = await tx.find(Gpu);
      const left = { configured: false, state: 'unknown' as const, detail: 'not in the configuration' };
      await tx.update(Gpu, { configured: true }, left);
      const rows: Gpu[] = [];
      for (const [position, { access: _notStored, ...config }] of gpus.entries()) {
        // A server that was renamed is still the same; another one under an old name starts with nothing known.
        const named = before.find((gpu) => gpu.name === config.name);
        const known = [named, ...before.filter((gpu) => gpu.configured)].find((gpu) => gpu?.config.url === config.url);
        rows.push(
          await tx.save(Gpu, {
            name: config.name,
            config,
            position,
            state: 'unknown' as const,
            detail: 'not asked yet',
            inventory: known?.inventory ?? null,
            inventorySha256: known?.inventorySha256 ?? null,
            foreignPrompts: 0,
            lastSeenAt: known?.lastSeenAt ?? null,
            configured: true,
            resident: known?.resident ?? [],
            health: known?.health ?? healthy,
            warnings: [],
            // A person took it out of use; that holds for the name, and for a server that was renamed.
            drained: (named ?? known)?.drained ?? null,
          }),
        );
      }
      return rows;
    });
  }

  async note(fence: string, driver: CardDriver, health: CardHealth): Promise<void> {
    const { state, detail, inventory, foreignPrompts, seenAt, warnings } = driver.snapshot;
    const { restarts } = driver.restarts;
    const last = this.noted.get(driver.name);
    const nowMs = this.clock.monotonicMs();
    // The same object while the server was not asked again.
    const stored = inventory === null || inventory === last?.inventory ? null : storedPart(inventory);
    const sha256 = stored === null ? (last?.sha256 ?? null) : inventorySha256(stored);
    const text = JSON.stringify([state, detail, sha256, foreignPrompts, health, warnings, restarts]);
    if (last?.text === text && nowMs - last.atMs < noteEveryMs) return;
    await underFence(this.db, fence, async (tx) => {
      const changed =
        stored !== null && sha256 !== last?.sha256 ? { inventory: stored as object, inventorySha256: sha256 } : {};
      const free = inventory === null ? {} : { vramFreeMb: inventory.vramFreeMb };
      // A new process holds nothing, and what somebody else had rendered took our models' place.
      const isEmptied = foreignPrompts > 0 || restarts !== (last?.restarts ?? 0);
      const emptied = isEmptied ? { resident: [] } : {};
      await tx.update(
        Gpu,
        { name: driver.name },
        {
          state,
          detail,
          ...changed,
          ...free,
          ...emptied,
          foreignPrompts,
          lastSeenAt: seenAt,
          health: health as object,
          warnings,
        },
      );
    });
    this.noted.set(driver.name, {
      text,
      atMs: nowMs,
      inventory: inventory ?? last?.inventory ?? null,
      sha256,
      restarts,
    });
  }
}
