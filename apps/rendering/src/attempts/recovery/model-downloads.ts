import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import type { MissingModel } from '@tower/comfyui';
import type { GpuConfig, JobError } from '@tower/contracts';
import { AppError, CLOCK, describeError, LOGGER, type Clock, type Logger } from '@tower/kit';
import { DataSource } from 'typeorm';
import type { Gpu } from '../../cards/card.entity';
import {
  endWaitFor,
  noteDownload,
  waitingFor,
  wantedFiles,
  type WaitingForFile,
  type WantedFile,
} from '../../jobs/task-store';
import type { WantedModel } from '../../jobs/task.entity';
import { underFence } from '../../leadership';

/** Of a file in a card's folder; `arriving`: some process is fetching it. */
type Standing = 'absent' | 'arriving' | 'present';

interface DownloadEvents {
  /** The folders of the card have changed. */
  done(gpu: string): void;
  /** A task waited for a file that cannot be had. */
  failed(task: WaitingForFile, error: JobError): Promise<void>;
}

/** Where model files come from; see `ModelStore` of @tower/kit. */
export interface ModelSource {
  sourceOf(folder: string, name: string): { url: string | null; sha256: string | null } | undefined;
  whereabouts(gpu: GpuConfig, folder: string, name: string): string;
  /**
   * What keeps Tower from fetching the file now, in a sentence with file, folder and source; undefined when nothing
   * does.
   */
  hindrance(gpu: GpuConfig, folder: string, name: string): Promise<AppError | undefined>;
  standing(gpu: GpuConfig, folder: string, name: string): Promise<Standing>;
  ensure(
    gpu: GpuConfig,
    folder: string,
    name: string,
    onProgress?: (progress: { receivedBytes: number; totalBytes: number | null }) => void,
    options?: { signal?: AbortSignal },
  ): Promise<'present' | 'fetched'>;
}

/** Injection token. */
export const MODEL_SOURCE = Symbol('MODEL_SOURCE');

/** Milliseconds between two notes of a download's progress. */
const noteEveryMs = 2_000;
/** Milliseconds between two looks at a file that another process is fetching. */
const othersEveryMs = 2_000;
/** Milliseconds that a task is held back at most; the download itself lets it go. */
const holdMs = 7 * 24 * 3_600_000;

/** Downloads what a task failed for, one file and card at a time, and lets the task go when it is there. */
@Injectable()
export class ModelDownloads {
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
    if (model.name === null)
      return {
        downloadable: false,
        hint:
          `A model file belongs into models/${model.folder} of ${gpu.name} ` +
          `(${gpu.config.url}); the server does not say which.`,
      };
    const known = this.source.sourceOf(model.folder, model.name);
    return {
      downloadable:
        gpu.config.models_folder !== undefined && known !== undefined && known.url !== null && known.sha256 !== null,
      hint: `${this.source.whereabouts(gpu.config, model.folder, model.name)}.`,
    };
  }

  heldUntil(): Date {
    return new Date(this.clock.now().getTime() + holdMs);
  }

  /**
   * How a file that is missing on a card stands: what keeps Tower from fetching it, for a person, and whether somebody
   * is fetching it.
   */
  async placeOf(
    gpu: GpuConfig,
    folder: string,
    name: string,
  ): Promise<{ obstacle: string | null; standing: Standing }> {
    const standing = await this.source.standing(gpu, folder, name);
    if (standing !== 'present') {
      const hindrance = await this.source.hindrance(gpu, folder, name);
      return { obstacle: hindrance?.message ?? null, standing };
    }
    const unlisted = `${name} lies where it belongs, but the ComfyUI of ${gpu.name} does not list it`;
    const question = 'is models_folder in config/gpus.yaml the folder that this server reads?';
    return { obstacle: `${unlisted}: ${question} ${this.source.whereabouts(gpu, folder, name)}`, standing };
  }

  /**
   * Starts what waiting tasks need; several that need the same file of one card wait for one download.
   */
  async fetchWanted(fence: string, gpus: readonly GpuConfig[], heed: DownloadEvents): Promise<void> {
    for (const wanted of await wantedFiles(this.db.manager)) {
      const key = [wanted.gpu, wanted.folder, wanted.name].join('\n');
      if (this.running.has(key)) continue;
      const gpu = gpus.find((candidate) => candidate.name === wanted.gpu);
      if (!gpu) {
        await this.release(fence, wanted);
        continue;
      }
      const stop = new AbortController();
      this.running.set(key, stop);
      void this.fetch(fence, wanted, gpu, stop.signal, heed).finally(() => this.running.delete(key));
    }
  }

  stop(): void {
    for (const stop of this.running.values()) stop.abort(new Error('rendering stops'));
  }

  private async fetch(
    fence: string,
    wanted: WantedFile,
    gpu: GpuConfig,
    signal: AbortSignal,
    heed: DownloadEvents,
  ): Promise<void> {
    const file = { gpu: gpu.name, folder: wanted.folder, file: wanted.name };
    this.logger.info(file, `downloading ${wanted.name} to ${gpu.name}`);
    try {
      while (!(await this.fetched(fence, wanted, gpu, signal))) await sleep(othersEveryMs, undefined, { signal });
    } catch (error) {
      // The next leader goes on where the file broke off.
      if (signal.aborted) return;
      this.logger.warn({ gpu: gpu.name }, `downloading ${wanted.name}: ${describeError(error)}`);
      return this.later(this.failAll(wanted, gpu, error, heed));
    }
    await this.later(this.release(fence, wanted).then(() => heed.done(gpu.name)));
  }

  /** How a download ended cannot be noted while the database or the lease is away: the next look finds it out again. */
  private later(noting: Promise<void>): Promise<void> {
    return noting.catch((error: unknown) => this.logger.warn(`noting how a download ended: ${describeError(error)}`));
  }

  /** False while another process, `tower models fetch` for instance, is fetching the file: it is waited for. */
  private async fetched(fence: string, wanted: WantedFile, gpu: GpuConfig, signal: AbortSignal): Promise<boolean> {
    let notedAtMs = -Infinity;
    const note = ({ receivedBytes, totalBytes }: { receivedBytes: number; totalBytes: number | null }): void => {
      const now = this.clock.monotonicMs();
      if (now - notedAtMs < noteEveryMs) return;
      notedAtMs = now;
      this.note(fence, { ...wanted, receivedBytes, totalBytes });
    };
    try {
      await this.source.ensure(gpu, wanted.folder, wanted.name, note, { signal });
      return true;
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'download_in_progress') throw error;
      this.logger.info({ gpu: gpu.name, file: wanted.name }, describeError(error));
      return false;
    }
  }

  private async failAll(wanted: WantedFile, gpu: GpuConfig, why: unknown, heed: DownloadEvents): Promise<void> {
    const failure = {
      code: 'model_download_failed',
      message: `${wanted.name} is missing on ${gpu.name} and could not be downloaded: ${describeError(why)}`,
      hint: `${this.source.whereabouts(gpu, wanted.folder, wanted.name)}.`,
    };
    for (const task of await waitingFor(this.db.manager, wanted)) await heed.failed(task, failure);
  }

  private release(fence: string, wanted: WantedFile): Promise<void> {
    return underFence(this.db, fence, (tx) => endWaitFor(tx, wanted));
  }

  private note(fence: string, wanted: WantedModel): void {
    underFence(this.db, fence, (tx) => noteDownload(tx, wanted)).catch((error: unknown) =>
      this.logger.debug(`noting a download: ${describeError(error)}`),
    );
  }
}
