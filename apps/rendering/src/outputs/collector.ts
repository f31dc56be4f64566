import { Inject, Injectable } from '@nestjs/common';
import type { ComfyClient, Failure } from '@tower/comfyui';
import { isDatabaseUnavailable } from '@tower/db';
import { AppError, CLOCK, describeError, LOGGER, type Clock, type Logger } from '@tower/kit';
import { DiskWatch, neededBytesOf, ownFault, Library, sweepLeftovers } from '@tower/library';
import { DataSource, In } from 'typeorm';
import { AttemptsService, isMeasured } from '../attempts/attempts.service';
import { ResultsService } from '../attempts/results.service';
import type { CardDriver } from '../cards/card-driver';
import { Gpu } from '../cards/card.entity';
import { WATCH_THRESHOLDS, type WatchThresholds } from '../cards/watch-thresholds';
import { Attempt } from '../jobs/attempt.entity';
import { GenerationParams } from '../jobs/generation-params.entity';
import { Job } from '../jobs/job.entity';
import { Task } from '../jobs/task.entity';
import { underFence } from '../leadership';
import { RenderingMetrics } from '../rendering.metrics';
import { ProgressPublisher } from '../views/progress-publisher';
import { Catalogue } from '../workflows/catalogue';
import { promisedResult } from '../workflows/values/planned-values';
import { CollectTries } from './collect-tries';
import { Decodings } from './decodings';
import { OutputFault } from './inspect-output';
import { OutputInspector } from './output-inspector';
import { OutputRejected, OutputStore, type Rendered, type Stored } from './output-store';
import { artifactsAmong, failureOfFault, lackOf } from './promised-output';

/** Files are fetched and decoded this many at a time. */
const atOnce = 2;

/** Milliseconds that a finished output waits at most for its server, however long it took to render. */
const longestWaitMs = 1_800_000;

/**
 * Fetches what a card rendered: download to a temporary name, decode to verify, checksum, flush, final name, sidecar,
 * thumbnail, and then one fenced transaction that registers it all. A crash anywhere before that is repeated from the
 * start and comes to the same files.
 */
@Injectable()
export class Collector {
  private readonly outputs: OutputStore;
  private readonly busy = new Map<string, Promise<void>>();
  private readonly tries: CollectTries;
  private looking = false;

  constructor(
    private readonly db: DataSource,
    private readonly attempts: AttemptsService,
    private readonly results: ResultsService,
    private readonly progress: ProgressPublisher,
    private readonly library: Library,
    private readonly disks: DiskWatch,
    inspector: OutputInspector,
    private readonly workflows: Catalogue,
    private readonly metrics: RenderingMetrics,
    @Inject(WATCH_THRESHOLDS) private readonly limits: WatchThresholds,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.outputs = new OutputStore(library, inspector, new Decodings(db));
    this.tries = new CollectTries(clock);
  }

  /**
   * Removes what earlier processes left unfinished in the library. For a leader that has just begun: what belongs to an
   * attempt that still waits to be fetched stays until that attempt is done.
   */
  async sweep(fence: string): Promise<void> {
    try {
      const names = await this.library.unfinished();
      const waiting = await underFence(this.db, fence, (tx) =>
        tx.find(Attempt, { select: { id: true }, where: { state: 'collecting' } }),
      );
      const ownerless = names.filter((name) => !waiting.some(({ id }) => name.startsWith(id)));
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

  /** Starts on every attempt of these cards that waits to be fetched, in the background. */
  collectAll(fence: string, drivers: readonly CardDriver[]): void {
    if (this.looking || this.busy.size >= atOnce) return;
    this.looking = true;
    void this.db.manager
      .find(Attempt, {
        where: { state: 'collecting', gpu: In(drivers.map(({ name }) => name)) },
        order: { endedAt: 'ASC' },
        take: 50,
      })
      .then((attempts) => {
        const ids = attempts.map(({ id }) => id);
        if (this.disks.isFailing('library')) return this.disks.waiting('library', this.tries.neededBytes(ids));
        for (const attempt of attempts) {
          const driver = drivers.find(({ name }) => name === attempt.gpu);
          if (this.busy.size >= atOnce || !driver || this.busy.has(attempt.id)) continue;
          if (!this.tries.isDue(attempt.id)) continue;
          const { state, detail } = driver.snapshot;
          // Who is known to be away is not asked: a silence takes long, and others wait for their turn.
          const isDown = state === 'down';
          const work = isDown
            ? this.waitForServer(fence, attempt, detail)
            : this.collect(fence, attempt, driver.client);
          const looked = work.catch((error: unknown) => this.logger.debug(`an output waits: ${describeError(error)}`));
          this.busy.set(
            attempt.id,
            looked.finally(() => {
              this.busy.delete(attempt.id);
              this.collectAll(fence, drivers);
            }),
          );
        }
      })
      .catch((error: unknown) => this.logger.debug(`looking for finished attempts: ${describeError(error)}`))
      .finally(() => (this.looking = false));
  }

  private async collect(fence: string, attempt: Attempt, client: ComfyClient): Promise<void> {
    const startedAt = this.clock.monotonicMs();
    let name = 'the output';
    try {
      const job = await this.db.manager.findOneByOrFail(Job, { id: attempt.jobId });
      const task = await this.db.manager.findOneByOrFail(Task, { id: attempt.taskId });
      const params = await this.db.manager.findOneByOrFail(GenerationParams, { attemptId: attempt.id });
      const gpu = await this.db.manager.findOneByOrFail(Gpu, { name: attempt.gpu });
      const rendered: Rendered = {
        job,
        task,
        attempt,
        params,
        gpu,
        promised: promisedResult(this.workflows.get(job.workflow), job.parameters, attempt.plan),
      };
      // Of an earlier process that was cut off.
      const unfinished = await this.library.unfinished();
      await this.library.discardUnfinished(unfinished.filter((file) => file.startsWith(attempt.id)));
      const files: Stored[] = [];
      for (const [idx, output] of artifactsAmong(attempt.outputs ?? []).entries()) {
        name = output.filename;
        files.push(await this.outputs.store(client, rendered, output, idx));
      }
      await this.register(fence, rendered, files);
      this.tries.forget(attempt.id);
      this.disks.worked('library');
      this.metrics.collectSeconds.observe((this.clock.monotonicMs() - startedAt) / 1000);
    } catch (error) {
      await this.failed(fence, attempt, error, name);
    }
    this.progress.publish(attempt.jobId);
  }

  private async register(fence: string, { attempt, gpu, promised }: Rendered, files: Stored[]): Promise<void> {
    const lacks = files.flatMap((file) => lackOf(file, promised, file.path) ?? []);
    await this.results.register(fence, { attempt, gpu, promised, files, lacks });
    this.metrics.attemptSeconds.observe({ gpu: attempt.gpu }, attempt.seconds ?? 0);
    if (isMeasured(attempt) && attempt.estimatedSeconds !== null && attempt.estimatedSeconds > 0)
      this.metrics.estimateError.observe(
        { gpu: attempt.gpu },
        Math.abs((attempt.seconds ?? 0) - attempt.estimatedSeconds) / attempt.estimatedSeconds,
      );
  }

  /**
   * Tells whose fault it is: our own side's and an absent server's are waited out, and only what is wrong with the
   * output counts against it.
   */
  private async failed(fence: string, attempt: Attempt, error: unknown, output: string): Promise<void> {
    const own = ownFault(error, 'library');
    const code = error instanceof AppError ? error.code : undefined;
    if (error instanceof OutputRejected) await this.giveUp(fence, attempt, error.failure);
    else if (own) {
      this.tries.held(attempt.id, neededBytesOf(own) ?? 0);
      this.disks.failed('library', own);
    } else if (isDatabaseUnavailable(error) || code === 'lease_lost') {
      this.tries.held(attempt.id, 0);
      this.logger.debug({ jobId: attempt.jobId }, `registering outputs waits: ${describeError(error)}`);
    } else if (code === 'comfyui_unreachable') await this.waitForServer(fence, attempt, describeError(error));
    else if (code?.startsWith('library_')) await this.giveUp(fence, attempt, unstorable(error));
    else if (code === 'comfyui_output_too_large')
      await this.giveUp(fence, attempt, { ...unfetched(attempt, output, error), kind: 'invalid' });
    else await this.retryLater(fence, attempt, error, output);
  }

  /**
   * The card went away with a finished output on its disk. It is worth waiting for as long as for a prompt that runs,
   * and as long as rendering it again would take; beyond that only while no other card could do it.
   */
  private async waitForServer(fence: string, attempt: Attempt, silence: string): Promise<void> {
    const awayMs = this.tries.away(attempt.id);
    const of = { gpu: attempt.gpu, jobId: attempt.jobId };
    if (awayMs === 0) this.logger.warn(of, `a finished output waits for its card: ${silence}`);
    if (awayMs < Math.max(this.limits.silentMs, Math.min((attempt.seconds ?? 0) * 1_000, longestWaitMs))) return;
    const gpu = await this.db.manager.findOneBy(Gpu, { name: attempt.gpu });
    if (gpu?.state === 'down' && !(await this.attempts.couldGoElsewhere(attempt))) return;
    this.tries.forget(attempt.id);
    const away = `${attempt.gpu} has not answered for ${Math.round(awayMs / 1000)} s`;
    await this.attempts
      .lose(fence, attempt, `${away} while its output waited to be fetched`)
      .catch((failing: unknown) => {
        this.logger.warn({ err: failing }, 'giving up an output; the next look tries again');
      });
  }

  private async retryLater(fence: string, attempt: Attempt, error: unknown, output: string): Promise<void> {
    const fault = error instanceof OutputFault ? error : undefined;
    const { count, isEnough } = this.tries.bad(attempt.id, fault !== undefined && fault.reason !== 'no_decoder');
    const facts = { gpu: attempt.gpu, jobId: attempt.jobId, tries: count };
    this.logger.warn(facts, `fetching the outputs: ${describeError(error)}`);
    if (!isEnough) return;
    const isTheirs = error instanceof AppError && error.code.startsWith('comfyui_');
    const otherwise = isTheirs ? unfetched(attempt, output, error) : unstorable(error);
    await this.giveUp(fence, attempt, fault ? failureOfFault(fault, { filename: output }, attempt.gpu) : otherwise);
  }

  private async giveUp(fence: string, attempt: Attempt, failure: Failure): Promise<void> {
    this.tries.forget(attempt.id);
    await this.attempts
      .fail(fence, attempt, failure)
      .catch((failing: unknown) =>
        this.logger.warn({ err: failing }, 'giving up an attempt; the next look tries again'),
      );
  }
}

/** Nothing that a card could do about: the job's names do not fit the library, or Tower itself has a fault. */
const unstorable = (error: unknown): Failure => ({
  kind: 'invalid',
  error: {
    code: 'output_unstorable',
    message: `the output cannot be stored: ${describeError(error)}`,
    hint: 'Look at the folder name of the project, at the library and at the log of Tower.',
  },
});

const unfetched = (attempt: Attempt, output: string, error: unknown): Failure => ({
  kind: 'outputs_missing',
  error: {
    code: 'output_unusable',
    message: `${output} on ${attempt.gpu} could not be fetched: ${describeError(error)}`,
    hint: 'Look at the disk and the output folder of this ComfyUI.',
  },
});
