import type { NodeInfos, PromptGraph } from '@tower/comfyui';
import { newId } from '@tower/kit';
import { v5 } from 'uuid';
import type { GpuInventory } from '../cards/card.entity';
import { Attempt, type AttemptForecast } from '../jobs/attempt.entity';
import type { GenerationParams } from '../jobs/generation-params.entity';
import type { Job } from '../jobs/job.entity';
import { progressAtDispatch, progressBehind } from '../jobs/progress';
import type { Task } from '../jobs/task.entity';
import type { ParameterValues } from '../workflows/composition';
import { composeGraph } from '../workflows/graph/compose';
import { graphSha256 } from '../workflows/graph/graph-identity';
import { uploadNames } from '../workflows/graph/upload-names';
import { spelledFor } from '../workflows/models/card-spelling';
import { modelKeysOf } from '../workflows/models/model-files';
import type { Workflow } from '../workflows/template/workflow-file';
import { valuesOfAttempt } from './attempt-values';

/** Namespace of our prompt ids: UUID v5 of (task, attempt number), so that a restarted leader derives the same id. */
const promptNamespace = '6f1a3b56-6e0c-5a3d-9d0e-3f6b8f6d2a11';

/** Milliseconds within which a POST that was announced must have arrived or failed. */
const postWindowMs = 10_000;

/** A card that is given work. */
export interface BookedCard {
  name: string;
  url: string;
  inventory: GpuInventory;
  /** The server's own description of its classes, for files of loaders that Tower does not know. */
  infos: NodeInfos;
  /** Keys of the model files that it holds when the attempt begins. */
  resident: readonly string[];
  /** It works on another attempt, and gets this one behind that. */
  isBusy: boolean;
  /** What the attempt will take there, where that is known. */
  forecast: AttemptForecast | null;
  /** The decision that gives it out; absent where nothing was planned. */
  decisionId?: string;
}

/** The next attempt of a task, on this card. `estimatedSeconds`: what it will take there, where that is known. */
export function newAttempt(
  task: Task,
  gpu: BookedCard,
  { fence, estimatedSeconds, at }: { fence: string; estimatedSeconds: number | null; at: Date },
): Attempt & { state: 'dispatching' } {
  const n = task.attempts + 1;
  const step = task.recovery.at(-1);
  return Object.assign(new Attempt(), {
    id: newId(),
    taskId: task.id,
    jobId: task.jobId,
    n,
    gpu: gpu.name,
    server: gpu.url,
    promptId: v5(`${task.id}:${n}`, promptNamespace),
    state: 'dispatching' as const,
    slot: gpu.isBusy ? 1 : 0,
    prefetched: gpu.isBusy,
    seed: task.seed,
    fence,
    dispatchedAt: at,
    postDeadline: new Date(at.getTime() + postWindowMs),
    startedAt: null,
    endedAt: null,
    seconds: null,
    estimatedSeconds,
    estimate: gpu.forecast,
    decisionId: gpu.decisionId ?? null,
    models: [],
    missing: [],
    timings: null,
    outcome: null,
    outputs: null,
    error: null,
    progress: gpu.isBusy ? progressBehind(gpu.name, 1) : progressAtDispatch(gpu.name),
    plan: task.plan,
    recovery: step?.afterAttempt === task.attempts ? step : null,
    verdict: null,
    scores: [],
  });
}

/**
 * The graph of an attempt as its card reads it, and what is kept of how it came about; the attempt gets the models that
 * it loads. Composed once: from here on it
 * is read back, and changes only where the server calls an input picture otherwise (`AttemptsService.regraphed`).
 */
export function graphOfAttempt(
  workflow: Workflow,
  job: Job,
  task: Task,
  attempt: Attempt,
  { inventory, infos, resident }: BookedCard,
): {
  graph: PromptGraph;
  params: Omit<GenerationParams, 'graph' | 'parameters'> & { graph: object; parameters: ParameterValues };
} {
  const { values, choices } = valuesOfAttempt(workflow, job, task);
  const composed = composeGraph(workflow, {
    values,
    parts: job.parts,
    plan: task.plan,
    prefix: `tower/${job.id}/${String(task.idx + 1).padStart(3, '0')}-a${attempt.n}`,
    images: uploadNames(job.images),
  });
  const graph = spelledFor(composed.graph, inventory, infos);
  attempt.models = modelKeysOf(graph);
  // Recovery has it freed first.
  const held = attempt.recovery?.step === 'free_models' ? [] : resident;
  attempt.missing = attempt.models.filter((key) => !held.includes(key));
  const params = {
    attemptId: attempt.id,
    jobId: job.id,
    graph,
    graphSha256: graphSha256(graph),
    parameters: values,
    promptChoices: choices,
    workflow: job.workflow,
    workflowVersion: job.workflowVersion,
    comfyuiVersion: inventory.comfyuiVersion,
    device: inventory.device,
    pytorchVersion: inventory.pytorchVersion,
    plan: task.plan,
    parts: job.parts,
    recordedAt: attempt.dispatchedAt,
  };
  return { graph, params };
}
