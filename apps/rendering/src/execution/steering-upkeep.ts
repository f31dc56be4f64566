import { Inject, Injectable } from '@nestjs/common';
import { gpuClaimEnded } from '@tower/contracts';
import { isDatabaseUnavailable, Outbox } from '@tower/db';
import { describeError, LOGGER, newId, type Logger } from '@tower/kit';
import { DataSource } from 'typeorm';
import type { CardDriver } from '../cards/card-driver';
import { GpuClaim } from '../cards/claim.entity';
import { underFence } from '../leadership';
import { factsOf } from '../requests/card-steering.service';
import { CardDrivers } from './card-drivers';
import type { Duty } from './duty';
import { freeModels } from './free-models';

/** Times that a server is asked to unload its models for a claim before the card goes on without. */
const maxTries = 3;

/**
 * Keeps what people decided by hand: unloads models for claims that began, and ends claims whose time is over and
 * orders whose jobs are.
 */
@Injectable()
export class SteeringUpkeep implements Duty {
  /** Cards whose models are being unloaded. */
  private readonly freeing = new Set<string>();
  private readonly tries = new Map<string, number>();

  constructor(
    private readonly db: DataSource,
    private readonly outbox: Outbox,
    private readonly drivers: CardDrivers,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** True when a claim ended: what it held back may start. */
  async tick(fence: string): Promise<boolean> {
    const ended = await this.endClaims(fence);
    await this.endOrders(fence);
    await this.makeRoom(fence);
    return ended;
  }

  private async endClaims(fence: string): Promise<boolean> {
    const isOver = 'ended_at is null and until <= clock_timestamp()';
    // A fence locks a row of the lease, which is written then; usually there is nothing to do.
    const found: unknown[] = await this.db.query(`select 1 from gpu_claim where ${isOver} limit 1`);
    if (found.length === 0) return false;
    await underFence(this.db, fence, async (tx) => {
      const [claims]: [GpuClaim[], number] = await tx.query(
        `update gpu_claim set ended_at = until where ${isOver} returning id, gpu, megabytes, who`,
      );
      for (const claim of claims)
        await this.outbox.add(tx, gpuClaimEnded, { ...factsOf(claim), how: 'expired' }, { correlationId: newId() });
    });
    return true;
  }

  private async endOrders(fence: string): Promise<void> {
    const isOver =
      'exists (select from job j where j.id in (queue_order.first_job, queue_order.then_job) ' +
      'and j.ended_at is not null)';
    const found: unknown[] = await this.db.query(`select 1 from queue_order where ${isOver} limit 1`);
    if (found.length > 0) await underFence(this.db, fence, (tx) => tx.query(`delete from queue_order where ${isOver}`));
  }

  /** A card that works is left alone until it is done; given nothing new meanwhile, it comes to that. */
  private async makeRoom(fence: string): Promise<void> {
    const claims: { id: string; gpu: string }[] = await this.db.query(
      'select id, gpu from gpu_claim where ended_at is null and settled_at is null',
    );
    for (const gpu of new Set(claims.map((claim) => claim.gpu))) {
      const driver = this.drivers.named(gpu);
      if (driver?.snapshot.state !== 'idle' || this.freeing.has(gpu)) continue;
      const ids = claims.filter((claim) => claim.gpu === gpu).map(({ id }) => id);
      this.freeing.add(gpu);
      void this.free(fence, driver, ids)
        .catch((error: unknown) => {
          const said = `unloading models for a claim on ${gpu}: ${describeError(error)}`;
          if (isDatabaseUnavailable(error)) this.logger.debug(said);
          else this.logger.warn({ gpu, err: error }, said);
        })
        .finally(() => this.freeing.delete(gpu));
    }
  }

  /** In the background: nothing tells when models are unloaded, and it may take seconds. */
  private async free(fence: string, driver: CardDriver, ids: readonly string[]): Promise<void> {
    const freed = await freeModels(driver, this.logger);
    const key = ids.join(' ');
    const tries = (this.tries.get(key) ?? 0) + 1;
    this.tries.set(key, tries);
    if (!freed && tries < maxTries) return;
    this.tries.delete(key);
    await underFence(this.db, fence, (tx) =>
      tx.query('update gpu_claim set settled_at = clock_timestamp(), freed = $2 where id = any($1)', [ids, freed]),
    );
  }
}
