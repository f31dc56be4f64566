import type { PromptGraph } from '../prompt-graph';
import { samplingCosts } from './sampling-cost';

/** What a node does, as far as a person who waits wants to know. */
export interface NodeStage {
  /**
   * Share of the time relative to other nodes, from what each class usually takes; a sampler is 100, several of one
   * graph are on the average.
   */
  weight: number;
  /** `Loading x`, `Sampling`; without the card. */
  doing: (node: PromptGraph[string], model: string) => string;
  /** What a tick of the node's own bar is; undefined where a bar counts something that means nothing to a person. */
  unit?: 'step' | 'frame' | 'tile' | undefined;
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
 * First match counts. Measured on nobody's card: ComfyUI reports time for whole prompts only, so these shares are
 * estimates.
 */
const stages: { pattern: RegExp; stage: NodeStage }[] = [
  { pattern: /^VHS_LoadVideo/, stage: { weight: 4, doing: says('Reading the film'), unit: 'frame' } },
  { pattern: /^VHS_VideoCombine$/, stage: { weight: 6, doing: says('Encoding'), unit: 'frame' } },
  {
    pattern: /^(LoadImage|ImageScale|ImageScaleBy|ImageFromBatch|ImageBatch|PrepImageForClipVision)/,
    stage: { weight: 0.5, doing: says('Preparing the pictures') },
  },
  {
    pattern: /Loader|^Load|^DownloadAndLoad|_Load/,
    stage: { weight: 5, doing: (node, model) => `Loading ${loadedFile(node, model)}` },
  },
  { pattern: /TextEncode|CLIPSetLastLayer/, stage: { weight: 1, doing: says('Reading the prompt') } },
  {
    pattern: /^IPAdapter|CLIPVisionEncode|ControlNetApply|VAEEncode|ImageEncode|ImageToVideo|FirstLastFrame/,
    stage: { weight: 2, doing: says('Reading the pictures') },
  },
  { pattern: /^Empty|Empty\w*Latent|EmptyEmbeds/, stage: { weight: 0.2, doing: says('Preparing') } },
  {
    pattern: /ModelSampling|_Looped|ContextOptions|UseEvolvedSampling|LatentUpscale/,
    stage: { weight: 0.2, doing: says('Preparing') },
  },
  { pattern: /Sampler/, stage: { weight: 100, doing: says('Sampling'), unit: 'step' } },
  { pattern: /VAEDecode|\w+Decode$/, stage: { weight: 8, doing: says('Decoding') } },
  { pattern: /ImageUpscaleWithModel/, stage: { weight: 40, doing: says('Upscaling'), unit: 'tile' } },
  { pattern: /^RIFE|VFI$/, stage: { weight: 40, doing: says('Drawing the frames in between') } },
  { pattern: /^Save|^CreateVideo/, stage: { weight: 2, doing: says('Saving') } },
];

const anything: NodeStage = { weight: 0.2, doing: (node) => `Running ${node.class_type}` };

export const stageOf = (node: PromptGraph[string]): NodeStage =>
  stages.find(({ pattern }) => pattern.test(node.class_type))?.stage ?? anything;

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
