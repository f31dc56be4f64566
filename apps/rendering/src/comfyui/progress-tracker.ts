import { z } from 'zod';
import type { AttemptProgress } from '../jobs/job.entity';
import type { WorkflowGraph } from '../workflows/workflow-file';
import type { ComfyHint } from './comfy-socket';

/** Share of the whole, in percent, at which each kind of node begins and ends. Sampling is nearly all of the time. */
const spans: { pattern: RegExp; from: number; to: number; stage: (gpu: string, model: string) => string }[] = [
  { pattern: /Loader/, from: 1, to: 6, stage: (gpu, model) => `Loading ${model} on ${gpu}` },
  { pattern: /CLIPTextEncode|CLIPSetLastLayer|EmptyLatent/, from: 6, to: 8, stage: (gpu) => `Reading the prompt on ${gpu}` },
  { pattern: /Sampler/, from: 8, to: 90, stage: (gpu) => `Sampling on ${gpu}` },
  { pattern: /VAEDecode/, from: 90, to: 96, stage: (gpu) => `Decoding on ${gpu}` },
  { pattern: /Save/, from: 96, to: 98, stage: (gpu) => `Saving on ${gpu}` },
];

const nodeProgress = z.object({ value: z.number(), max: z.number(), node: z.string() });
const executing = z.object({ node: z.string().nullable() });

export const progressAtDispatch = (gpu: string): AttemptProgress => ({ stage: `Sent to ${gpu}`, percent: 0, step: null, totalSteps: null });

/** The next progress after a hint of the same prompt, or the same object when the hint says nothing new. Never falls. */
export function advance(current: AttemptProgress, hint: ComfyHint, graph: WorkflowGraph, gpu: string, model: string): AttemptProgress {
  if (hint.type === 'progress') {
    const data = nodeProgress.safeParse(hint.data);
    const span = data.success ? spanOf(graph, data.data.node) : undefined;
    if (!data.success || !span || data.data.max <= 0) return current;
    const share = Math.min(data.data.value / data.data.max, 1);
    return {
      stage: `${span.stage(gpu, model)}: step ${data.data.value} of ${data.data.max}`,
      percent: Math.max(current.percent, round(span.from + share * (span.to - span.from))),
      step: Math.round(data.data.value),
      totalSteps: Math.round(data.data.max),
    };
  }
  if (hint.type === 'executing') {
    const data = executing.safeParse(hint.data);
    const span = data.success && data.data.node !== null ? spanOf(graph, data.data.node) : undefined;
    if (!span) return current;
    return { ...current, stage: span.stage(gpu, model), percent: Math.max(current.percent, span.from) };
  }
  return current;
}

const spanOf = (graph: WorkflowGraph, node: string): (typeof spans)[number] | undefined => {
  const type = graph[node]?.class_type;
  return type === undefined ? undefined : spans.find((span) => span.pattern.test(type));
};

const round = (percent: number): number => Math.round(percent * 10) / 10;
