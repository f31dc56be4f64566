import { createHash } from 'node:crypto';
import { In, type EntityManager, type FindOptionsSelect, type FindOptionsWhere } from 'typeorm';
import { Gpu, type GpuInventory } from './card.entity';

/** Inventories that are remembered; more than there are cards, because each card has had some. */
const remembered = 64;

const known = new Map<string, GpuInventory>();

/** Everything about a card but its inventory, which is hundreds of kilobytes on a well-stocked server. */
const withoutInventory = {
  name: true,
  config: true,
  position: true,
  state: true,
  detail: true,
  inventorySha256: true,
  vramFreeMb: true,
  foreignPrompts: true,
  resident: true,
  lastSeenAt: true,
  configured: true,
  health: true,
  warnings: true,
  drained: true,
} as const satisfies FindOptionsSelect<Gpu>;

/** What is stored of an inventory: all but what changes from look to look. */
export const storedPart = (inventory: GpuInventory): GpuInventory => ({
  ...inventory,
  vramFreeMb: null,
  ramFreeMb: null,
});

export const inventorySha256 = (inventory: GpuInventory): string =>
  createHash('sha256').update(JSON.stringify(inventory)).digest('hex');

/**
 * Cards in the order of the configuration. An inventory is fetched and parsed once per content, and shared: nobody
 * may change it.
 */
export async function readInventories(tx: EntityManager, where: FindOptionsWhere<Gpu>): Promise<Gpu[]> {
  const gpus = await tx.find(Gpu, { select: withoutInventory, where, order: { position: 'ASC' } });
  const unread = gpus.filter(({ inventorySha256: digest }) => digest === null || !known.has(digest));
  const rows =
    unread.length === 0
      ? []
      : await tx.find(Gpu, {
          select: { name: true, inventory: true, inventorySha256: true },
          where: { name: In(unread.map((gpu) => gpu.name)) },
        });
  for (const { inventory, inventorySha256: digest } of rows)
    if (inventory !== null && digest !== null) remember(digest, inventory);
  for (const gpu of gpus) {
    const row = rows.find((candidate) => candidate.name === gpu.name);
    gpu.inventory = row ? row.inventory : (known.get(gpu.inventorySha256 ?? '') ?? null);
  }
  return gpus;
}

function remember(digest: string, inventory: GpuInventory): void {
  const [oldest] = known.keys();
  if (known.size >= remembered && oldest !== undefined) known.delete(oldest);
  known.set(digest, inventory);
}
