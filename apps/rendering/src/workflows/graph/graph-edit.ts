import type { GraphValue, PromptGraph } from '@tower/comfyui';

/** An output of a node: its id and the position among the node's outputs, from 0. */
export type Slot = readonly [string, number];
export type NodeInputs = Record<string, GraphValue>;

const isLink = (value: GraphValue | undefined): value is [string, number] => Array.isArray(value);
const sameSlot = (value: GraphValue, slot: Slot): boolean =>
  isLink(value) && value[0] === slot[0] && value[1] === slot[1];

/** The node with this id. Throws when there is none. */
export function nodeOf(graph: PromptGraph, id: string): PromptGraph[string] {
  const node = Object.hasOwn(graph, id) ? graph[id] : undefined;
  if (node === undefined) throw new Error(`node ${id} is not in the graph`);
  return node;
}

/** Throws when a link leads to no node or has no proper output position. */
function checkLink(graph: PromptGraph, value: GraphValue, what: string): void {
  if (!isLink(value)) return;
  if (!Object.hasOwn(graph, value[0])) throw new Error(`${what} links to node ${value[0]}, which is not in the graph`);
  if (!Number.isInteger(value[1]) || value[1] < 0)
    throw new Error(`${what} links to output ${value[1]} of node ${value[0]}`);
}

/** An id that no node has; numbers, because that is what the server's own interface writes. */
export function freeId(graph: PromptGraph, from = 1000): string {
  let id = from;
  while (Object.hasOwn(graph, String(id))) id++;
  return String(id);
}

/** Adds a node; its links must lead to nodes that are there. Returns its id. */
export function addNode(graph: PromptGraph, id: string, classType: string, inputs: NodeInputs): string {
  if (id === '' || classType === '') throw new Error('a node needs an id and a class');
  if (Object.hasOwn(graph, id)) throw new Error(`node ${id} is already in the graph`);
  for (const [input, value] of Object.entries(inputs)) checkLink(graph, value, `${id}.${input}`);
  graph[id] = { class_type: classType, inputs: { ...inputs } };
  return id;
}

/** Sets an input, whether or not the node had it. */
export function setInput(graph: PromptGraph, id: string, input: string, value: GraphValue): void {
  const node = nodeOf(graph, id);
  if (input === '') throw new Error(`an input of node ${id} has no name`);
  if (isLink(value) && value[0] === id) throw new Error(`${id}.${input} would link to its own node`);
  checkLink(graph, value, `${id}.${input}`);
  node.inputs[input] = isLink(value) ? [value[0], value[1]] : value;
}

/** Takes an input away; it must be there. */
export function dropInput(graph: PromptGraph, id: string, input: string): void {
  const node = nodeOf(graph, id);
  if (!Object.hasOwn(node.inputs, input)) throw new Error(`node ${id} has no input ${input}`);
  Reflect.deleteProperty(node.inputs, input);
}

/** Every input that links to this output, as node id and input name. */
export const consumersOf = (graph: PromptGraph, slot: Slot): { node: string; input: string }[] =>
  Object.entries(graph).flatMap(([node, { inputs }]) =>
    Object.entries(inputs).flatMap(([input, value]) => (sameSlot(value, slot) ? [{ node, input }] : [])),
  );

/** Leads every consumer of one output to another one, except the nodes in `except`. Returns how many links changed. */
export function relink(graph: PromptGraph, from: Slot, to: Slot, except: readonly string[] = []): number {
  nodeOf(graph, from[0]);
  checkLink(graph, [to[0], to[1]], 'a relinked input');
  const consumers = consumersOf(graph, from).filter(({ node }) => !except.includes(node));
  if (consumers.some(({ node }) => node === to[0]))
    throw new Error(`relinking ${from[0]} to ${to[0]} would make node ${to[0]} its own input`);
  for (const { node, input } of consumers) setInput(graph, node, input, [to[0], to[1]]);
  return consumers.length;
}

/**
 * A node between an output and all that reads it: it takes the output in `input` and hands on its own output
 * `outputSlot`. Returns its id.
 */
export function insertAfter(
  graph: PromptGraph,
  slot: Slot,
  node: { id: string; classType: string; input: string; inputs: NodeInputs; outputSlot?: number },
): string {
  nodeOf(graph, slot[0]);
  if (Object.hasOwn(node.inputs, node.input)) throw new Error(`${node.id}.${node.input} is given twice`);
  addNode(graph, node.id, node.classType, { ...node.inputs, [node.input]: [slot[0], slot[1]] });
  relink(graph, slot, [node.id, node.outputSlot ?? 0], [node.id]);
  return node.id;
}

/** Another class in a node's place: links to it stay, the inputs in `keep` stay, everything else is as given. */
export function replaceNode(
  graph: PromptGraph,
  id: string,
  classType: string,
  inputs: NodeInputs,
  keep: readonly string[] = [],
): void {
  const node = nodeOf(graph, id);
  if (classType === '') throw new Error(`node ${id} needs a class`);
  const kept: NodeInputs = {};
  for (const input of keep) {
    const value = node.inputs[input];
    if (value === undefined) throw new Error(`node ${id} has no input ${input} to keep`);
    if (Object.hasOwn(inputs, input)) throw new Error(`${id}.${input} is both kept and given`);
    kept[input] = value;
  }
  for (const [input, value] of Object.entries(inputs)) {
    if (isLink(value) && value[0] === id) throw new Error(`${id}.${input} would link to its own node`);
    checkLink(graph, value, `${id}.${input}`);
  }
  graph[id] = { ...node, class_type: classType, inputs: { ...kept, ...inputs } };
}

/** Removes every node that no output needs. Returns the ids that went. */
export function removeUnreachable(graph: PromptGraph, outputs: readonly string[]): string[] {
  const needed = new Set<string>();
  const open = [...outputs];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (needed.has(id)) continue;
    needed.add(id);
    for (const value of Object.values(nodeOf(graph, id).inputs)) if (isLink(value)) open.push(value[0]);
  }
  const gone = Object.keys(graph).filter((id) => !needed.has(id));
  for (const id of gone) Reflect.deleteProperty(graph, id);
  return gone;
}

/** The ids of one cycle, in order, or undefined when the graph has none. */
export function cycleOf(graph: PromptGraph): string[] | undefined {
  const state = new Map<string, 'open' | 'done'>();
  const path: string[] = [];
  const visit = (id: string): string[] | undefined => {
    if (state.get(id) === 'done') return undefined;
    if (state.get(id) === 'open') return path.slice(path.indexOf(id));
    state.set(id, 'open');
    path.push(id);
    for (const value of Object.values(graph[id]?.inputs ?? {})) {
      const found = isLink(value) ? visit(value[0]) : undefined;
      if (found) return found;
    }
    path.pop();
    state.set(id, 'done');
    return undefined;
  };
  for (const id of Object.keys(graph)) {
    const found = visit(id);
    if (found) return found;
  }
  return undefined;
}
