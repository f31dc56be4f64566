import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { modelFileName, modelFolder, type GenerationModel, type GpuConfig } from '@tower/contracts';
import type { DownloadProgress } from '../download/download-progress';
import { fetchFile, type FetchOptions } from '../download/fetch-file';
import { formatOf } from '../download/file-format';
import { AppError, type ErrorKind } from '../errors';
import { ModelAcceptance } from './model-acceptance';
import { readModelManifest } from './model-manifest';

/** Several names for one list of files: old names of ComfyUI's folders, and the lists that the GGUF pack makes of them. */
const sameFolder: Record<string, string> = { unet: 'diffusion_models', unet_gguf: 'diffusion_models', clip: 'text_encoders', clip_gguf: 'text_encoders' };

/** A card as far as its files matter. */
export type ModelCard = Pick<GpuConfig, 'name' | 'url' | 'models_folder'>;

export interface EnsureOptions {
  readonly signal?: AbortSignal;
  /** The operator has accepted the licence for this one call. */
  readonly isLicenceAccepted?: boolean;
}

/** Which files the cards may need, where each belongs and comes from, and how it gets there. */
export class ModelStore {
  constructor(
    readonly models: readonly GenerationModel[],
    readonly acceptance: ModelAcceptance,
    private readonly fetchOptions: FetchOptions = {},
  ) {}

  /** @throws AppError `model_manifest_invalid`, `model_choices_invalid` */
  static read(files: { TOWER_MODELS_MANIFEST: string; TOWER_MODELS_FILE: string }): ModelStore {
    return new ModelStore(readModelManifest(files.TOWER_MODELS_MANIFEST), ModelAcceptance.read(files.TOWER_MODELS_FILE));
  }

  /** @param folder as ComfyUI names it, old names too  @param name as ComfyUI lists it, on Windows with `\` */
  sourceOf(folder: string, name: string): GenerationModel | undefined {
    return this.models.find((model) => canonical(model.folder) === canonical(folder) && model.name === slashed(name));
  }

  /** Where the file belongs on that card; undefined when Tower cannot reach its folder, or the name is none. */
  place(gpu: ModelCard, folder: string, name: string): string | undefined {
    const isPlain = modelFolder.safeParse(folder).success && modelFileName.safeParse(slashed(name)).success;
    return gpu.models_folder !== undefined && isPlain ? join(gpu.models_folder, canonical(folder), ...slashed(name).split('/')) : undefined;
  }

  /** Whether the operator has accepted the licence, where it has to be. */
  isAccepted(model: GenerationModel): boolean {
    return !model.needs_acceptance || this.acceptance.covers(model.licence, [model.name, `${model.folder}/${model.name}`]);
  }

  /** For a person who has to put the file there: which file, into which folder, from where. */
  whereabouts(gpu: ModelCard, folder: string, name: string): string {
    const place = this.place(gpu, folder, name);
    const model = this.sourceOf(folder, name);
    const into = place === undefined ? `models/${canonical(folder)} of ${gpu.name} (${gpu.url})` : place;
    return `${slashed(name)} belongs into ${into}; source: ${model?.source ?? 'not known to models/manifest.yaml'}`;
  }

  /**
   * Sees to it that the card's folder holds the file. ComfyUI may have to list its folder anew before it knows.
   * @returns `present` when it was there already
   * @throws AppError naming file, folder and source: `model_source_unknown`, `model_folder_unreachable`, `model_format_refused`,
   * `model_source_unconfirmed`, `model_licence_not_accepted`, and those of `fetchFile`; the signal's reason
   */
  async ensure(gpu: ModelCard, folder: string, name: string, onProgress?: (progress: DownloadProgress) => void, options: EnsureOptions = {}): Promise<'present' | 'fetched'> {
    const refuse = (kind: ErrorKind, code: string, why: string, cause?: unknown): AppError =>
      new AppError(kind, code, `${why}. ${this.whereabouts(gpu, folder, name)}`, { cause, details: { gpu: gpu.name, folder: canonical(folder), name: slashed(name) } });
    const model = this.sourceOf(folder, name);
    const target = this.place(gpu, folder, name);
    if (target !== undefined && (model?.sha256 ?? null) === null && (await isFile(target))) return 'present';
    if (model === undefined) throw refuse('not_found', 'model_source_unknown', `${slashed(name)} is not in models/manifest.yaml, so Tower cannot fetch it: put it there by hand`);
    if (target === undefined) throw refuse('conflict', 'model_folder_unreachable', `Tower cannot reach the models folder of ${gpu.name}: put the file there by hand, or name the folder as models_folder in config/gpus.yaml`);
    // A folder that is not mounted must not be made on the disk below it.
    if (!(await isFolder(gpu.models_folder ?? ''))) throw refuse('conflict', 'model_folder_unreachable', `${gpu.models_folder ?? ''}, the models folder of ${gpu.name}, is not there: mount it, or correct models_folder in config/gpus.yaml`);
    try {
      formatOf(model.name);
    } catch (error) {
      throw refuse('conflict', 'model_format_refused', `${(error as Error).message}: fetch it by hand`, error);
    }
    if (model.url === null || model.sha256 === null)
      throw refuse('conflict', 'model_source_unconfirmed', `no confirmed ${model.sha256 === null ? 'digest' : 'address'} is known for ${model.name}: fetch it by hand, or add its ${model.sha256 === null ? 'sha256' : 'url'} to models/manifest.yaml`);
    if (!this.isAccepted(model) && options.isLicenceAccepted !== true)
      throw refuse('forbidden', 'model_licence_not_accepted', `${model.name} is under "${model.licence}", which nobody has accepted here: read it, then add the licence or the file to "accepted" in config/models.yaml`);
    try {
      return await fetchFile({ url: model.url, sha256: model.sha256, bytes: model.bytes, target, ...(onProgress && { onProgress }), ...(options.signal && { signal: options.signal }) }, this.fetchOptions);
    } catch (error) {
      if (error instanceof AppError) throw refuse(error.kind, error.code, error.message, error);
      if ((error as Partial<NodeJS.ErrnoException> | null)?.syscall !== undefined) throw refuse('conflict', 'download_failed', `${target} cannot be written: ${(error as Error).message}`, error);
      throw error;
    }
  }
}

const canonical = (folder: string): string => sameFolder[folder] ?? folder;
const slashed = (name: string): string => name.replaceAll('\\', '/');

const isFile = async (path: string): Promise<boolean> => (await found(path))?.isFile() ?? false;
const isFolder = async (path: string): Promise<boolean> => (await found(path))?.isDirectory() ?? false;

async function found(path: string): Promise<Awaited<ReturnType<typeof stat>> | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}
