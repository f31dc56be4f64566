import { Inject, Injectable } from '@nestjs/common';
import { describeError, LOGGER, type Logger } from '@tower/kit';
import { DiskWatch } from '@tower/library';
import { DataSource, In } from 'typeorm';
import type { CardDriver } from '../cards/card-driver';
import { Attempt } from '../jobs/attempt.entity';
import { CollectTries } from './collect-tries';
import { OutputCollection } from './output-collection';

/** Files are fetched and decoded this many at a time. */
const atOnce = 2;
/** Attempts that are looked at in one go. */
const pageSize = 50;

/** Sees to it that what cards rendered is fetched: the oldest first, a few at a time. */
@Injectable()
export class Collector {
  private readonly busy = new Map<string, Promise<void>>();
  private looking = false;

  constructor(
    private readonly db: DataSource,
    private readonly disks: DiskWatch,
    private readonly tries: CollectTries,
    private readonly collection: OutputCollection,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Starts on every attempt of these cards that waits to be fetched, in the background. */
  collectAll(fence: string, drivers: readonly CardDriver[]): void {
    if (this.looking || this.busy.size >= atOnce) return;
    this.looking = true;
    void this.look(fence, drivers)
      .catch((error: unknown) => this.logger.debug(`looking for finished attempts: ${describeError(error)}`))
      .finally(() => (this.looking = false));
  }

  private async look(fence: string, drivers: readonly CardDriver[]): Promise<void> {
    const attempts = await this.db.manager.find(Attempt, {
      where: { state: 'collecting', gpu: In(drivers.map(({ name }) => name)) },
      order: { endedAt: 'ASC' },
      take: pageSize,
    });
    if (this.disks.isFailing('library'))
      return this.disks.waiting('library', this.tries.neededBytes(attempts.map(({ id }) => id)));
    for (const attempt of attempts) {
      const driver = drivers.find(({ name }) => name === attempt.gpu);
      if (this.busy.size >= atOnce || !driver || this.busy.has(attempt.id)) continue;
      if (!this.tries.isDue(attempt.id)) continue;
      const work = this.collection
        .collect(fence, attempt, driver)
        .catch((error: unknown) => this.logger.debug(`an output waits: ${describeError(error)}`));
      this.busy.set(
        attempt.id,
        work.finally(() => {
          this.busy.delete(attempt.id);
          this.collectAll(fence, drivers);
        }),
      );
    }
  }
}
