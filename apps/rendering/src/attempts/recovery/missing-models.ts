import { Inject, Injectable } from '@nestjs/common';
import type { GpuConfig } from '@tower/contracts';
import { CLOCK, describeError, LOGGER, type Clock, type Logger } from '@tower/kit';
import { DataSource } from 'typeorm';
import { memoryMbOf } from '../../cards/card';
import type { CardDriver } from '../../cards/card-driver';
import { WATCH_THRESHOLDS, type WatchThresholds } from '../../cards/watch-thresholds';
import { underFence } from '../../leadership';
import { SnapshotReader } from '../../planning/snapshot-reader';
import { holdKind, reopenKind, tasksOfKind, type WaitingKind } from '../../planning/waiting-kinds';
import { RenderingMetrics } from '../../rendering.metrics';
import { Catalogue } from '../../workflows/catalogue';
import { lacking, type Missing } from '../../workflows/compatibility/requirements';
import { RequirementsCache } from '../../workflows/compatibility/requirements-cache';
import { noChanges, noParts } from '../../workflows/composition';
import { anyOf } from '../../workflows/models/model-names';
import { vramNeedMb } from '../../workflows/values/planned-values';
import { AttemptsService } from '../attempts.service';
import { folderOf, remedyFor, type FileCard, type Patience, type Remedy } from './missing-files';
import { ModelDownloads } from './model-downloads';

/** Milliseconds between two looks at what waits, at least. */
const lookEveryMs = 2_000;
/** A look may take a twentieth of the time: a long queue is looked at less often. */
const restPerWork = 20;
/** Tasks that are failed at one look; the next one goes on. */
const failedAtOnce = 100;

/**
 * Sees to waiting tasks that no card can take for want of a file: fetches it, or fails them with the sentence that says
 * what to do.
 */
@Injectable()
export class MissingModels {
  private readonly requirements = new RequirementsCache();
  /** By kind: since when no card can take it, and since when all that might have answered. Monotonic milliseconds. */
  private waits = new Map<string, Omit<Patience, 'nowMs' | 'patienceMs'>>();
  private nextAtMs = -Infinity;
  private looking = false;

  constructor(
    private readonly db: DataSource,
    private readonly attempts: AttemptsService,
    private readonly downloads: ModelDownloads,
    private readonly snapshots: SnapshotReader,
    private readonly workflows: Catalogue,
    private readonly metrics: RenderingMetrics,
    @Inject(WATCH_THRESHOLDS) private readonly limits: WatchThresholds,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Somebody else looked meanwhile: patience begins anew. */
  forget(): void {
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
        const remedy = remedyFor(await this.cardsFor(kind, drivers), {
          ...wait,
          nowMs,
          patienceMs: this.limits.missingModelMs,
        });
        if (remedy.do === 'wait') waits.set(key, remedy.away ? { ...wait, answeredSinceMs: nowMs } : wait);
        await this.apply(fence, kind, remedy, drivers);
      }
    } finally {
      if (this.waits === before) this.waits = waits;
      this.nextAtMs =
        this.clock.monotonicMs() + Math.max(lookEveryMs, (this.clock.monotonicMs() - startMs) * restPerWork);
    }
  }

  /** Empty where there is nothing to decide: the template is gone or makes no graph, or a card can take the kind. */
  private async cardsFor(kind: WaitingKind, drivers: readonly CardDriver[]): Promise<FileCard[]> {
    const workflow = this.workflows.find(kind.workflow);
    if (workflow === undefined) return [];
    const work = { values: kind.parameters ?? {}, parts: kind.parts ?? noParts, plan: kind.plan ?? noChanges };
    const needs = this.requirements.of(workflow, work);
    if (needs.fault !== undefined) return [];
    const takes = ({ config }: CardDriver): boolean => !config.only || config.prefers.includes(workflow.file.work);
    const seen = drivers.map((driver) => ({
      driver,
      lacks: driver.server.inventory && lacking(needs, driver.server.inventory),
    }));
    // The usual case, for every kind at every look.
    if (
      seen.some(
        ({ driver, lacks }) => lacks?.length === 0 && takes(driver) && !kind.excluded_gpus.includes(driver.name),
      )
    )
      return [];
    const needMb = vramNeedMb(workflow, work.values, work.parts, work.plan);
    const cards: FileCard[] = [];
    for (const [position, { driver, lacks }] of seen.entries()) {
      const { config, snapshot, server } = driver;
      const files = (lacks ?? []).filter(({ kind: what }) => what === 'model');
      const places = await Promise.all(files.map((missing) => this.placeOf(config, missing)));
      cards.push({
        name: config.name,
        position,
        answers: snapshot.state !== 'down' && snapshot.state !== 'unknown',
        takes: takes(driver),
        excluded: kind.excluded_gpus.includes(config.name),
        prefers: config.prefers.includes(workflow.file.work),
        bigEnough: needMb <= (memoryMbOf({ config, inventory: server.inventory }) ?? needMb),
        lacks,
        filesReadAtMs: server.filesReadAtMs,
        obstacles: places.map(({ obstacle }) => obstacle),
        arriving: places.some(({ standing }) => standing === 'arriving'),
        unlisted: places.some(({ standing }) => standing === 'present'),
      });
    }
    return cards;
  }

  /** A name that may mean several files is no file that could be fetched. */
  private async placeOf(gpu: GpuConfig, missing: Missing): ReturnType<ModelDownloads['placeOf']> {
    if (missing.candidates !== undefined)
      return {
        obstacle: `${gpu.name} has several files of that name, ${anyOf(missing.candidates)}. Ask again with the folder.`,
        standing: 'absent',
      };
    return this.downloads.placeOf(gpu, folderOf(missing), missing.name);
  }

  private async apply(fence: string, kind: WaitingKind, remedy: Remedy, drivers: readonly CardDriver[]): Promise<void> {
    switch (remedy.do) {
      case 'nothing':
        return;
      case 'wait':
        for (const driver of drivers) if (remedy.read.includes(driver.name)) driver.readFiles();
        return;
      case 'download':
        return this.download(fence, kind, remedy);
      case 'reopen':
        return underFence(this.db, fence, async (tx) => {
          await reopenKind(tx, kind);
        });
      case 'fail':
        for (const task of await tasksOfKind(this.db.manager, kind, failedAtOnce)) {
          this.metrics.recoverySteps.inc({ gpu: 'none', because: 'missing_model', step: 'give_up' });
          await this.attempts.failWaiting(fence, task, {
            code: 'model_missing',
            message: remedy.message,
            hint: remedy.hint,
          });
        }
    }
  }

  private async download(
    fence: string,
    kind: WaitingKind,
    { gpu, folder, name }: Extract<Remedy, { do: 'download' }>,
  ): Promise<void> {
    const step = {
      step: 'download_model' as const,
      because: 'missing_model' as const,
      gpu,
      detail: `${name} is downloaded to ${gpu}`,
      at: this.clock.now().toISOString(),
    };
    const held = await underFence(this.db, fence, async (tx) => {
      return holdKind(tx, kind, {
        wantsModel: { gpu, folder, name, receivedBytes: 0, totalBytes: null },
        step,
        until: this.downloads.heldUntil(),
      });
    });
    this.metrics.recoverySteps.inc({ gpu, because: 'missing_model', step: 'download_model' }, held);
    this.logger.info(
      { gpu, folder, file: name },
      `${held} waiting tasks need ${name}, which no card has; it is downloaded to ${gpu}`,
    );
  }
}
