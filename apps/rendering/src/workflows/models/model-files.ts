import { modelFolderOf, type PromptGraph } from '@tower/comfyui';
import { modelKey } from '@tower/contracts';
import { ggufListOf } from '@tower/models';
import { settleName, type SettledName } from './model-names';
import { embeddingsIn } from './prompt-embeddings';

/**
 * Every model file that a graph names, with its folder: what loaders load, and the embeddings that its texts call for.
 */
export const modelsOf = (graph: PromptGraph): { folder: string; name: string }[] =>
  Object.values(graph).flatMap(({ class_type: classType, inputs }) =>
    Object.entries(inputs).flatMap(([input, value]) => {
      if (typeof value !== 'string') return [];
      const folder = modelFolderOf(classType, input);
      return folder === undefined
        ? embeddingsIn(value).map((name) => ({ folder: 'embeddings', name }))
        : [{ folder, name: value }];
    }),
  );

/** One key per model file, whatever its spelling: folder and name. */
export const modelKeyIn = ({ folder, name }: { folder: string; name: string }): string => `${folder}/${modelKey(name)}`;

/** The keys of every model file that a graph loads, sorted, each once. */
export const modelKeysOf = (graph: PromptGraph): string[] => [...new Set(modelsOf(graph).map(modelKeyIn))].sort();

interface FolderLists {
  checkpoints?: readonly string[] | undefined;
  models?: Readonly<Record<string, readonly string[]>> | undefined;
}

/** Joined lists, by their first one: who asks again gets the same list, which then is indexed once. */
const joined = new WeakMap<readonly string[], { more: readonly string[]; all: readonly string[] }>();

/** The files in a folder below `models`, those of the GGUF pack among them; undefined while it is unknown. */
export function filesIn(stock: FolderLists, folder: string): readonly string[] | undefined {
  const own = stock.models?.[folder] ?? (folder === 'checkpoints' ? stock.checkpoints : undefined);
  const more = stock.models?.[ggufListOf(folder) ?? ''];
  if (own === undefined || more === undefined) return own;
  const known = joined.get(own);
  if (known?.more === more) return known.all;
  const all = [...new Set([...own, ...more])];
  joined.set(own, { more, all });
  return all;
}

/** What several cards have, each for itself; absent where only the whole is known. */
export interface KnownFiles extends FolderLists {
  cards?: readonly FolderLists[] | undefined;
}

/** The lists of a folder, one per card that lists it; undefined while no card does. */
function listsOf(known: KnownFiles, folder: string): (readonly string[])[] | undefined {
  const lists = (known.cards ?? [known]).flatMap((card) => {
    const files = filesIn(card, folder);
    return files === undefined ? [] : [files];
  });
  return lists.length === 0 ? undefined : lists;
}

/** What a name means among the cards; `unknown` while no card has said what it has. */
export function settledIn(known: KnownFiles, folder: string, name: string): SettledName | 'unknown' | undefined {
  const lists = listsOf(known, folder);
  return lists === undefined ? 'unknown' : settleName(name, lists);
}
