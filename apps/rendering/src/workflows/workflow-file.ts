import { jobType, preset, workKind } from '@tower/contracts';
import { z } from 'zod';

const bind = z.array(z.strictObject({ node: z.string(), input: z.string() })).min(1);
const common = { bind, unit: z.string().optional() };

/** Types of a parameter: what values it takes and which node inputs it sets. */
export const workflowParameter = z.discriminatedUnion('type', [
  z.strictObject({ ...common, type: z.literal('text'), max_length: z.int().min(1), default: z.string().optional() }),
  z.strictObject({ ...common, type: z.literal('integer'), min: z.int(), max: z.int(), multiple_of: z.int().min(1).default(1), default: z.int() }),
  z.strictObject({ ...common, type: z.literal('number'), min: z.number(), max: z.number(), default: z.number() }),
  /** A model file in one of the server's folders. */
  z.strictObject({ ...common, type: z.literal('model'), folder: z.literal('checkpoints'), prefer: z.array(z.string()).default([]) }),
  /** One of a list that the server itself announces. */
  z.strictObject({ ...common, type: z.literal('choice'), of: z.enum(['samplers', 'schedulers']), default: z.string() }),
]);
export type WorkflowParameter = z.infer<typeof workflowParameter>;

/** `workflow.yaml`. */
export const workflowFile = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]*$/),
  version: z.int().min(1),
  title: z.string().min(1),
  phase: z.int().min(1).max(3),
  job_type: jobType,
  work: workKind,
  parameters: z.record(z.string(), workflowParameter),
  outputs: z.array(z.strictObject({ node: z.string(), kind: z.enum(['image']), prefix_input: z.string() })).min(1),
  presets: z.record(preset, z.record(z.string(), z.union([z.number(), z.string()]))),
  priors: z.strictObject({
    basis: z.string().startsWith('prior'),
    load_seconds: z.number().min(0),
    seconds_per_megapixel_step: z.number().min(0),
    fixed_seconds: z.number().min(0),
  }),
});
export type WorkflowFile = z.infer<typeof workflowFile>;

const link = z.tuple([z.string(), z.int().min(0)]);

/** ComfyUI's API format. `inputs` must exist on every node: a node without it can kill a server's only worker. */
export const workflowGraph = z.record(
  z.string(),
  z.object({
    class_type: z.string(),
    inputs: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), link])),
    _meta: z.object({ title: z.string() }).optional(),
  }),
);
export type WorkflowGraph = z.infer<typeof workflowGraph>;
export type GraphValue = string | number | boolean | [string, number];

export interface Workflow {
  file: WorkflowFile;
  graph: WorkflowGraph;
}
