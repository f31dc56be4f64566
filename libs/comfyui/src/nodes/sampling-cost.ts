import type { PromptGraph } from '../prompt-graph';
import { nodeClassOf } from './node-catalogue';

/** What a latent or a picture measures. */
interface Size {
  /** Of one frame. */
  pixels: number;
  frames: number;
}

type Node = PromptGraph[string];

/** A step's time grows with pixels × frames to this power (reliability study, C.5: the prior of its estimates). */
const growth = 1.15;

/** Inputs that a node takes its latent or picture from; the first that is there counts. */
const carriers = ['latent_image', 'samples', 'latent', 'image', 'images', 'pixels'] as const;

/**
 * What the passes of a graph cost in comparison, by sampler node: steps × (pixels × frames)^1.15, and half of it
 * where cfg is 1 and nothing is subtracted. Their mean is 1. What the graph does not say of every pass is left out of
 * the comparison, so that nobody guesses.
 */
export function samplingCosts(graph: PromptGraph): ReadonlyMap<string, number> {
  const passes = Object.entries(graph).filter(([, node]) => nodeClassOf(node.class_type).samples === true);
  const steps = passes.map(([, node]) => stepsOf(graph, node));
  const sizes = passes.map(([, node]) => sizeInto(graph, node, new Set()));
  const costs = passes.map(([, node], index) => {
    const size = sizes[index];
    const amount =
      sizes.some((one) => one === undefined) || size === undefined ? 1 : (size.pixels * size.frames) ** growth;
    return (
      (steps.some((one) => one === undefined) ? 1 : (steps[index] ?? 1)) * amount * (node.inputs['cfg'] === 1 ? 0.5 : 1)
    );
  });
  const mean = costs.reduce((sum, cost) => sum + cost, 0) / Math.max(1, costs.length);
  return new Map(passes.map(([id], index) => [id, mean > 0 ? (costs[index] ?? 0) / mean : 1]));
}

/** Steps that this pass takes of its schedule; undefined where the graph does not say. */
function stepsOf(graph: PromptGraph, node: Node): number | undefined {
  const steps = numberOf(node, 'steps');
  if (steps === undefined) return stepsOfSigmas(graph, node.inputs['sigmas'], new Set());
  const first = numberOf(node, 'start_at_step') ?? 0;
  const last = numberOf(node, 'end_at_step') ?? steps;
  return Math.max(0, Math.min(last, steps) - Math.max(0, first));
}

/** A schedule of its own node, perhaps split in two. */
function stepsOfSigmas(graph: PromptGraph, link: unknown, seen: Set<string>): number | undefined {
  const from = follow(graph, link, seen);
  if (from === undefined) return undefined;
  const split = /^SplitSigmas$/.test(from.node.class_type) ? numberOf(from.node, 'step') : undefined;
  if (split === undefined)
    return numberOf(from.node, 'steps') ?? stepsOfSigmas(graph, from.node.inputs['sigmas'], seen);
  const all = stepsOfSigmas(graph, from.node.inputs['sigmas'], seen);
  return from.output === 0 ? Math.min(split, all ?? split) : all === undefined ? undefined : Math.max(0, all - split);
}

/** What the node gets; undefined where it comes from a file or from something that is not known. */
function sizeInto(graph: PromptGraph, node: Node, seen: Set<string>): Size | undefined {
  const carrier = carriers.find((name) => Array.isArray(node.inputs[name]));
  return carrier === undefined ? undefined : sizeFrom(graph, node.inputs[carrier], seen);
}

function sizeFrom(graph: PromptGraph, link: unknown, seen: Set<string>): Size | undefined {
  const node = follow(graph, link, seen)?.node;
  if (node === undefined) return undefined;
  const [width, height, scale] = [numberOf(node, 'width'), numberOf(node, 'height'), numberOf(node, 'scale_by')];
  if (width !== undefined && height !== undefined && width > 0 && height > 0) {
    const frames = (numberOf(node, 'length') ?? 1) * (numberOf(node, 'batch_size') ?? 1);
    // What only changes the size keeps the frames.
    return { pixels: width * height, frames: frames > 1 ? frames : (sizeInto(graph, node, seen)?.frames ?? frames) };
  }
  const before = sizeInto(graph, node, seen);
  if (before === undefined) return undefined;
  const factor = scale ?? (/UpscaleWithModel/.test(node.class_type) ? modelFactor(graph, node, seen) : 1);
  return factor === undefined ? undefined : { ...before, pixels: before.pixels * factor ** 2 };
}

/** By the name of the model: `4x-UltraSharp`, `RealESRGAN_x4plus`. */
function modelFactor(graph: PromptGraph, node: Node, seen: Set<string>): number | undefined {
  const name = follow(graph, node.inputs['upscale_model'], seen)?.node.inputs['model_name'];
  const found = typeof name === 'string' ? /(?:^|[^a-z0-9])(?:([1248])x|x([1248]))/i.exec(name) : null;
  return found === null ? undefined : Number(found[1] ?? found[2]);
}

/** Where a link leads; undefined for a value, for nowhere, and for a node that was passed before. */
function follow(graph: PromptGraph, link: unknown, seen: Set<string>): { node: Node; output: unknown } | undefined {
  if (!Array.isArray(link)) return undefined;
  const [id, output] = link as unknown[];
  const node = typeof id === 'string' && !seen.has(id) ? graph[id] : undefined;
  if (node === undefined) return undefined;
  seen.add(id as string);
  return { node, output };
}

const numberOf = (node: Node, input: string): number | undefined => {
  const value = node.inputs[input];
  return typeof value === 'number' ? value : undefined;
};
