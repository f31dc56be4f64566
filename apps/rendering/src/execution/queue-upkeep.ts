import { Inject, Injectable } from '@nestjs/common';
import { CLOCK, type Clock } from '@tower/kit';
import { DataSource } from 'typeorm';
import { letGoOverheld } from '../attempts/held-tasks';
import { endHolds } from '../jobs/task-store';
import { pruneDecisions } from '../planning/decisions/decision-store';
import { countWaiting } from '../planning/queue.queries';
import { RenderingMetrics } from '../rendering.metrics';
import type { Duty } from './duty';
import { SteeringGauges } from './steering-gauges';
import { SteeringUpkeep } from './steering-upkeep';

/** Milliseconds between two counts of the queue, for the metric. */
const countEveryMs = 5_000;
/** Milliseconds between two times that old decisions are removed. */
const pruneEveryMs = 600_000;
/** Tasks that are counted at most. */
const countedMost = 10_000_000;

/**
 * Keeps the queue as a whole: lets tasks go that were held long enough, keeps what people decided by hand, counts what
 * waits, and forgets what was decided long ago.
 */
@Injectable()
export class QueueUpkeep implements Duty {
  private countedAtMs = -Infinity;
  private prunedAtMs = -Infinity;

  constructor(
    private readonly db: DataSource,
    private readonly metrics: RenderingMetrics,
    private readonly steering: SteeringUpkeep,
    private readonly gauges: SteeringGauges,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** True when something may start that was held back. */
  async tick(fence: string): Promise<boolean> {
    const ended = await endHolds(this.db.manager);
    await letGoOverheld(this.db, fence);
    const isNews = await this.steering.tick(fence);
    await this.count();
    await this.prune();
    return ended > 0 || isNews;
  }

  private async prune(): Promise<void> {
    if (this.clock.monotonicMs() - this.prunedAtMs < pruneEveryMs) return;
    this.prunedAtMs = this.clock.monotonicMs();
    await pruneDecisions(this.db, this.clock.now());
  }

  private async count(): Promise<void> {
    if (this.clock.monotonicMs() - this.countedAtMs < countEveryMs) return;
    this.countedAtMs = this.clock.monotonicMs();
    this.metrics.queued.set(await countWaiting(this.db.manager, countedMost));
    await this.gauges.set();
  }
}
