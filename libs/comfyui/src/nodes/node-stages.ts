import type { PromptGraph } from '../prompt-graph';
import { nodeClassOf } from './node-catalogue';
import { samplingCosts } from './sampling-cost';

/** What a node does, as far as a person who waits wants to know. */
interface NodeStage {
  /**
   * Share of the time relative to other nodes, from what each class usually takes; a sampler is 100, several of one
   * graph are on the average.
   */
  weight: number;
  /** `Loading x`, `Sampling`; without the card. */
  doing: (node: PromptGraph[string], model: string) => string;
  /** What a tick of the node's own bar is; undefined where a bar counts something that means nothing to a person. */
  unit?: 'step' | 'frame' | 'tile' | undefined;
  /** It brings files into memory. */
  isLoading?: boolean;
}

const file = /\.(safetensors|sft|gguf|ckpt|pth|pt|bin|onnx)$/i;

/** The file that a loader names, without its ending and folder, else the job's model. */
function loadedFile(node: PromptGraph[string], model: string): string {
  const named = Object.values(node.inputs).find(
    (value): value is string => typeof value === 'string' && file.test(value),
  );
  return named === undefined
    ? model
    : named.slice(Math.max(named.lastIndexOf('/'), named.lastIndexOf('\\')) + 1).replace(file, '');
}

const says = (sentence: string) => (): string => sentence;

/**
 * The stages by name. Measured on nobody's card: ComfyUI reports time for whole prompts only, so these shares are
 * estimates. Nodes of one stage count as alike; the two that prepare do not.
 */
const stages = {
  readingFilm: { weight: 4, doing: says('Reading the film'), unit: 'frame' },
  encodingFilm: { weight: 6, doing: says('Encoding'), unit: 'frame' },
  preparingPictures: { weight: 0.5, doing: says('Preparing the pictures') },
  loading: { weight: 5, doing: (node, model) => `Loading ${loadedFile(node, model)}`, isLoading: true },
  readingPrompt: { weight: 1, doing: says('Reading the prompt') },
  readingPictures: { weight: 2, doing: says('Reading the pictures') },
  preparingLatent: { weight: 0.2, doing: says('Preparing') },
  preparingModel: { weight: 0.2, doing: says('Preparing') },
  sampling: { weight: 100, doing: says('Sampling'), unit: 'step' },
  decoding: { weight: 8, doing: says('Decoding') },
  upscaling: { weight: 40, doing: says('Upscaling'), unit: 'tile' },
  interpolating: { weight: 40, doing: says('Drawing the frames in between') },
  saving: { weight: 2, doing: says('Saving') },
  other: { weight: 0.2, doing: (node) => `Running ${node.class_type}` },
} as const satisfies Record<string, NodeStage>;
export type StageName = keyof typeof stages;

export const stageOf = (node: PromptGraph[string]): NodeStage => stages[nodeClassOf(node.class_type).stage];

/** Where a node stands among the work of its graph. */
export interface NodePlace {
  /**
   * Shares of the whole, 0 to 1, that are certainly done when it begins and when it ends: its own and those of
   * everything that it needs.
   */
  from: number;
  to: number;
  /** Of nodes that do the same, counted from 1 in the order in which they need each other; 1 of 1 where it is alone. */
  ordinal: number;
  alike: number;
}

/** The place of each node of a graph. A link that leads nowhere counts for nothing. */
export function placesOf(graph: PromptGraph): ReadonlyMap<string, NodePlace> {
  const ids = Object.keys(graph);
  const costs = samplingCosts(graph);
  const weights = new Map(
    ids.map((id) => [id, stageOf(graph[id] as PromptGraph[string]).weight * (costs.get(id) ?? 1)]),
  );
  const weightOf = (id: string): number => weights.get(id) ?? 0;
  const total = ids.reduce((sum, id) => sum + weightOf(id), 0);
  const needs = new Map(ids.map((id) => [id, neededBy(graph, id)]));
  return new Map(
    ids.map((id) => {
      const node = graph[id] as PromptGraph[string];
      const before = [...(needs.get(id) ?? [])].reduce((sum, other) => sum + weightOf(other), 0);
      const alike = ids.filter((other) => stageOf(graph[other] as PromptGraph[string]) === stageOf(node));
      const earlier = alike.filter((other) => needs.get(id)?.has(other)).length;
      return [
        id,
        { from: before / total, to: (before + weightOf(id)) / total, ordinal: earlier + 1, alike: alike.length },
      ];
    }),
  );
}

/** Every node that this one needs, itself not among them. */
function neededBy(graph: PromptGraph, id: string): Set<string> {
  const found = new Set<string>();
  const open = [id];
  for (let next = open.pop(); next !== undefined; next = open.pop())
    for (const value of Object.values(graph[next]?.inputs ?? {}))
      if (Array.isArray(value) && graph[value[0]] !== undefined && !found.has(value[0]) && value[0] !== id) {
        found.add(value[0]);
        open.push(value[0]);
      }
  return found;
}
