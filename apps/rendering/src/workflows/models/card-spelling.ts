import { inputsOf, modelFolderOf, type NodeInfos, type GraphValue, type PromptGraph } from '@tower/comfyui';
import { modelKey } from '@tower/contracts';
import type { Capabilities } from '../compatibility/requirements';
import { filesIn } from './model-files';
import { findFile } from './model-names';
import { renameEmbeddings } from './prompt-embeddings';

/**
 * The graph as one card takes it: every file by the name under which this server lists it. A name that it does not list
 * stays as it is, and the server's refusal says so. `infos`: the server's own description of its classes, for loaders
 * that the node catalogue does not know.
 */
export function spelledFor(
  graph: PromptGraph,
  stock: Pick<Capabilities, 'checkpoints' | 'models'>,
  infos: NodeInfos = {},
): PromptGraph {
  const spelled: PromptGraph = {};
  for (const [id, node] of Object.entries(graph)) {
    const inputs: Record<string, GraphValue> = {};
    for (const [input, value] of Object.entries(node.inputs))
      inputs[input] = typeof value === 'string' ? spell(node, input, value, stock, infos) : value;
    spelled[id] = { ...node, inputs };
  }
  return spelled;
}

function spell(
  node: PromptGraph[string],
  input: string,
  value: string,
  stock: Pick<Capabilities, 'checkpoints' | 'models'>,
  infos: NodeInfos,
): string {
  const folder = modelFolderOf(node.class_type, input);
  if (folder !== undefined) return fileOf(value, filesIn(stock, folder)) ?? value;
  const embeddings = stock.models?.['embeddings'];
  if (value.includes('embedding:')) return renameEmbeddings(value, (name) => embeddingOf(name, embeddings));
  const info = looksLikeFile(value) ? infos[node.class_type] : undefined;
  const choices =
    info && inputsOf(info, node.inputs).find(({ name, type }) => name === input && type === 'COMBO')?.choices;
  return (choices && findChoice(value, choices)) ?? value;
}

function fileOf(name: string, files: readonly string[] | undefined): string | undefined {
  const found = files && findFile(name, files);
  return found && 'file' in found ? found.file : undefined;
}

/**
 * Its folder is added; the extension, which the tokenizer tries by itself, stays as it was written. Joined as a path,
 * so `/` does everywhere.
 */
function embeddingOf(name: string, files: readonly string[] | undefined): string {
  const file = fileOf(name, files);
  const key = modelKey(file ?? name);
  const base = modelKey(name).split('/').at(-1) ?? name;
  return [...key.split('/').slice(0, -1), base].join('/');
}

/** A sampler is no file, and neither is a sentence. */
const looksLikeFile = (value: string): boolean =>
  /^[^\n]{1,300}$/.test(value) && /[\\/]|\.[a-z0-9]{2,11}$/i.test(value);

/** The option of a list that is this file in another spelling; undefined when there is none, or not one alone. */
export function findChoice(value: string, choices: readonly unknown[]): string | undefined {
  if (!looksLikeFile(value)) return undefined;
  return fileOf(
    value,
    choices.filter((choice): choice is string => typeof choice === 'string'),
  );
}
