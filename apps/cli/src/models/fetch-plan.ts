import type { ConfiguredGpu } from '@tower/comfyui';
import type { GenerationModel } from '@tower/contracts';
import type { ModelEntry } from '@tower/imaging';
import { AppError } from '@tower/kit';
import type { DownloadProgress, ModelStore } from '@tower/models';
import type { QualityModels } from './quality-models';

export interface FetchWish {
  readonly names: readonly string[];
  readonly gpu?: string | undefined;
  /** Quality networks only; without names, all that are accepted. */
  readonly quality: boolean;
  readonly acceptLicence: boolean;
}

/** One file for one place. */
export interface PlannedFile {
  readonly name: string;
  /** The cards that get it, or the folder of the quality networks. */
  readonly destination: string;
  fetch(onProgress: (progress: DownloadProgress) => void, signal: AbortSignal): Promise<'present' | 'fetched'>;
}

export interface KnownModels {
  readonly store: ModelStore;
  readonly quality: QualityModels;
  readonly gpus: readonly ConfiguredGpu[];
}

/** What has to be fetched where. @throws AppError for a name that means nothing, or more than one thing */
export function planFetch(wish: FetchWish, known: KnownModels): PlannedFile[] {
  if (wish.names.length > 0) return wish.names.flatMap((name) => planOne(name, wish, known));
  if (!wish.quality)
    throw new AppError(
      'invalid',
      'model_name_missing',
      'say which model: tower models fetch NAME; tower models list shows the names',
    );
  const accepted = known.quality.entries.filter((entry) => known.quality.isAccepted(entry));
  if (accepted.length === 0)
    throw new AppError(
      'invalid',
      'model_name_missing',
      'no quality network is accepted yet: read the licences that tower models list shows, and add those you ' +
        'accept to "accepted" in config/models.yaml',
    );
  return accepted.map((entry) => qualityFile(entry, wish, known));
}

function planOne(name: string, wish: FetchWish, known: KnownModels): PlannedFile[] {
  const entry = known.quality.find(name);
  const models = wish.quality
    ? []
    : known.store.models.filter((model) => model.name === name || `${model.folder}/${model.name}` === name);
  const [model] = models;
  if (models.length > 1)
    throw new AppError(
      'invalid',
      'model_ambiguous',
      `${name} is in several folders: say ${models.map((each) => `${each.folder}/${each.name}`).join(' or ')}`,
    );
  if (model !== undefined) return cardFiles(model, wish, known);
  if (entry !== undefined) return [qualityFile(entry, wish, known)];
  throw new AppError(
    'invalid',
    'model_unknown',
    `models/manifest.yaml knows no ${wish.quality ? 'quality network' : 'model'} ` +
      `${name}: tower models list shows what it knows`,
  );
}

function qualityFile(entry: ModelEntry, wish: FetchWish, { quality }: KnownModels): PlannedFile {
  return {
    name: entry.id,
    destination: quality.folder,
    fetch: (onProgress, signal) => quality.fetch(entry, { isLicenceAccepted: wish.acceptLicence, onProgress, signal }),
  };
}

/** Cards that share one folder share the file. */
function cardFiles(model: GenerationModel, wish: FetchWish, { store, gpus }: KnownModels): PlannedFile[] {
  if (gpus.length === 0)
    throw new AppError(
      'invalid',
      'no_gpu',
      'no card is configured, so there is no models folder to put the file into: name your ' +
        'cards in config/gpus.yaml, each with its models_folder',
    );
  const wanted = wish.gpu === undefined ? gpus : gpus.filter(({ name }) => name === wish.gpu);
  if (wanted.length === 0)
    throw new AppError(
      'invalid',
      'gpu_unknown',
      `there is no card ${wish.gpu ?? ''}; configured are ${gpus.map(({ name }) => name).join(', ')}`,
    );
  const byPlace = new Map<string, ConfiguredGpu[]>();
  for (const gpu of wanted) {
    const place = store.place(gpu, model.folder, model.name) ?? gpu.url;
    byPlace.set(place, [...(byPlace.get(place) ?? []), gpu]);
  }
  return [...byPlace.values()].flatMap((sharing) => {
    const [gpu] = sharing;
    if (gpu === undefined) return [];
    const fetch: PlannedFile['fetch'] = (onProgress, signal) =>
      store.ensure(gpu, model.folder, model.name, onProgress, { signal, isLicenceAccepted: wish.acceptLicence });
    return [{ name: model.name, destination: sharing.map(({ name }) => name).join(', '), fetch }];
  });
}
