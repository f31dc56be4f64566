import { placesOf, readsInputFile, stageOf, type PromptGraph, type ComfyEvent, type NodePlace } from '@tower/comfyui';
import { z } from 'zod';
import type { AttemptProgress } from '../jobs/attempt.entity';

/** Per cent at which the first node begins and the last one ends; the rest is sending and fetching. */
const [first, last] = [1, 98];

const nodeProgress = z.object({ value: z.number(), max: z.number(), node: z.string() });
const executing = z.object({ node: z.string().nullable() });

/** Graphs do not change once they are sent; their places are worked out once. */
const knownPlaces = new WeakMap<PromptGraph, ReadonlyMap<string, NodePlace>>();

/**
 * The next progress after an event of the same prompt, or the same object when the event says nothing new. Never falls:
 * a node may run several bars one after the other. Steps are those of a sampler; frames are counted only where a node's
 * bar really counts finished frames.
 */
export function advance(
  current: AttemptProgress,
  event: ComfyEvent,
  graph: PromptGraph,
  gpu: string,
  model: string,
): AttemptProgress {
  if (event.type === 'progress') {
    const data = nodeProgress.safeParse(event.data);
    const found = data.success ? find(graph, data.data.node) : undefined;
    if (!data.success || !found || data.data.max <= 0) return current;
    const { node, place } = found;
    const stage = stageOf(node);
    const value = Math.round(Math.min(data.data.value, data.data.max));
    const max = Math.round(data.data.max);
    const share = Math.min(data.data.value / data.data.max, 1);
    // Frames that are read are none that were made.
    const counts = stage.unit === 'frame' && !readsInputFile(node.class_type);
    const percentOf = (part: number): number => percentAt(place.from + Math.min(part, 1) * (place.to - place.from));
    return {
      ...current,
      stage: sentence(stage.doing(node, model), stage.unit, place, gpu, { value, max }),
      ...moved(current, percentOf(share), percentOf(share + 1 / data.data.max)),
      ...(stage.unit === 'step' ? { step: value, totalSteps: max } : {}),
      ...(counts ? { frame: Math.max(current.frame ?? 0, value) } : {}),
    };
  }
  if (event.type === 'executing') {
    const data = executing.safeParse(event.data);
    const found = data.success && data.data.node !== null ? find(graph, data.data.node) : undefined;
    if (!found) return current;
    const { node, place } = found;
    const stage = stageOf(node);
    // Of a node that reports steps nothing is certain to pass before the first of them.
    const next = percentAt(stage.unit === undefined ? place.to : place.from);
    return {
      ...current,
      stage: sentence(stage.doing(node, model), undefined, place, gpu),
      ...moved(current, percentAt(place.from), next),
    };
  }
  return current;
}

/** Per cent that are reached, and those at which the step or node that runs now will have ended; neither falls. */
function moved(current: AttemptProgress, percent: number, next: number): { percent: number; next: number } {
  const reached = Math.max(current.percent, percent);
  return { percent: reached, next: Math.max(reached, next) };
}

/** `Encoding frame 42/72 on rtx3060`, `Sampling 2 of 2 on rtx3060: step 3 of 10`. */
function sentence(
  doing: string,
  unit: 'step' | 'frame' | 'tile' | undefined,
  place: NodePlace,
  gpu: string,
  bar?: { value: number; max: number },
): string {
  const which = doing === 'Sampling' && place.alike > 1 ? ` ${place.ordinal} of ${place.alike}` : '';
  if (!bar || unit === undefined) return `${doing}${which} on ${gpu}`;
  return unit === 'frame'
    ? `${doing} frame ${bar.value}/${bar.max} on ${gpu}`
    : `${doing}${which} on ${gpu}: ${unit} ${bar.value} of ${bar.max}`;
}

/** A node that expands into others reports under their ids, `12.0.0.1`. */
function find(graph: PromptGraph, id: string): { node: PromptGraph[string]; place: NodePlace } | undefined {
  const known = graph[id] === undefined ? (id.split('.')[0] ?? '') : id;
  const node = graph[known];
  if (node === undefined) return undefined;
  const places = knownPlaces.get(graph) ?? placesOf(graph);
  knownPlaces.set(graph, places);
  const place = places.get(known);
  return place && { node, place };
}

const percentAt = (share: number): number => Math.round((first + share * (last - first)) * 10) / 10;
