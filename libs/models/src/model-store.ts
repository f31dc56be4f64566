import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { modelFileName, modelFolder, modelKey, type GenerationModel, type GpuConfig } from '@tower/contracts';
import { AppError, type ErrorKind } from '@tower/kit';
import type { DownloadProgress } from './download/download-progress';
import { fetchFile, isBeingFetched, type FetchOptions } from './download/fetch-file';
import { formatRefusal } from './download/file-format';
import { ModelAcceptance } from './model-acceptance';
import { modelFolderName } from './model-folders';
import { readModelManifest } from './model-manifest';

/** A card as far as its files matter. */
export type ModelCard = Pick<GpuConfig, 'name' | 'url' | 'models_folder'>;

interface EnsureOptions {
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
    return new ModelStore(
      readModelManifest(files.TOWER_MODELS_MANIFEST),
      ModelAcceptance.read(files.TOWER_MODELS_FILE),
    );
  }

  /** @param folder as ComfyUI names it, old names too  @param name as ComfyUI lists it, on Windows with `\` */
  sourceOf(folder: string, name: string): GenerationModel | undefined {
    return this.models.find(
      (model) => modelFolderName(model.folder) === modelFolderName(folder) && model.name === modelKey(name),
    );
  }

  /** Where the file belongs on that card; undefined when Tower cannot reach its folder, or the name is none. */
  place(gpu: ModelCard, folder: string, name: string): string | undefined {
    const isPlain = modelFolder.safeParse(folder).success && modelFileName.safeParse(modelKey(name)).success;
    return gpu.models_folder !== undefined && isPlain
      ? join(gpu.models_folder, modelFolderName(folder), ...modelKey(name).split('/'))
      : undefined;
  }

  /** Whether the operator has accepted the licence, where it has to be. */
  isAccepted(model: GenerationModel): boolean {
    return (
      !model.needs_acceptance || this.acceptance.covers(model.licence, [model.name, `${model.folder}/${model.name}`])
    );
  }

  /** For a person who has to put the file there: which file, into which folder, from where. */
  whereabouts(gpu: ModelCard, folder: string, name: string): string {
    const place = this.place(gpu, folder, name);
    const model = this.sourceOf(folder, name);
    const into = place === undefined ? `models/${modelFolderName(folder)} of ${gpu.name} (${gpu.url})` : place;
    return `${modelKey(name)} belongs into ${into}; source: ${model?.source ?? 'not known to models/manifest.yaml'}`;
  }

  /** What keeps Tower from fetching the file, before it has tried; undefined when nothing does. */
  obstacle(gpu: ModelCard, folder: string, name: string, options: EnsureOptions = {}): AppError | undefined {
    const refuse = (kind: ErrorKind, code: string, why: string): AppError =>
      this.refusal({ gpu, folder, name }, { kind, code, why });
    const model = this.sourceOf(folder, name);
    if (model === undefined)
      return refuse(
        'not_found',
        'model_source_unknown',
        `${modelKey(name)} is not in models/manifest.yaml, so Tower cannot fetch it: put it there by hand`,
      );
    if (this.place(gpu, folder, name) === undefined)
      return refuse(
        'conflict',
        'model_folder_unreachable',
        `Tower cannot reach the models folder of ${gpu.name}: put the file there by hand, or ` +
          `name the folder as models_folder in config/gpus.yaml`,
      );
    const format = formatRefusal(model.name);
    if (format !== undefined) return refuse('conflict', 'model_format_refused', `${format}: fetch it by hand`);
    if (model.sha256 === null)
      return refuse(
        'conflict',
        'model_source_unconfirmed',
        `no confirmed digest is known for ${model.name}: fetch it by hand, or add its sha256 to models/manifest.yaml`,
      );
    if (model.url === null)
      return refuse(
        'conflict',
        'model_source_unconfirmed',
        `no confirmed address is known for ${model.name}: fetch it by hand, or add its url to models/manifest.yaml`,
      );
    if (this.isAccepted(model) || options.isLicenceAccepted === true) return undefined;
    return refuse(
      'forbidden',
      'model_licence_not_accepted',
      `${model.name} is under "${model.licence}", which nobody has accepted here: read it, then add the licence ` +
        `or the file to "accepted" in config/models.yaml, or accept it for one call: ` +
        `tower models fetch ${model.name} --accept-licence`,
    );
  }

  /** As `obstacle`, with a look at the models folder: one that is not mounted must not be made on the disk below it. */
  async hindrance(
    gpu: ModelCard,
    folder: string,
    name: string,
    options?: EnsureOptions,
  ): Promise<AppError | undefined> {
    const obstacle = this.obstacle(gpu, folder, name, options);
    if (obstacle !== undefined || (await isFolder(gpu.models_folder ?? ''))) return obstacle;
    const why = `${gpu.models_folder ?? ''}, the models folder of ${gpu.name}, is not there`;
    const remedy = 'mount it, or correct models_folder in config/gpus.yaml';
    const reason = { kind: 'conflict', code: 'model_folder_unreachable', why: `${why}: ${remedy}` } as const;
    return this.refusal({ gpu, folder, name }, reason);
  }

  /**
   * How the file stands in that card's folder; `arriving`: some process is fetching it right now. `absent` also where
   * the folder cannot be reached.
   */
  async standing(gpu: ModelCard, folder: string, name: string): Promise<'absent' | 'arriving' | 'present'> {
    const place = this.place(gpu, folder, name);
    if (place === undefined) return 'absent';
    if (await isBeingFetched(place)) return 'arriving';
    return (await isFile(place)) ? 'present' : 'absent';
  }

  /**
   * Sees to it that the card's folder holds the file. ComfyUI may have to list its folder anew before it knows.
   * @returns `present` when it was there already
   * @throws AppError naming file, folder and source: `model_source_unknown`, `model_folder_unreachable`,
   *   `model_format_refused`, `model_source_unconfirmed`, `model_licence_not_accepted`, and those of `fetchFile`; the
   *   signal's reason
   */
  async ensure(
    gpu: ModelCard,
    folder: string,
    name: string,
    onProgress?: (progress: DownloadProgress) => void,
    options: EnsureOptions = {},
  ): Promise<'present' | 'fetched'> {
    const { url = null, sha256 = null, bytes = null } = this.sourceOf(folder, name) ?? {};
    const target = this.place(gpu, folder, name);
    if (target !== undefined && sha256 === null && (await isFile(target))) return 'present';
    const hindrance = await this.hindrance(gpu, folder, name, options);
    if (hindrance !== undefined) throw hindrance;
    if (url === null || sha256 === null || target === undefined) throw new Error(`${name} passed without a source`);
    try {
      return await fetchFile(
        {
          url,
          sha256,
          bytes,
          target,
          ...(onProgress && { onProgress }),
          ...(options.signal && { signal: options.signal }),
        },
        this.fetchOptions,
      );
    } catch (error) {
      if (error instanceof AppError)
        throw this.refusal(
          { gpu, folder, name },
          { kind: error.kind, code: error.code, why: error.message, cause: error },
        );
      if ((error as Partial<NodeJS.ErrnoException> | null)?.syscall !== undefined) {
        const why = `${target} cannot be written: ${(error as Error).message}`;
        throw this.refusal({ gpu, folder, name }, { kind: 'conflict', code: 'download_failed', why, cause: error });
      }
      throw error;
    }
  }

  private refusal(
    { gpu, folder, name }: { gpu: ModelCard; folder: string; name: string },
    { kind, code, why, cause }: { kind: ErrorKind; code: string; why: string; cause?: unknown },
  ): AppError {
    return new AppError(kind, code, `${why}. ${this.whereabouts(gpu, folder, name)}`, {
      cause,
      details: { gpu: gpu.name, folder: modelFolderName(folder), name: modelKey(name) },
    });
  }
}

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
