import { modelFamily } from '@tower/contracts';
import { z } from 'zod';

export const nodeInput = z.strictObject({ node: z.string(), input: z.string() });

const common = {
  /** Node inputs that take the value; none where formulas or edits use it. */
  bind: z.array(nodeInput).default([]),
  unit: z.string().optional(),
  /** One sentence for a person, where the name does not say enough. */
  about: z.string().optional(),
};

/** What a checkpoint was trained as; who says so: model-family.ts. */
export type { ModelFamily } from '@tower/contracts';

/** Folders below ComfyUI's `models`, as far as workflows read files there. */
export const modelFolder = z.enum([
  'checkpoints',
  'diffusion_models',
  'text_encoders',
  'vae',
  'loras',
  'controlnet',
  'clip_vision',
  'upscale_models',
  'animatediff_models',
  'ipadapter',
  'insightface',
  'CogVideo',
  'frame_interpolation',
]);
export type ModelFolder = z.infer<typeof modelFolder>;

/** Types of a parameter: what values it takes and which node inputs it sets. */
export const workflowParameter = z.discriminatedUnion('type', [
  z.strictObject({ ...common, type: z.literal('text'), max_length: z.int().min(1), default: z.string().optional() }),
  /** Values are `multiple_of` times a whole number, plus `remainder`. */
  z.strictObject({
    ...common,
    type: z.literal('integer'),
    min: z.int(),
    max: z.int(),
    multiple_of: z.int().min(1).default(1),
    remainder: z.int().min(0).default(0),
    default: z.int(),
  }),
  z.strictObject({ ...common, type: z.literal('number'), min: z.number(), max: z.number(), default: z.number() }),
  z.strictObject({ ...common, type: z.literal('boolean'), default: z.boolean() }),
  /**
   * A model file in one of the server's folders. The default is the first of `prefer` that a card has, else the first
   * file that matches `pattern` (a regular expression, case does not matter) and is of `family`; with a `source`, which
   * says where to get it, the first of `prefer` even if no card has it yet.
   */
  z.strictObject({
    ...common,
    type: z.literal('model'),
    folder: modelFolder,
    prefer: z.array(z.string()).default([]),
    family: modelFamily.optional(),
    pattern: z.string().optional(),
    source: z.string().optional(),
  }),
  /** One of a list: the server's own samplers or schedulers, or the workflow's. */
  z.strictObject({
    ...common,
    type: z.literal('choice'),
    of: z.union([z.enum(['samplers', 'schedulers']), z.array(z.string()).min(1)]),
    default: z.string(),
  }),
  /** A picture or film of the job; the value is the name that the job gives it, empty where there is none. */
  z.strictObject({ ...common, type: z.enum(['image', 'film']), optional: z.boolean().default(false) }),
]);
export type WorkflowParameter = z.infer<typeof workflowParameter>;
