import { packOf, packSource } from '@tower/comfyui';
import { modelKey } from '@tower/contracts';
import type { ParameterValues } from '../composition';
import { composeForInspection, type Composition } from '../graph/compose';
import { familyOf } from '../models/model-family';
import { filesIn, modelsOf } from '../models/model-files';
import { anyOf, findFile, meansFile } from '../models/model-names';
import { soughtFor, type SoughtFile } from '../models/reference-files';
import type { Workflow } from '../template/workflow-file';
import type { ModelFamily } from '../template/workflow-parameter';

/** Something that a card lacks for a graph. */
export interface Missing {
  kind: 'node' | 'model' | 'input';
  /** Class, file, or `Class.input`. */
  name: string;
  /** Where it belongs: a folder of the server, or the pack that brings it. */
  where: string;
  /** Where to get it, if anybody said so. */
  source?: string;
  /** Files of the folder that the name may mean; then it is not known which of them is meant. */
  candidates?: readonly string[];
}

/**
 * What a card has, as far as graphs depend on it. A folder that is not in `models` is unknown and counts as complete.
 */
export interface Capabilities {
  nodes: readonly string[];
  checkpoints: readonly string[];
  models?: Readonly<Record<string, readonly string[]>> | undefined;
  /** By workflow: inputs that this server's own classes do not take as the template gives them. */
  misfits?: Readonly<Record<string, readonly Missing[]>> | undefined;
}

/** What a graph needs of a card, whichever card it is. */
export interface Requirements {
  workflow: string;
  /** Classes of its nodes. */
  nodes: readonly string[];
  models: readonly { folder: string; name: string; source: string | undefined }[];
  /** Files that a pack looks for by itself. */
  sought: readonly SoughtFile[];
  /** Why there is no such graph at all. */
  fault?: string;
}

/** What exactly this composition needs. */
export function requirementsOf(
  workflow: Workflow,
  composition: Pick<Composition, 'values' | 'parts' | 'plan'>,
): Requirements {
  const { graph } = composeForInspection(workflow, composition);
  const { references } = composition.parts;
  const kinds = new Set(
    composition.plan.steps.includes('without_faceid')
      ? references.map(() => 'ipadapter' as const)
      : references.map(({ kind }) => kind),
  );
  return {
    workflow: workflow.file.name,
    nodes: [...new Set(Object.values(graph).map((node) => node.class_type))],
    models: modelsOf(graph).map(({ folder, name }) => ({ folder, name, source: sourceOf(workflow, name) })),
    sought: soughtFor(kinds, composition.parts.family ?? familyIn(workflow, composition.values)),
  };
}

/** What of it a card with this stock lacks. Empty: nothing. */
export function lacking({ workflow, nodes, models, sought }: Requirements, stock: Capabilities): Missing[] {
  const absent = [
    ...nodes.filter((name) => !stock.nodes.includes(name)).map((name) => missingNode(name)),
    ...models.flatMap(({ folder, name, source }) => absentFile(filesIn(stock, folder), folder, name, source)),
    ...sought
      .filter(({ folder, accepts }) => filesIn(stock, folder)?.some((name) => accepts.test(name)) === false)
      .map(({ folder, name, source }) => missingModel(folder, name, source)),
  ];
  return [
    ...new Map(absent.map((missing) => [`${missing.where}/${missing.name}`, missing])).values(),
    ...(stock.misfits?.[workflow] ?? []),
  ];
}

/** What keeps exactly this composition from running on a card with this stock. Empty: nothing. */
export const missingFor = (
  workflow: Workflow,
  composition: Pick<Composition, 'values' | 'parts' | 'plan'>,
  stock: Capabilities,
): Missing[] => lacking(requirementsOf(workflow, composition), stock);

/** Without a statement, the workflow's own: it takes no checkpoint of another family. */
function familyIn({ file }: Workflow, values: ParameterValues): ModelFamily {
  const parameter = file.parameters['model_name'];
  return (parameter?.type === 'model' ? parameter.family : undefined) ?? familyOf(String(values['model_name']));
}

function absentFile(
  files: readonly string[] | undefined,
  folder: string,
  name: string,
  source: string | undefined,
): Missing[] {
  if (files === undefined) return [];
  const found = findFile(name, files);
  if (found === undefined) return [missingModel(folder, modelKey(name), source)];
  return 'file' in found ? [] : [{ ...missingModel(folder, modelKey(name), source), candidates: found.candidates }];
}

function missingNode(name: string): Missing {
  const pack = packOf(name);
  if (pack === undefined) return { kind: 'node', name, where: 'ComfyUI itself: this version is too old or too new' };
  const source = packSource(pack);
  return { kind: 'node', name, where: `custom_nodes/${pack}`, ...(source === undefined ? {} : { source }) };
}

const missingModel = (folder: string, name: string, source: string | undefined): Missing => ({
  kind: 'model',
  name,
  where: `models/${folder}`,
  ...(source === undefined ? {} : { source }),
});

function sourceOf({ file }: Workflow, name: string): string | undefined {
  const parameters = Object.values(file.parameters).flatMap((parameter) =>
    parameter.type === 'model' && parameter.prefer.some((preferred) => meansFile(preferred, name))
      ? [parameter.source]
      : [],
  );
  return (
    parameters.find((source) => source !== undefined) ??
    file.needs.models.find((model) => meansFile(model.name, name))?.source
  );
}

/** One missing thing as a sentence part for a person: what, where it belongs, where to get it. */
export function describeMissing({ kind, name, where, source, candidates }: Missing): string {
  if (candidates !== undefined)
    return `${where}/${name} (which may mean ${anyOf(candidates)}: ask again with its folder)`;
  const from = source === undefined ? '' : ` (get it from ${source})`;
  if (kind === 'model') return `${where}/${name}${from}`;
  return kind === 'node' ? `the node ${name} of ${where}${from}` : `the input ${name} of ${where}${from}`;
}
