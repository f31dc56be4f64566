import { Inject, Injectable } from '@nestjs/common';
import { attemptRendered, type DataOf } from '@tower/contracts';
import { requireFence } from '@tower/db';
import { decodePicture, makeThumbnail, sha256File } from '@tower/imaging';
import { AppError, CLOCK, describeError, LOGGER, newId, towerVersion, type Clock, type Logger } from '@tower/kit';
import { DataSource, type EntityManager } from 'typeorm';
import type { ComfyClient } from '../comfyui/comfy-client';
import type { FileRef } from '../comfyui/comfy-messages';
import { Gpu } from '../gpus/gpu.entity';
import { Artifact, Attempt, GenerationParams, Job, RuntimeSample, Task } from '../jobs/job.entity';
import { JobJournal } from '../jobs/job-journal';
import { ProgressPublisher } from '../jobs/progress-publisher';
import { RenderingMetrics } from '../rendering.metrics';
import { AttemptsService, cachedOutcome, schedulerLease } from '../scheduling/attempts.service';
import { artifactPath, Library, thumbnailPath } from './library';
import { toSidecar } from './sidecar';

/** Files are fetched and decoded this many at a time. */
const atOnce = 2;
/** Milliseconds between two tries of one attempt, and how many there are before it counts as failed. */
const retryMs = 2_000;
const maxTries = 15;

const mediaTypes: Record<string, { mediaType: string; extension: string }> = {
  png: { mediaType: 'image/png', extension: 'png' },
  jpeg: { mediaType: 'image/jpeg', extension: 'jpg' },
  webp: { mediaType: 'image/webp', extension: 'webp' },
};

/**
 * Fetches what a card rendered: download to a temporary name, decode to verify, checksum, flush, final name, sidecar, thumbnail, and then one
 * fenced transaction that registers it all. A crash anywhere before that is repeated from the start and comes to the same files.
 */
@Injectable()
export class Collector {
  private readonly busy = new Map<string, Promise<void>>();
  private readonly tries = new Map<string, { count: number; notBeforeMs: number }>();
  private looking = false;

  constructor(
    private readonly db: DataSource,
    private readonly journal: JobJournal,
    private readonly attempts: AttemptsService,
    private readonly progress: ProgressPublisher,
    private readonly library: Library,
    private readonly metrics: RenderingMetrics,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Starts on every attempt that waits to be fetched, in the background. */
  collectAll(fence: string, clientOf: (gpu: string) => ComfyClient | undefined): void {
    if (this.looking || this.busy.size >= atOnce) return;
    this.looking = true;
    void this.db.manager
      .find(Attempt, { where: { state: 'collecting' }, order: { endedAt: 'ASC' }, take: 50 })
      .then((attempts) => {
        for (const attempt of attempts) {
          const client = clientOf(attempt.gpu);
          const waitUntil = this.tries.get(attempt.id)?.notBeforeMs ?? 0;
          if (this.busy.size >= atOnce || !client || this.busy.has(attempt.id) || this.clock.monotonicMs() < waitUntil) continue;
          this.busy.set(attempt.id, this.collect(fence, attempt, client).finally(() => {
            this.busy.delete(attempt.id);
            this.collectAll(fence, clientOf);
          }));
        }
      })
      .catch((error: unknown) => this.logger.debug(`looking for finished attempts: ${describeError(error)}`))
      .finally(() => (this.looking = false));
  }

  private async collect(fence: string, attempt: Attempt, client: ComfyClient): Promise<void> {
    const startedAt = this.clock.monotonicMs();
    try {
      const job = await this.db.manager.findOneByOrFail(Job, { id: attempt.jobId });
      const task = await this.db.manager.findOneByOrFail(Task, { id: attempt.taskId });
      const params = await this.db.manager.findOneByOrFail(GenerationParams, { attemptId: attempt.id });
      const gpu = await this.db.manager.findOneByOrFail(Gpu, { name: attempt.gpu });
      const files: Stored[] = [];
      for (const [idx, output] of (attempt.outputs ?? []).entries()) files.push(await this.store(client, job, task, attempt, params, gpu, output, idx));
      await this.register(fence, attempt, gpu, files);
      this.tries.delete(attempt.id);
      this.metrics.collectSeconds.observe((this.clock.monotonicMs() - startedAt) / 1000);
    } catch (error) {
      await this.retryLater(fence, attempt, error);
    }
    this.progress.publish(attempt.jobId);
  }

  private async store(client: ComfyClient, job: Job, task: Task, attempt: Attempt, params: GenerationParams, gpu: Gpu, output: FileRef, idx: number): Promise<Stored> {
    const incoming = await this.library.incoming(attempt.id, idx);
    const bytes = await client.download(output, incoming);
    const picture = await decodePicture(incoming);
    const kind = mediaTypes[picture.format];
    if (!kind) throw new AppError('invalid', 'output_format_unexpected', `${output.filename} is ${picture.format}, not a picture that this workflow makes`);
    const sha256 = await sha256File(incoming);
    // Several files of one attempt are told apart by a letter; the usual one has none.
    const n = idx === 0 ? String(task.idx + 1) : `${task.idx + 1}${String.fromCharCode(97 + idx)}`;
    const path = artifactPath({ projectSlug: job.projectSlug, jobId: job.id, attempt: attempt.n, n, extension: kind.extension });
    await this.library.write(thumbnailPath(sha256), await makeThumbnail(incoming));
    await this.library.place(incoming, path, sha256);
    const stored: Stored = { artifactId: newId(), idx, path, sha256, bytes, mediaType: kind.mediaType, width: picture.width, height: picture.height };
    await this.library.write(path.replace(/\.[^.]+$/, '.json'), JSON.stringify(toSidecar(job, attempt, params, gpu, stored, towerVersion), null, 2));
    return stored;
  }

  private async register(fence: string, attempt: Attempt, gpu: Gpu, files: Stored[]): Promise<void> {
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
        await tx.insert(RuntimeSample, {
          attemptId: attempt.id, workflow: job.workflow, gpu: attempt.gpu, modelName: job.modelName, width: job.width, height: job.height, steps: job.steps, seconds: attempt.seconds ?? 0, at: now,
        });
      }
      await this.journal.moveTask(tx, task, judge ? 'checking' : 'done', { error: null });
      const facts: Omit<DataOf<typeof attemptRendered>, 'jobId' | 'projectId' | 'seq' | 'state'> = {
        taskId: task.id, attemptId: attempt.id, attempt: attempt.n, gpu: attempt.gpu, seconds: attempt.seconds ?? 0, expectedWidth: job.width, expectedHeight: job.height,
        characterIds: job.characterIds, judge, files: files.map(({ artifactId, path, sha256, bytes, mediaType }) => ({ artifactId, path, sha256, bytes, mediaType })),
      };
      await this.journal.record(tx, job, attemptRendered, facts);
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

  private async retryLater(fence: string, attempt: Attempt, error: unknown): Promise<void> {
    const tries = (this.tries.get(attempt.id)?.count ?? 0) + 1;
    this.tries.set(attempt.id, { count: tries, notBeforeMs: this.clock.monotonicMs() + retryMs });
    this.logger.warn({ gpu: attempt.gpu, jobId: attempt.jobId, tries }, `fetching the outputs: ${describeError(error)}`);
    if (tries < maxTries) return;
    this.tries.delete(attempt.id);
    await this.attempts
      .fail(fence, attempt, { kind: 'outputs_missing', error: { code: 'output_unusable', message: `the output on ${attempt.gpu} could not be fetched or decoded: ${describeError(error)}`, hint: 'Look at the disk and the output folder of this ComfyUI.' } })
      .catch((failing: unknown) => this.logger.warn({ err: failing }, 'giving up an attempt; the next look tries again'));
  }
}

/** One answer from a cache among the measurements, and a card would seem to take no time at all. */
const measures = (attempt: Attempt): boolean => attempt.outcome !== cachedOutcome;

export interface Stored {
  artifactId: string;
  idx: number;
  path: string;
  sha256: string;
  bytes: number;
  mediaType: string;
  width: number;
  height: number;
}
