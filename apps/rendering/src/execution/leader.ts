import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import type { ObjectInfo } from '@tower/comfyui';
import { isDatabaseUnavailable, isUniqueViolation, Lease, NotificationListener } from '@tower/db';
import { AppError, CLOCK, describeError, LOGGER, onFailure, type Clock, type Logger } from '@tower/kit';
import { DiskWatch } from '@tower/library';
import { DATABASE_URL, INSTANCE } from '@tower/service';
import { DataSource } from 'typeorm';
import { AttemptsService } from '../attempts/attempts.service';
import { letGoOverheld } from '../attempts/held-tasks';
import { MissingModels } from '../attempts/recovery/missing-models';
import { ModelDownloads } from '../attempts/recovery/model-downloads';
import { COMFYUI_MIN_VERSION, GPUS, type ConfiguredGpus } from '../cards/card-config';
import { CardDriver } from '../cards/card-driver';
import { CardRegistry } from '../cards/card-registry';
import { OPERATOR_FAMILIES, type OperatorFamilies } from '../cards/family-reading';
import { CardHealthService } from '../cards/health/card-health.service';
import { SameServers } from '../cards/same-servers';
import { endHolds } from '../jobs/task-store';
import { schedulerLease, workChannel } from '../leadership';
import { Collector } from '../outputs/collector';
import type { Assignment } from '../planning/planner';
import { countWaiting } from '../planning/queue.queries';
import type { Snapshot } from '../planning/snapshot';
import { SnapshotReader } from '../planning/snapshot-reader';
import { RenderingMetrics } from '../rendering.metrics';
import { Catalogue } from '../workflows/catalogue';
import type { Missing } from '../workflows/compatibility/requirements';
import { signatureMismatches } from '../workflows/compatibility/signature-mismatches';
import { Dispatcher } from './dispatcher';
import { LivePrompts } from './live-prompts';
import { OrphanedAttempts } from './orphaned-attempts';
import { Reconciler } from './reconciler';
import { VerdictWatch } from './verdict-watch';

/** Milliseconds; what a lost notification costs at most. */
const tickMs = 1_000;
/** Milliseconds between two counts of the queue, for the metric. */
const countEveryMs = 5_000;

/**
 * Gives waiting tasks to idle cards. One process acts at a time, under a lease; what others and itself did before is
 * read from the database and from the servers at every look, so that a crash at any point is only an interruption.
 * Notifications and hints merely wake it.
 */
@Injectable()
export class Leader {
  private readonly lease: Lease;
  private readonly listener: NotificationListener;
  private readonly stopping = new AbortController();
  private readonly drivers = new Map<string, CardDriver>();
  /** In the order of the configuration, as they were put in. */
  private readonly same = new SameServers(() => [...this.drivers.values()]);
  private readonly dispatching = new Map<string, Promise<void>>();
  private woken = new AbortController();
  /** When the house was kept last. */
  private keptAtMs = -Infinity;
  private countedAtMs = -Infinity;
  private loop: Promise<void> | undefined;
  /** Since the cards were configured under the present lease. */
  private isActing = false;

  constructor(
    private readonly db: DataSource,
    private readonly attempts: AttemptsService,
    private readonly orphans: OrphanedAttempts,
    private readonly missing: MissingModels,
    private readonly reconciler: Reconciler,
    private readonly prompts: LivePrompts,
    private readonly dispatcher: Dispatcher,
    private readonly cardHealth: CardHealthService,
    private readonly downloads: ModelDownloads,
    private readonly collector: Collector,
    private readonly disks: DiskWatch,
    private readonly verdicts: VerdictWatch,
    private readonly registry: CardRegistry,
    private readonly snapshots: SnapshotReader,
    private readonly workflows: Catalogue,
    private readonly metrics: RenderingMetrics,
    @Inject(GPUS) private readonly gpus: ConfiguredGpus,
    @Inject(COMFYUI_MIN_VERSION) private readonly oldestVersion: string,
    @Inject(OPERATOR_FAMILIES) private readonly operatorFamilies: OperatorFamilies,
    @Inject(DATABASE_URL) databaseUrl: string,
    @Inject(INSTANCE) instance: string,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.lease = new Lease(db, schedulerLease, instance, clock, logger);
    this.listener = new NotificationListener(databaseUrl, workChannel, () => this.wake(), logger);
  }

  start(): void {
    this.lease.start(() => this.wake());
    this.listener.start();
    this.loop = this.run();
  }

  /** Prompts that run stay on their cards; the next leader adopts them. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.wake();
    await this.loop;
    await this.listener.stop();
    await this.verdicts.idle();
    await this.stepDown();
    await this.lease.stop();
  }

  isLeader(): boolean {
    return this.lease.held() !== undefined;
  }

  /** Cards that could be given work now, as far as this process knows. */
  idleCards(): string[] {
    return [...this.drivers.values()]
      .filter(
        (driver) => driver.snapshot.state === 'idle' && driver.silentMs() < 3_000 && !this.dispatching.has(driver.name),
      )
      .map((driver) => driver.name);
  }

  private wake(): void {
    this.woken.abort();
  }

  private async run(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      this.woken = new AbortController();
      const fence = this.lease.held();
      this.metrics.leader.set(fence === undefined ? 0 : 1);
      try {
        if (fence === undefined) await this.stepDown();
        else {
          await this.stepUp(fence);
          // What could not be stored is not worth rendering.
          if (this.disks.trouble() === undefined) await this.dispatch(fence);
          this.collector.collectAll(fence, [...this.drivers.values()]);
          await this.keepHouse(fence);
        }
      } catch (error) {
        if (isDatabaseUnavailable(error))
          this.logger.debug(`scheduling waits for the database: ${describeError(error)}`);
        else this.logger.warn({ err: error }, `scheduling: ${describeError(error)}`);
        await sleep(250);
      }
      await sleep(tickMs, undefined, { signal: this.woken.signal }).catch(() => undefined);
    }
  }

  /** What may wait for the next tick: while a task is on its way to a card, this process has nothing better to do. */
  private async keepHouse(fence: string): Promise<void> {
    if (this.clock.monotonicMs() - this.keptAtMs < tickMs / 2) return;
    this.keptAtMs = this.clock.monotonicMs();
    if ((await endHolds(this.db.manager)) > 0) this.wake();
    await this.orphans.settle(fence, this.gpus);
    await letGoOverheld(this.db, fence);
    this.verdicts.look(fence);
    this.missing.settle(fence, [...this.drivers.values()]);
    await this.downloads.fetchWanted(fence, this.gpus, {
      done: (gpu) => this.changed(gpu),
      failed: (task, error) => this.attempts.failWaiting(fence, task, error),
    });
  }

  private async stepUp(fence: string): Promise<void> {
    if (this.isActing) return;
    this.cardHealth.load(await this.registry.configure(fence, this.gpus));
    // Before the drivers look: each would take what is not its own for lost.
    await this.orphans.settle(fence, this.gpus);
    await this.disks.pause();
    await this.collector.sweep(fence);
    this.isActing = true;
    for (const config of this.gpus) {
      const driver = new CardDriver(
        config,
        {
          looked: async (looked) => {
            const held = this.lease.held();
            if (held === undefined) return;
            this.same.saw(looked, await this.reconciler.act(held, looked));
            this.metrics.sockets.set({ gpu: looked.name }, looked.connection === null ? 0 : 1);
            await this.registry.note(held, looked, this.cardHealth.healthOf(looked.name));
            this.wake();
          },
          hint: (looked, hint) => this.prompts.hint(looked, hint),
          preview: (looked, frame) => this.prompts.preview(looked, frame),
          deaf: (looked) => this.metrics.deafSockets.inc({ gpu: looked.name }),
          sameAsAnother: (looked) => this.same.troubleOf(looked),
        },
        {
          oldestVersion: this.oldestVersion,
          check: (info) => this.misfits(info),
          operatorFamilies: this.operatorFamilies,
        },
        this.clock,
        this.logger,
      );
      this.drivers.set(config.name, driver);
      driver.start();
    }
  }

  /** Only workflows that the server does not fit, so that a usual inventory stays small. */
  private misfits(info: ObjectInfo): Record<string, Missing[]> {
    return Object.fromEntries(
      this.workflows
        .all()
        .map((workflow) => [workflow.file.name, signatureMismatches(workflow, info)] as const)
        .filter(([, missing]) => missing.length > 0),
    );
  }

  /** The card has files that it did not have. */
  private changed(gpu: string): void {
    const driver = this.drivers.get(gpu);
    driver?.server.readAnew();
    driver?.wake();
  }

  private async stepDown(): Promise<void> {
    if (!this.isActing) return;
    this.isActing = false;
    this.downloads.stop();
    const drivers = [...this.drivers.values()];
    this.drivers.clear();
    await Promise.all(drivers.map((driver) => driver.stop()));
    this.reconciler.forget();
    this.missing.forget();
  }

  private async dispatch(fence: string): Promise<void> {
    await this.countQueue();
    const idle = this.idleCards();
    if (idle.length === 0) return;
    const snapshot = await this.snapshots.readChoices(idle);
    if (snapshot === undefined) return;
    for (const { taskId, jobId, error } of snapshot.hopeless)
      await this.attempts.failWaiting(fence, { id: taskId, jobId }, error);
    for (const assignment of snapshot.assignments(snapshot.unbooked(idle))) this.send(fence, snapshot, assignment);
  }

  private async countQueue(): Promise<void> {
    if (this.clock.monotonicMs() - this.countedAtMs < countEveryMs) return;
    this.countedAtMs = this.clock.monotonicMs();
    this.metrics.queued.set(await countWaiting(this.db.manager, 10_000_000));
  }

  /** Sends in the background, one at a time per card, so that a slow server holds up nobody else. */
  private send(fence: string, snapshot: Snapshot, assignment: Assignment): void {
    const driver = this.drivers.get(assignment.gpu);
    const task = snapshot.waiting.find((waiting) => waiting.taskId === assignment.taskId);
    const inventory = driver?.snapshot.inventory;
    if (!driver || !task || !inventory) return;
    const estimate = snapshot.estimate(task, driver.name);
    const card = { name: driver.name, url: driver.config.url, inventory, infos: driver.server.objectInfo };
    const work = this.attempts
      .claim(fence, assignment.taskId, assignment.jobId, card, estimate.seconds)
      .catch((error: unknown) => this.refuse(fence, assignment, error))
      .then(async (dispatch) => {
        if (dispatch) await this.dispatcher.send(fence, driver, dispatch);
      })
      .catch((error: unknown) => {
        // The card was booked by an earlier leader whose attempt is still live; it will be seen at the next look.
        if (
          isUniqueViolation(error) ||
          (error instanceof AppError && error.code === 'lease_lost') ||
          isDatabaseUnavailable(error)
        )
          this.logger.debug(`sending to ${driver.name}: ${describeError(error)}`);
        else this.logger.error({ err: error, gpu: driver.name }, 'sending a task');
      })
      .finally(() => {
        this.dispatching.delete(driver.name);
        driver.wake();
      });
    this.dispatching.set(driver.name, work);
  }

  /**
   * A task that cannot be claimed for its own sake would stand first in line for ever: it fails. What passes by itself
   * is thrown on.
   */
  private async refuse(fence: string, { taskId, jobId }: Assignment, error: unknown): Promise<undefined> {
    if (!(error instanceof AppError) || onFailure[error.kind] === 'retry' || error.code === 'lease_lost') throw error;
    this.logger.warn({ jobId }, `a task that cannot be sent is given up: ${describeError(error)}`);
    await this.attempts.failWaiting(
      fence,
      { id: taskId, jobId },
      { code: error.code, message: error.message, hint: 'Ask again with what is named changed.' },
    );
  }
}
