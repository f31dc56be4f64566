import { Inject, Injectable } from '@nestjs/common';
import { describeError, LOGGER, type Logger } from '@tower/kit';
import { isReceived, Library, sweepLeftovers } from '@tower/library';
import { DataSource } from 'typeorm';
import { Attempt } from '../jobs/attempt.entity';
import { underFence } from '../leadership';

/** Tidies the library after processes that were cut off. */
@Injectable()
export class LibrarySweep {
  constructor(
    private readonly db: DataSource,
    private readonly library: Library,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * Removes what earlier processes left unfinished in the library. For a leader that has just begun: what belongs to an
   * attempt that still waits to be fetched stays until that attempt is done, and what people are sending has a time of
   * its own.
   */
  async sweep(fence: string): Promise<void> {
    try {
      const names = await this.library.unfinished();
      const waiting = await underFence(this.db, fence, (tx) =>
        tx.find(Attempt, { select: { id: true }, where: { state: 'collecting' } }),
      );
      const ownerless = names.filter((name) => !isReceived(name) && !waiting.some(({ id }) => name.startsWith(id)));
      await this.library.discardUnfinished(ownerless);
      const facts = { files: ownerless.length };
      if (ownerless.length > 0) this.logger.info(facts, 'removed unfinished files that belong to no attempt any more');
      // In the background: there may be a million finished files, and nothing makes such leftovers now.
      void sweepLeftovers(this.library.root).catch((error: unknown) => this.unswept(error));
    } catch (error) {
      this.unswept(error);
    }
  }

  /** What is left only takes room; whatever else is wrong with the disk, the watch over it says. */
  private unswept(error: unknown): void {
    this.logger.warn(`removing unfinished files: ${describeError(error)}`);
  }
}
