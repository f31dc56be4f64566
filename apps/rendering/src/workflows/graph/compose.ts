import type { PromptGraph } from '@tower/comfyui';
import { invalid } from '@tower/kit';
import type { GraphStep, ParameterValues, Parts, Changes } from '../composition';
import { applyEdit } from '../template/workflow-edit';
import type { OutputKind, Workflow } from '../template/workflow-file';
import { parseFormula } from '../values/formula';
import { plannedValues, scopeOf } from '../values/planned-values';
import { addNode, cycleOf, freeId, nodeOf, removeUnreachable, setInput, type Slot } from './graph-edit';
import { graphSha256 } from './graph-identity';
import { addParts } from './part-chains';

/** What a graph is made from besides the template. */
export interface Composition {
  /** A value for every parameter. */
  values: ParameterValues;
  parts: Parts;
  plan: Changes;
  /**
   * Unique per attempt, so that nothing is answered from the server's cache and no two attempts write the same file.
   */
  prefix: string;
  /** By the names that parameters and parts use: what the server calls the uploaded file. */
  images: Readonly<Record<string, string>>;
}

export interface ComposedGraph {
  graph: PromptGraph;
  outputs: { node: string; kind: OutputKind }[];
}

/** Steps that change a task without changing how its graph is built. */
const stepsWithoutEdits: readonly GraphStep[] = ['other_seed'];

/**
 * The graph to send. In this order: parameters and derived values, switches, the plan's steps, LoRAs, references,
 * ControlNets, the prefix of every output; then what no output needs is removed. Throws `part_unsupported` or
 * `image_missing` when the request asks for what cannot be; any other error is a fault of the template.
 */
export function composeGraph(workflow: Workflow, composition: Composition): ComposedGraph {
  const { file } = workflow;
  const { plan, images, prefix } = composition;
  const values = plannedValues(workflow, composition.values, plan);
  const graph = structuredClone(workflow.graph);
  bindParameters(workflow, graph, values, images);
  const scope = scopeOf(workflow, values);
  for (const { when, edits } of file.switches)
    if (parseFormula(when).evaluate(scope) !== 0) for (const edit of edits) applyEdit(graph, edit, values, scope);
  for (const step of new Set(plan.steps)) {
    const fallback = file.fallbacks.find((candidate) => candidate.step === step);
    if (fallback === undefined && !stepsWithoutEdits.includes(step))
      throw new Error(`workflow ${file.name} has no fallback ${step}`);
    for (const edit of fallback?.edits ?? []) applyEdit(graph, edit, values, scope);
  }
  addParts(workflow, graph, plannedParts(composition.parts, plan), picturesOf(graph, images));
  for (const [index, output] of file.outputs.entries())
    setInput(graph, output.node, output.prefix_input, index === 0 ? prefix : `${prefix}-${index + 1}`);
  removeUnreachable(
    graph,
    file.outputs.map((output) => output.node),
  );
  refuseEmptyPictures(workflow, graph);
  const cycle = cycleOf(graph);
  if (cycle) throw new Error(`the graph of ${file.name} has a cycle through ${cycle.join(', ')}`);
  return { graph, outputs: file.outputs.map(({ node, kind }) => ({ node, kind })) };
}

/** FaceID falls back to the plain adapter with the same pictures. */
const plannedParts = (parts: Parts, plan: Changes): Parts =>
  plan.steps.includes('without_faceid')
    ? { ...parts, references: parts.references.map((reference) => ({ ...reference, kind: 'ipadapter' })) }
    : parts;

function bindParameters(
  { file }: Workflow,
  graph: PromptGraph,
  values: ParameterValues,
  images: Composition['images'],
): void {
  for (const [name, parameter] of Object.entries(file.parameters)) {
    const value = values[name];
    if (value === undefined) throw new Error(`parameter ${name} of ${file.name} has no value`);
    const isPicture = parameter.type === 'image' || parameter.type === 'film';
    const bound = isPicture && value !== '' ? serverName(images, String(value)) : value;
    for (const { node, input } of parameter.bind) setInput(graph, node, input, bound);
  }
  const scope = scopeOf({ file, graph }, values);
  for (const [name, { bind }] of Object.entries(file.derived))
    for (const { node, input } of bind) setInput(graph, node, input, scope[name] as number);
}

function serverName(images: Composition['images'], name: string): string {
  const found = Object.hasOwn(images, name) ? images[name] : undefined;
  if (found === undefined || found === '')
    throw invalid('image_missing', `the job has no picture called ${name}`, [
      { pointer: `/${name}`, message: 'is needed' },
    ]);
  return found;
}

function picturesOf(graph: PromptGraph, images: Composition['images']): (image: string) => Slot {
  const loaded = new Map<string, Slot>();
  return (image) => {
    const known = loaded.get(image);
    if (known) return known;
    const slot: Slot = [addNode(graph, freeId(graph), 'LoadImage', { image: serverName(images, image) }), 0];
    loaded.set(image, slot);
    return slot;
  };
}

/** A picture that is not given may only be bound where nothing reads it. */
function refuseEmptyPictures({ file }: Workflow, graph: PromptGraph): void {
  for (const [name, parameter] of Object.entries(file.parameters)) {
    if (parameter.type !== 'image' && parameter.type !== 'film') continue;
    const empty = parameter.bind.some(
      ({ node, input }) => Object.hasOwn(graph, node) && nodeOf(graph, node).inputs[input] === '',
    );
    if (empty)
      throw invalid('image_missing', `workflow ${file.name} needs ${name}`, [
        { pointer: `/${name}`, message: `is needed by workflow ${file.name}` },
      ]);
  }
}

/** Any composition of the same parts and plan, for questions about its shape: pictures get their own names. */
export function composeForInspection(
  workflow: Workflow,
  { values, parts, plan }: Pick<Composition, 'values' | 'parts' | 'plan'>,
): ComposedGraph {
  const named = Object.entries(workflow.file.parameters).flatMap(([name, { type }]) =>
    (type === 'image' || type === 'film') && values[name] !== '' ? [String(values[name])] : [],
  );
  const all = [
    ...named,
    ...parts.references.map((reference) => reference.image),
    ...parts.controlnets.map((use) => use.image),
  ];
  return composeGraph(workflow, {
    values,
    parts,
    plan,
    prefix: 'tower/inspection',
    images: Object.fromEntries(all.map((name) => [name, `${name}.png`])),
  });
}

/** The fallback steps, in the template's order, that would still change something after this plan. */
export function stepsOf(
  workflow: Workflow,
  { values, parts, plan }: Pick<Composition, 'values' | 'parts' | 'plan'>,
): GraphStep[] {
  const shape = (steps: GraphStep[]): string =>
    graphSha256(composeForInspection(workflow, { values, parts, plan: { steps } }).graph);
  const now = shape(plan.steps);
  return workflow.file.fallbacks
    .map(({ step }) => step)
    .filter((step) => (step === 'smaller_size' || !plan.steps.includes(step)) && shape([...plan.steps, step]) !== now);
}
