import type { GenerationModel } from '@tower/contracts';
import type { ModelFileState } from '@tower/imaging';
import { sizeText, type AppError } from '@tower/kit';
import { CardFiles, type CardFileState } from './card-files';
import type { KnownModels } from './fetch-plan';

/** Why a file is not fetched as things are; null when it would be. */
type Obstacle = { readonly code: string; readonly message: string } | null;

interface ListedModel extends GenerationModel {
  readonly accepted: boolean;
  readonly cards: Readonly<Record<string, { readonly state: CardFileState; readonly obstacle: Obstacle }>>;
}

interface ListedNetwork {
  readonly id: string;
  readonly file: string;
  readonly licence: string;
  readonly bytes: number | null;
  readonly source: string;
  readonly accepted: boolean;
  readonly state: ModelFileState;
  readonly obstacle: Obstacle;
}

interface ModelList {
  readonly generation: readonly ListedModel[];
  readonly quality: readonly ListedNetwork[];
  /** Lines of config/models.yaml that fit nothing in the manifest: mistyped, or of an older one. */
  readonly unused_acceptances: readonly string[];
}

/** What the manifest knows, where each file is and what keeps it from being fetched. */
export async function listModels({ store, quality, gpus }: KnownModels): Promise<ModelList> {
  const cards = gpus.map((gpu) => ({ gpu, files: new CardFiles(gpu, store) }));
  const generation = await Promise.all(
    store.models.map(async (model) => {
      const states = await Promise.all(
        cards.map(
          async ({ gpu, files }) =>
            [
              gpu.name,
              { state: await files.state(model), obstacle: told(store.obstacle(gpu, model.folder, model.name)) },
            ] as const,
        ),
      );
      return { ...model, accepted: store.isAccepted(model), cards: Object.fromEntries(states) };
    }),
  );
  const networks: ListedNetwork[] = [];
  for (const entry of quality.entries) {
    const { id, file, licence, bytes = null, url } = entry;
    networks.push({
      id,
      file,
      licence,
      bytes,
      source: url,
      accepted: quality.isAccepted(entry),
      state: await quality.state(entry),
      obstacle: told(quality.obstacle(entry)),
    });
  }
  const known = new Set([
    ...store.models.flatMap((model) => [model.licence, model.name, `${model.folder}/${model.name}`]),
    ...quality.entries.flatMap((entry) => [entry.licence, entry.id, entry.file]),
  ]);
  return {
    generation,
    quality: networks,
    unused_acceptances: store.acceptance.accepted.filter((line) => !known.has(line)),
  };
}

const told = (error: AppError | undefined): Obstacle =>
  error === undefined ? null : { code: error.code, message: error.message };

const words: Record<CardFileState, string> = {
  present: 'has it',
  missing: 'missing',
  other_size: 'ANOTHER FILE of that name',
  unknown: 'not known',
};

/** Short reasons; the sentence comes when one tries to fetch. */
const reasons: Record<string, string> = {
  model_folder_unreachable: 'by hand: its folder is out of reach',
  model_format_refused: 'by hand: not safetensors',
  model_source_unconfirmed: 'by hand: no confirmed digest',
  model_licence_not_accepted: 'accept its licence first',
};

export function describeModels(
  { generation, quality, unused_acceptances: unused }: ModelList,
  folder: string,
): string[] {
  const lines = ['models for the cards'];
  for (const { folder: into, name, bytes, licence, cards, source } of generation) {
    lines.push(`  ${into}/${name}  ${bytes === null ? 'size not known' : sizeText(bytes)}, ${licence}`);
    for (const [card, { state, obstacle }] of Object.entries(cards)) {
      const how =
        obstacle === null ? `tower models fetch ${name}` : `${reasons[obstacle.code] ?? obstacle.code}; ${source}`;
      lines.push(`    ${card.padEnd(14)} ${words[state]}${state === 'missing' ? ` (${how})` : ''}`);
    }
  }
  if (generation.length === 0) lines.push('  none in the manifest');
  if (Object.keys(generation[0]?.cards ?? {}).length === 0)
    lines.push('  no card is configured: which of them has what is not known');
  lines.push('', `quality networks, in ${folder}`);
  for (const { id, bytes, licence, state, obstacle } of quality) {
    const how =
      state !== 'missing'
        ? ''
        : ` (${obstacle === null ? `tower models fetch ${id}` : (reasons[obstacle.code] ?? obstacle.code)})`;
    lines.push(
      `  ${id.padEnd(20)} ${state.replace('_', ' ')}${how}  ${bytes === null ? '' : `${sizeText(bytes)}, `}${licence}`,
    );
  }
  for (const line of unused)
    lines.push('', `note: config/models.yaml accepts "${line}", which is no licence, file or id of the manifest`);
  return lines;
}
