import { Inject, Injectable } from '@nestjs/common';
import { CLOCK, describeError, LOGGER, type Clock, type Logger } from '@tower/kit';
import type { CardDriver } from '../../cards/card-driver';
import { WATCH_THRESHOLDS, type WatchThresholds } from '../../cards/watch-thresholds';
import { SnapshotReader } from '../../planning/snapshot-reader';
import { FileCards } from './file-cards';
import { remedyFor, type Patience } from './missing-files';
import { ModelRemedies } from './model-remedies';

/** Milliseconds between two looks at what waits, at least. */
const lookEveryMs = 2_000;
/** A look may take a twentieth of the time: a long queue is looked at less often. */
const restPerWork = 20;

/**
 * Sees to waiting tasks that no card can take for want of a file: fetches it, or fails them with the sentence that says
 * what to do.
 */
@Injectable()
export class MissingModels {
  /** By kind: since when no card can take it, and since when all that might have answered. Monotonic milliseconds. */
  private waits = new Map<string, Pick<Patience, 'sinceMs' | 'answeredSinceMs'>>();
  private nextAtMs = -Infinity;
  private looking = false;

  constructor(
    private readonly snapshots: SnapshotReader,
    private readonly cards: FileCards,
    private readonly remedies: ModelRemedies,
    @Inject(WATCH_THRESHOLDS) private readonly limits: WatchThresholds,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Somebody else looked meanwhile: patience begins anew. */
  reset(): void {
    this.waits = new Map();
    this.nextAtMs = -Infinity;
  }

  /**
   * Level-triggered: what waits is held against what the cards have, whoever changed either. In the background, because
   * a long queue takes long to read.
   */
  settle(fence: string, drivers: readonly CardDriver[]): void {
    if (this.looking || this.clock.monotonicMs() < this.nextAtMs || drivers.length === 0) return;
    this.looking = true;
    void this.look(fence, drivers)
      .catch((error: unknown) => this.logger.warn(`looking for files that waiting tasks lack: ${describeError(error)}`))
      .finally(() => (this.looking = false));
  }

  private async look(fence: string, drivers: readonly CardDriver[]): Promise<void> {
    const startMs = this.clock.monotonicMs();
    const before = this.waits;
    const waits: typeof this.waits = new Map();
    try {
      for (const kind of await this.snapshots.oldestOfEachKind(1)) {
        const key = kind.kind;
        const nowMs = this.clock.monotonicMs();
        const wait = before.get(key) ?? { sinceMs: nowMs, answeredSinceMs: nowMs };
        const remedy = remedyFor(await this.cards.cardsFor(kind, drivers), {
          ...wait,
          nowMs,
          patienceMs: this.limits.missingModelMs,
          readEveryMs: this.limits.missingReadMs,
        });
        if (remedy.do === 'wait') waits.set(key, remedy.away ? { ...wait, answeredSinceMs: nowMs } : wait);
        await this.remedies.apply(fence, kind, remedy, drivers);
      }
    } finally {
      if (this.waits === before) this.waits = waits;
      this.nextAtMs =
        this.clock.monotonicMs() + Math.max(lookEveryMs, (this.clock.monotonicMs() - startMs) * restPerWork);
    }
  }
}
