import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  checkModelFile,
  ModelManifestError,
  parseModelManifest,
  type ModelEntry,
  type ModelFileState,
} from '@tower/imaging';
import { AppError, describeError } from '@tower/kit';
import { fetchFile, formatRefusal, type DownloadProgress, type ModelAcceptance } from '@tower/models';
import { parse as parseYaml } from 'yaml';

/**
 * The networks that scores are computed with. Each is fetched only when it is accepted, whatever its licence: the
 * manifest says so.
 */
export class QualityModels {
  constructor(
    readonly entries: readonly ModelEntry[],
    /** Where they lie, for all cards. */
    readonly folder: string,
    private readonly acceptance: ModelAcceptance,
  ) {}

  /** @throws AppError `model_manifest_invalid` */
  static read(file: string, folder: string, acceptance: ModelAcceptance): QualityModels {
    if (!existsSync(file)) return new QualityModels([], folder, acceptance);
    try {
      return new QualityModels(parseModelManifest(parseYaml(readFileSync(file, 'utf8'))), folder, acceptance);
    } catch (error) {
      if (error instanceof ModelManifestError)
        throw new AppError('invalid', 'model_manifest_invalid', `${file}: ${describeError(error)}`, { cause: error });
      throw error;
    }
  }

  find(id: string): ModelEntry | undefined {
    return this.entries.find((entry) => entry.id === id);
  }

  isAccepted(entry: ModelEntry): boolean {
    return this.acceptance.covers(entry.licence, [entry.id, entry.file]);
  }

  /** Reads the whole file: these are small. */
  state(entry: ModelEntry): Promise<ModelFileState> {
    return checkModelFile(entry, this.folder);
  }

  /** @throws AppError naming file, folder and source */
  async fetch(
    entry: ModelEntry,
    options: { isLicenceAccepted: boolean; onProgress: (progress: DownloadProgress) => void; signal: AbortSignal },
  ): Promise<'present' | 'fetched'> {
    const target = join(this.folder, entry.file);
    const obstacle = this.obstacle(entry, options.isLicenceAccepted);
    if (obstacle !== undefined) throw obstacle;
    return fetchFile({
      url: entry.url,
      sha256: entry.sha256,
      bytes: entry.bytes ?? null,
      target,
      onProgress: options.onProgress,
      signal: options.signal,
    });
  }

  obstacle(entry: ModelEntry, isLicenceAccepted = false): AppError | undefined {
    const where = `${entry.id} belongs into ${join(this.folder, entry.file)}; source: ${entry.url}`;
    const archive = formatRefusal(new URL(entry.url).pathname);
    if (archive !== undefined)
      return new AppError(
        'conflict',
        'model_format_refused',
        `${archive}: fetch it by hand and unpack the file. ${where}`,
      );
    if (isLicenceAccepted || this.isAccepted(entry)) return undefined;
    return new AppError(
      'forbidden',
      'model_licence_not_accepted',
      `${entry.id} is under "${entry.licence}", which nobody has accepted here: read it, then add the licence ` +
        `or the id to "accepted" in config/models.yaml, or accept it for one call: tower ` +
        `models fetch ${entry.id} --accept-licence. ${where}`,
    );
  }
}
