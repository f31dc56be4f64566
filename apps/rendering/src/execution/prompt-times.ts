import { stageOf, type ComfyEvent, type PromptGraph } from '@tower/comfyui';
import { z } from 'zod';

/** What of a prompt's time went into what, in seconds. Null where it was not heard. */
export interface PartTimes {
  /** Loader nodes, and what samplers did before their first step: that is where weights go to the card. */
  load: number | null;
  /** All steps of all samplers. */
  sampling: number | null;
  /** The rest: text, decoding, saving. */
  fixed: number | null;
}

/** What a node did so far. Milliseconds of one clock. */
interface NodeTime {
  startedAt: number;
  endedAt: number | null;
  firstStep: { value: number; at: number } | null;
  lastStep: { value: number; max: number; at: number } | null;
}

const executing = z.object({ node: z.string().nullable() });
const progress = z.object({ node: z.string(), value: z.number(), max: z.number() });

/** When the nodes of one prompt ran, as its card told. */
export class PromptTimes {
  private readonly nodes = new Map<string, NodeTime>();
  private current: string | null = null;
  /** Heard from its first node on, without anything between that was not. */
  private isWhole = false;

  /** Takes an event of this prompt in that came at `atMs`. */
  heard(event: Pick<ComfyEvent, 'type' | 'data'>, atMs: number): void {
    if (event.type === 'execution_start') this.isWhole = true;
    else if (event.type === 'executing') {
      const { data } = executing.safeParse(event.data);
      if (data) this.begin(data.node, atMs);
    } else if (event.type === 'execution_success') this.begin(null, atMs);
    else if (event.type === 'progress') {
      const { data } = progress.safeParse(event.data);
      if (data) this.step(data, atMs);
    }
  }

  /**
   * The parts of a prompt that took `seconds` in all. Steps are known from the second one on; of a sampler with a
   * single
   * step nothing can be told apart, nor of a prompt that was not heard from its start. Nodes that were answered from
   * the
   * cache took no time. `isCold`: the card had to load something.
   */
  parts(graph: PromptGraph, seconds: number, isCold: boolean): PartTimes {
    if (!this.isWhole) return { load: null, sampling: null, fixed: null };
    const unknown = { load: null, sampling: null, fixed: null };
    let [load, sampling, samplers] = [0, 0, 0];
    for (const [id, time] of this.nodes) {
      const node = graph[id.split('.')[0] ?? id];
      if (node === undefined || time.endedAt === null) continue;
      const stage = stageOf(node);
      if (stage.unit === 'step') {
        const sampled = sampledIn(time);
        if (sampled === undefined) return unknown;
        samplers++;
        sampling += sampled.steps;
        load += sampled.before;
      } else if (stage.isLoading) load += (time.endedAt - time.startedAt) / 1000;
    }
    // Without a sampler all but loading is what it computes.
    if (samplers === 0)
      return { load: isCold ? load : 0, sampling: Math.max(0, seconds - (isCold ? load : 0)), fixed: 0 };
    // What a warm card does before its steps is none of loading. The card's clock is not ours: the whole is no less
    // than
    // its parts.
    const loaded = isCold ? load : 0;
    return { load: loaded, sampling, fixed: Math.max(0, seconds - loaded - sampling) };
  }

  private begin(node: string | null, atMs: number): void {
    const before = this.current === null ? undefined : this.nodes.get(this.current);
    if (before) before.endedAt = atMs;
    this.current = node;
    if (node !== null && !this.nodes.has(node))
      this.nodes.set(node, { startedAt: atMs, endedAt: null, firstStep: null, lastStep: null });
  }

  private step({ node, value, max }: { node: string; value: number; max: number }, atMs: number): void {
    const time = this.nodes.get(node);
    if (time === undefined || value <= 0) return;
    // A bar that begins again is another run of the same node.
    if (time.firstStep === null || value < (time.lastStep?.value ?? 0)) time.firstStep = { value, at: atMs };
    time.lastStep = { value, max, at: atMs };
  }
}

/** Seconds of a sampler's steps and of what it did before them. Undefined where too few steps were heard. */
function sampledIn({ startedAt, firstStep, lastStep }: NodeTime): { steps: number; before: number } | undefined {
  if (firstStep === null || lastStep === null || lastStep.value <= firstStep.value) return undefined;
  const stepMs = (lastStep.at - firstStep.at) / (lastStep.value - firstStep.value);
  const before = Math.max(0, firstStep.at - startedAt - stepMs * firstStep.value);
  return { steps: (stepMs * lastStep.max) / 1000, before: before / 1000 };
}
