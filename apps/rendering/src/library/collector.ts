import { Inject, Injectable } from '@nestjs/common';
import { attemptRendered, type DataOf } from '@tower/contracts';
import { requireFence } from '@tower/db';
import { CLOCK, describeError, LOGGER, type Clock, type Logger } from '@tower/kit';
import { DataSource, In, type EntityManager } from 'typeorm';
import type { ComfyClient } from '../comfyui/comfy-client';
import type { Failure } from '../comfyui/failure';
import { addSample } from '../estimates/sample.queries';
import { Gpu } from '../gpus/gpu.entity';
import { Artifact, Attempt, GenerationParams, Job, Task } from '../jobs/job.entity';
import { JobJournal } from '../jobs/job-journal';
import { ProgressPublisher } from '../jobs/progress-publisher';
import { RenderingMetrics } from '../rendering.metrics';
import { AttemptsService, cachedOutcome, foundOutcome, schedulerLease } from '../scheduling/attempts.service';
import { promisedResult } from '../workflows/planned-values';
import { WorkflowLibrary } from '../workflows/workflow-library';
import { Decodings } from './decodings';
import { Library } from './library';
import { OutputFault } from './output-facts';
import { OutputInspector } from './output-inspector';
import { OutputRejected, OutputStore, type Rendered, type Stored } from './output-store';
import { artifactsAmong, failureOfFault } from './promised-output';

/** Files are fetched and decoded this many at a time. */
const atOnce = 2;
/** Milliseconds between two tries of one attempt, and how many there are before it counts as failed. */
const retryMs = 2_000;
const maxTries = 15;

/** A file that is not whole is fetched once more: it may have been cut off on its way. */
const maxFaults = 2;

/**
 * Fetches what a card rendered: download to a temporary name, decode to verify, checksum, flush, final name, sidecar, thumbnail, and then one
 * fenced transaction that registers it all. A crash anywhere before that is repeated from the start and comes to the same files.
 */
@Injectable()
export class Collector {
  private readonly outputs: OutputStore;
  private readonly busy = new Map<string, Promise<void>>();
  private readonly tries = new Map<string, { count: number; faults: number; notBeforeMs: number }>();
  private looking = false;

  constructor(
    private readonly db: DataSource,
    private readonly journal: JobJournal,
    private readonly attempts: AttemptsService,
    private readonly progress: ProgressPublisher,
    library: Library,
    inspector: OutputInspector,
    private readonly workflows: WorkflowLibrary,
    private readonly metrics: RenderingMetrics,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.outputs = new OutputStore(library, inspector, new Decodings(db));
  }

  /** Starts on every attempt of these cards that waits to be fetched, in the background. */
  collectAll(fence: string, clients: readonly ComfyClient[]): void {
    if (this.looking || this.busy.size >= atOnce) return;
    this.looking = true;
    void this.db.manager
      .find(Attempt, { where: { state: 'collecting', gpu: In(clients.map(({ name }) => name)) }, order: { endedAt: 'ASC' }, take: 50 })
      .then((attempts) => {
        for (const attempt of attempts) {
          const client = clients.find(({ name }) => name === attempt.gpu);
          const waitUntil = this.tries.get(attempt.id)?.notBeforeMs ?? 0;
          if (this.busy.size >= atOnce || !client || this.busy.has(attempt.id) || this.clock.monotonicMs() < waitUntil) continue;
          this.busy.set(attempt.id, this.collect(fence, attempt, client).finally(() => {
            this.busy.delete(attempt.id);
            this.collectAll(fence, clients);
          }));
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
      const rendered: Rendered = { job, task, attempt, params, gpu, promised: promisedResult(this.workflows.get(job.workflow), job.parameters, attempt.plan) };
      const files: Stored[] = [];
      for (const [idx, output] of artifactsAmong(attempt.outputs ?? []).entries()) {
        name = output.filename;
        files.push(await this.outputs.store(client, rendered, output, idx));
      }
      await this.register(fence, rendered, files);
      this.tries.delete(attempt.id);
      this.metrics.collectSeconds.observe((this.clock.monotonicMs() - startedAt) / 1000);
    } catch (error) {
      if (error instanceof OutputRejected) await this.giveUp(fence, attempt, error.failure);
      else await this.retryLater(fence, attempt, error, name);
    }
    this.progress.publish(attempt.jobId);
  }

  private async register(fence: string, { attempt, gpu, promised }: Rendered, files: Stored[]): Promise<void> {
    const now = this.clock.now();
    await this.db.transaction(async (tx) => {
      await requireFence(tx, schedulerLease, fence);
      const job = await this.journal.lock(tx, attempt.jobId);
      const judge = job.autoQualityCheck;
      const moved = await tx.update(Attempt, { id: attempt.id, state: 'collecting' }, { state: judge ? 'checking' : 'succeeded' });
      // Cancelled meanwhile: the files stay unregistered.
      if (moved.affected !== 1) return;
      const task = await tx.findOneByOrFail(Task, { id: attempt.taskId });
      await this.insertArtifacts(tx, attempt, gpu, files, now);
      if (measures(attempt)) {
        await addSample(tx, {
          attemptId: attempt.id, workflow: job.workflow, gpu: attempt.gpu, modelName: job.modelName, width: promised.width, height: promised.height, steps: job.steps, frames: promised.frames,
          plan: attempt.plan, seconds: attempt.seconds ?? 0, at: now,
        });
      }
      await this.journal.moveTask(tx, task, judge ? 'checking' : 'done', { error: null });
      const facts: Omit<DataOf<typeof attemptRendered>, 'jobId' | 'projectId' | 'seq' | 'state'> = {
        taskId: task.id, attemptId: attempt.id, attempt: attempt.n, gpu: attempt.gpu, seconds: attempt.seconds ?? 0, expectedWidth: promised.width, expectedHeight: promised.height,
        ...(promised.fps === null ? {} : { expectedFrames: promised.frames }), jobType: job.jobType, characterIds: job.characterIds, judge,
        files: files.map(({ artifactId, path, sha256, bytes, mediaType, frames }) => ({ artifactId, path, sha256, bytes, mediaType, ...(frames === null ? {} : { frames }) })),
      };
      const announcedAs = await this.journal.record(tx, job, attemptRendered, facts);
      if (judge) await tx.update(Attempt, { id: attempt.id }, { announcedAs, announcedAt: now });
      await this.journal.settle(tx, job);
    });
    this.metrics.attemptSeconds.observe({ gpu: attempt.gpu }, attempt.seconds ?? 0);
    if (measures(attempt) && attempt.estimatedSeconds !== null && attempt.estimatedSeconds > 0) this.metrics.estimateError.observe({ gpu: attempt.gpu }, Math.abs((attempt.seconds ?? 0) - attempt.estimatedSeconds) / attempt.estimatedSeconds);
  }

  private async insertArtifacts(tx: EntityManager, attempt: Attempt, gpu: Gpu, files: Stored[], now: Date): Promise<void> {
    await tx.insert(
      Artifact,
      files.map(({ artifactId, ...file }) => ({ id: artifactId, ...file, jobId: attempt.jobId, taskId: attempt.taskId, attemptId: attempt.id, role: 'output' as const, simulated: gpu.inventory?.simulated ?? false, createdAt: now })),
    );
  }

  private async retryLater(fence: string, attempt: Attempt, error: unknown, output: string): Promise<void> {
    const fault = error instanceof OutputFault ? error : undefined;
    const before = this.tries.get(attempt.id);
    const tries = (before?.count ?? 0) + 1;
    const faults = (before?.faults ?? 0) + (fault === undefined || fault.reason === 'no_decoder' ? 0 : 1);
    this.tries.set(attempt.id, { count: tries, faults, notBeforeMs: this.clock.monotonicMs() + retryMs });
    this.logger.warn({ gpu: attempt.gpu, jobId: attempt.jobId, tries }, `fetching the outputs: ${describeError(error)}`);
    if (tries < maxTries && faults < maxFaults) return;
    const failure: Failure = fault
      ? failureOfFault(fault, { filename: output }, attempt.gpu)
      : { kind: 'outputs_missing', error: { code: 'output_unusable', message: `${output} on ${attempt.gpu} could not be fetched: ${describeError(error)}`, hint: 'Look at the disk and the output folder of this ComfyUI.' } };
    await this.giveUp(fence, attempt, failure);
  }

  private async giveUp(fence: string, attempt: Attempt, failure: Failure): Promise<void> {
    this.tries.delete(attempt.id);
    await this.attempts.fail(fence, attempt, failure).catch((failing: unknown) => this.logger.warn({ err: failing }, 'giving up an attempt; the next look tries again'));
  }
}

/** One answer from a cache among the measurements, and a card would seem to take no time at all. */
const measures = (attempt: Attempt): boolean => attempt.outcome !== cachedOutcome && attempt.outcome !== foundOutcome;
