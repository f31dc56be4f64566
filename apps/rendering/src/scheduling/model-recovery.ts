import { Inject, Injectable } from '@nestjs/common';
import type { GpuConfig } from '@tower/contracts';
import { CLOCK, describeError, LOGGER, type Clock, type Logger } from '@tower/kit';
import { DataSource } from 'typeorm';
import type { MissingModel } from '../comfyui/failure';
import type { Gpu } from '../gpus/gpu.entity';
import { Task, type JobError, type WantedModel } from '../jobs/job.entity';

/** Where model files come from; see `ModelStore` of @tower/kit. */
export interface ModelSource {
  sourceOf(folder: string, name: string): { url: string | null; sha256: string | null } | undefined;
  whereabouts(gpu: GpuConfig, folder: string, name: string): string;
  ensure(gpu: GpuConfig, folder: string, name: string, onProgress?: (progress: { receivedBytes: number; totalBytes: number | null }) => void, options?: { signal?: AbortSignal }): Promise<'present' | 'fetched'>;
}

/** Injection token. */
export const MODEL_SOURCE = Symbol('MODEL_SOURCE');

/** Milliseconds between two notes of a download's progress. */
const noteEveryMs = 2_000;
/** Milliseconds that a task is held back at most; the download itself lets it go. */
const holdMs = 7 * 24 * 3_600_000;

/** Downloads what a task failed for, one file and card at a time, and lets the task go when it is there. */
@Injectable()
export class ModelRecovery {
  private readonly running = new Map<string, AbortController>();

  constructor(
    private readonly db: DataSource,
    @Inject(MODEL_SOURCE) private readonly source: ModelSource,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Whether the file can be downloaded to the card, and what a person has to know when not. */
  sourceOf(gpu: Gpu | undefined, model: MissingModel | undefined): { downloadable: boolean; hint: string } | undefined {
    if (!gpu || !model?.folder) return undefined;
    if (model.name === null) return { downloadable: false, hint: `A model file belongs into models/${model.folder} of ${gpu.name} (${gpu.config.url}); the server does not say which.` };
    const known = this.source.sourceOf(model.folder, model.name);
    return { downloadable: gpu.config.models_folder !== undefined && known !== undefined && known.url !== null && known.sha256 !== null, hint: `${this.source.whereabouts(gpu.config, model.folder, model.name)}.` };
  }

  heldUntil(): Date {
    return new Date(this.clock.now().getTime() + holdMs);
  }

  /** Starts what waiting tasks need. `done` is told of a card whose folders have changed, `failed` of a task that cannot be helped. */
  async fetchWanted(gpus: readonly GpuConfig[], done: (gpu: string) => void, failed: (task: Task, error: JobError) => Promise<void>): Promise<void> {
    const waiting = await this.db.manager.createQueryBuilder(Task, 'task').where("task.state = 'queued' and task.wants_model is not null").getMany();
    for (const task of waiting) {
      const wanted = task.wantsModel;
      const gpu = gpus.find((candidate) => candidate.name === wanted?.gpu);
      if (wanted === null || this.running.has(task.id)) continue;
      if (!gpu) {
        await this.release(task.id);
        continue;
      }
      const stop = new AbortController();
      this.running.set(task.id, stop);
      void this.fetch(task, wanted, gpu, stop.signal, done, failed).finally(() => this.running.delete(task.id));
    }
  }

  stop(): void {
    for (const stop of this.running.values()) stop.abort(new Error('rendering stops'));
  }

  private async fetch(task: Task, wanted: WantedModel, gpu: GpuConfig, signal: AbortSignal, done: (gpu: string) => void, failed: (task: Task, error: JobError) => Promise<void>): Promise<void> {
    try {
      let notedAtMs = -Infinity;
      this.logger.info({ gpu: gpu.name, folder: wanted.folder, file: wanted.name }, `downloading ${wanted.name} to ${gpu.name}`);
      await this.source.ensure(
        gpu, wanted.folder, wanted.name,
        ({ receivedBytes, totalBytes }) => {
          const now = this.clock.monotonicMs();
          if (now - notedAtMs < noteEveryMs) return;
          notedAtMs = now;
          this.note(task.id, { ...wanted, receivedBytes, totalBytes });
        },
        { signal },
      );
      await this.release(task.id);
      done(gpu.name);
    } catch (error) {
      // The next leader goes on where the file broke off.
      if (signal.aborted) return;
      this.logger.warn({ gpu: gpu.name }, `downloading ${wanted.name}: ${describeError(error)}`);
      await failed(task, { code: 'model_download_failed', message: `${wanted.name} is missing on ${gpu.name} and could not be downloaded: ${describeError(error)}`, hint: `${this.source.whereabouts(gpu, wanted.folder, wanted.name)}.` })
        .catch((failing: unknown) => this.logger.warn({ err: failing }, 'giving up a task whose model cannot be downloaded; the next look tries again'));
    }
  }

  private note(taskId: string, wanted: WantedModel): void {
    this.db.manager
      .query("update task set wants_model = $2 where id = $1 and state = 'queued' and wants_model is not null", [taskId, JSON.stringify(wanted)])
      .catch((error: unknown) => this.logger.debug(`noting a download: ${describeError(error)}`));
  }

  private async release(taskId: string): Promise<void> {
    await this.db.manager.query("update task set wants_model = null, not_before = null, state = state where id = $1 and state = 'queued'", [taskId]);
  }
}
