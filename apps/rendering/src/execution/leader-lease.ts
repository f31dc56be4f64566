import { Inject, Injectable } from '@nestjs/common';
import { Lease } from '@tower/db';
import { CLOCK, LOGGER, type Clock, type Logger } from '@tower/kit';
import { INSTANCE } from '@tower/service';
import { DataSource } from 'typeorm';
import { schedulerLease, WorkBell } from '../leadership';
import { RenderingMetrics } from '../rendering.metrics';

/** Whether this process leads, and what wakes it: the lease that it gains, and word of new work. */
@Injectable()
export class LeaderLease {
  private readonly lease: Lease;

  constructor(
    db: DataSource,
    private readonly metrics: RenderingMetrics,
    private readonly bell: WorkBell,
    @Inject(INSTANCE) instance: string,
    @Inject(CLOCK) clock: Clock,
    @Inject(LOGGER) logger: Logger,
  ) {
    this.lease = new Lease(db, schedulerLease, instance, clock, logger);
  }

  /** Asks for the lease from now on. `wake` is called whenever there may be something to do. */
  start(wake: () => void): void {
    this.lease.start(wake);
    this.bell.start(wake);
  }

  /** Gives the lease back. */
  async stop(): Promise<void> {
    await this.bell.stop();
    await this.lease.stop();
  }

  /** The fence to act under; undefined while this process does not lead. */
  held(): string | undefined {
    return this.lease.held();
  }

  /** As `held`, and says so in the metrics. */
  heldNow(): string | undefined {
    const fence = this.held();
    this.metrics.leader.set(fence === undefined ? 0 : 1);
    return fence;
  }
}
