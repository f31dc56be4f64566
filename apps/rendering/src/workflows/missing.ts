import { composeForInspection, type Composition } from './compose';
import { familyOf } from './model-family';
import { filesIn, modelsOf } from './model-inputs';
import { nodePacks, packOf } from './node-packs';
import { soughtFor } from './reference-files';
import type { Workflow } from './workflow-file';

/** Something that a card lacks for a graph. */
export interface Missing {
  kind: 'node' | 'model' | 'input';
  /** Class, file, or `Class.input`. */
  name: string;
  /** Where it belongs: a folder of the server, or the pack that brings it. */
  where: string;
  /** Where to get it, if anybody said so. */
  source?: string;
}

/** What a card has, as far as graphs depend on it. A folder that is not in `models` is unknown and counts as complete. */
export interface Stock {
  nodes: readonly string[];
  checkpoints: readonly string[];
  models?: Readonly<Record<string, readonly string[]>> | undefined;
  /** By workflow: inputs that this server's own classes do not take as the template gives them. */
  misfits?: Readonly<Record<string, readonly Missing[]>> | undefined;
}

/** What keeps exactly this composition from running on a card with this stock. Empty: nothing. */
export function missingFor(workflow: Workflow, composition: Pick<Composition, 'values' | 'parts' | 'plan'>, stock: Stock): Missing[] {
  const { graph } = composeForInspection(workflow, composition);
  const classes = [...new Set(Object.values(graph).map((node) => node.class_type))];
  const nodes = classes.filter((name) => !stock.nodes.includes(name)).map((name) => missingNode(name));
  const models = modelsOf(graph)
    .filter(({ folder, name }) => filesIn(stock, folder)?.includes(name) === false)
    .map(({ folder, name }) => missingModel(folder, name, sourceOf(workflow, name)));
  const kinds = new Set(composition.plan.steps.includes('without_faceid') ? composition.parts.references.map(() => 'ipadapter' as const) : composition.parts.references.map(({ kind }) => kind));
  const sought = soughtFor(kinds, familyOf(String(composition.values['model_name'])))
    .filter(({ folder, accepts }) => filesIn(stock, folder)?.some((name) => accepts.test(name)) === false)
    .map(({ folder, name, source }) => missingModel(folder, name, source));
  const unique = new Map([...nodes, ...models, ...sought].map((missing) => [`${missing.kind} ${missing.where} ${missing.name}`, missing]));
  return [...unique.values(), ...(stock.misfits?.[workflow.file.name] ?? [])];
}

function missingNode(name: string): Missing {
  const pack = packOf(name);
  if (pack === undefined) return { kind: 'node', name, where: 'ComfyUI itself: this version is too old or too new' };
  const source = nodePacks[pack]?.source;
  return { kind: 'node', name, where: `custom_nodes/${pack}`, ...(source === undefined ? {} : { source }) };
}

const missingModel = (folder: string, name: string, source: string | undefined): Missing => ({ kind: 'model', name, where: `models/${folder}`, ...(source === undefined ? {} : { source }) });

function sourceOf({ file }: Workflow, name: string): string | undefined {
  const parameters = Object.values(file.parameters).flatMap((parameter) => (parameter.type === 'model' && parameter.prefer.includes(name) ? [parameter.source] : []));
  return parameters.find((source) => source !== undefined) ?? file.needs.models.find((model) => model.name === name)?.source;
}

/** One missing thing as a sentence part for a person: what, where it belongs, where to get it. */
export function describeMissing({ kind, name, where, source }: Missing): string {
  const from = source === undefined ? '' : ` (get it from ${source})`;
  if (kind === 'model') return `${where}/${name}${from}`;
  return kind === 'node' ? `the node ${name} of ${where}${from}` : `the input ${name} of ${where}${from}`;
}
