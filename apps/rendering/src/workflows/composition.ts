import type { ModelFamily } from './template/workflow-parameter';

/**
 * What goes into a graph besides the workflow itself. Stored with the job and with each attempt, so that the same graph
 * can be composed again.
 */

export type ParameterValue = string | number | boolean;
/** By the workflow's parameter names, every one with a value. */
export type ParameterValues = Record<string, ParameterValue>;

/** One of several alternatives in a text. */
export interface ChosenAlternative {
  /** Name of the parameter whose text it is. */
  parameter: string;
  /** As they were written. */
  options: string[];
  chosen: string;
}

/** A LoRA as ComfyUI's LoraLoader takes it; strengths from -10 to 10, 1 is full. */
export interface LoraUse {
  file: string;
  strengthModel: number;
  strengthClip: number;
}

/** A picture whose identity or style the result follows. Start and end are shares of the sampling, 0 to 1. */
export interface ReferenceUse {
  kind: 'ipadapter' | 'faceid';
  /** Name of an input picture of the job. */
  image: string;
  weight: number;
  start: number;
  end: number;
}

export interface ControlNetUse {
  file: string;
  /** Name of an input picture of the job. */
  image: string;
  strength: number;
  start: number;
  end: number;
}

/** Optional parts, added to the graph by typed operations in this order: LoRAs, references, ControlNets. */
export interface Parts {
  loras: LoraUse[];
  references: ReferenceUse[];
  controlnets: ControlNetUse[];
  /** What the checkpoint was decided to be; absent where that is what its name says. */
  family?: ModelFamily;
}

export const noParts: Parts = { loras: [], references: [], controlnets: [] };

/** Changes of the graph that make a failed attempt try something else, each at most once, except `smaller_size`. */
export const graphSteps = [
  'tiled_vae',
  'smaller_batch',
  'smaller_context',
  'quantised_model',
  'smaller_model',
  'cpu_text_encoder',
  'without_faceid',
  'other_seed',
  'precise_vae',
  'smaller_size',
] as const;
export type GraphStep = (typeof graphSteps)[number];

/** Steps of the recovery ladder that leave the graph alone. */
export const otherSteps = ['free_models', 'other_gpu', 'restart_comfyui', 'download_model', 'again'] as const;

/** What recovery has changed about a task so far. */
export interface Changes {
  /** In the order in which they were taken; `smaller_size` may occur more than once. */
  steps: GraphStep[];
}

export const noChanges: Changes = { steps: [] };

/** A step of the recovery ladder as it is recorded on the task and shown in `/jobs/{id}`. */
export interface RecoveryStep {
  step: GraphStep | (typeof otherSteps)[number];
  /** Kind of the failure that led to it. */
  because: string;
  /** Number of the attempt that failed. */
  afterAttempt: number;
  gpu: string;
  /** What changed, in words. */
  detail: string;
  /** ISO 8601. */
  at: string;
}

/** An input picture of a job: where it lies in the library and what its bytes are. */
export interface InputImage {
  /** Below the library folder, forward slashes. */
  path: string;
  sha256: string;
}
/** By the name under which parameters and parts refer to it. */
export type InputImages = Record<string, InputImage>;

/** Changes that need less memory, from harmless to costly. */
export const memorySteps: ReadonlySet<GraphStep> = new Set([
  'tiled_vae',
  'smaller_batch',
  'smaller_context',
  'quantised_model',
  'smaller_model',
  'cpu_text_encoder',
]);
