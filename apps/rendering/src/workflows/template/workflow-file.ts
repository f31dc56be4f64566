import { link, type PromptGraph } from '@tower/comfyui';
import { jobType, preset, workKind } from '@tower/contracts';
import { z } from 'zod';
import { graphSteps } from '../composition';
import { workflowEdit } from './workflow-edit';
import { workflowParameter, nodeInput } from './workflow-parameter';

/** Arithmetic as text; a bare number is one too. */
const formula = z.union([z.string().min(1), z.number().transform(String)]);

const outputKind = z.enum(['image', 'animation', 'video']);
export type OutputKind = z.infer<typeof outputKind>;

/** Where optional parts attach; a part that is left out cannot be taken. Slots are [node, output]. */
const partsTaken = z.strictObject({
  /** A LoRA goes behind each of `model`, one after the other, and behind `clip` where there is one. */
  loras: z.strictObject({ model: z.array(link).min(1), clip: link.optional() }).optional(),
  references: z.strictObject({ model: link }).optional(),
  controlnets: z.strictObject({ positive: link, negative: link }).optional(),
});

const inputRule = z.strictObject({
  /** The parameter that takes it. */
  input: z.string(),
  /**
   * Of `width` and `height`. `same`: its own, down to the next step; `area`: its proportions with the preset's pixels
   * at most; `longer_side`: its proportions with the preset's longer side.
   */
  size: z.enum(['same', 'area', 'longer_side']),
  /** Of a film: how many frames come out for each of its own. */
  times: formula.optional(),
  /** Of a film: the parameter (true or false) that keeps its sound; left out: the graph carries none. */
  sound: z.string().optional(),
});

/** `workflow.yaml`. Formulas are explained in formula.ts, edits in workflow-edit.ts. */
export const workflowFile = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]*$/),
  version: z.int().min(1),
  title: z.string().min(1),
  phase: z.int().min(1).max(3),
  job_type: jobType,
  work: workKind,
  /** How it is chosen when a request names none: the lowest rank of those that fit; without a rank it must be named. */
  rank: z.int().min(1).optional(),
  parameters: z.record(z.string(), workflowParameter),
  /** Inputs whose value follows from parameters. */
  derived: z.record(z.string(), z.strictObject({ formula, bind: z.array(nodeInput).default([]) })).default({}),
  /** Edits for which the values of parameters are the reason. */
  switches: z.array(z.strictObject({ when: formula, edits: z.array(workflowEdit).min(1) })).default([]),
  parts: partsTaken.default({}),
  outputs: z.array(z.strictObject({ node: z.string(), kind: outputKind, prefix_input: z.string() })).min(1),
  /**
   * What comes out, as formulas. Pixels; frames per second only for films; whether it has the sound of the film that is
   * worked on.
   */
  result: z.strictObject({
    width: formula,
    height: formula,
    frames: formula.default('1'),
    fps: formula.optional(),
    sound: formula.default('0'),
  }),
  /** What follows from the picture or film that is given, where the request says nothing else: see follow-input.ts. */
  follows: inputRule.optional(),
  /** Packs of the graph as it stands, and files that no parameter names because a pack finds or fetches them itself. */
  needs: z
    .strictObject({
      packs: z.array(z.string()).default([]),
      models: z
        .array(
          z.strictObject({ folder: z.string(), name: z.string(), note: z.string(), source: z.string().optional() }),
        )
        .default([]),
    })
    .default({ packs: [], models: [] }),
  presets: z.record(preset, z.record(z.string(), z.union([z.number(), z.string(), z.boolean()]))),
  /**
   * Passes through the model that a step takes, for a workflow in which it is not one where cfg is 1 and two else: 1 for
   * a model that guides itself, 3 for a guider with two prompts. Times are learnt per pass.
   */
  passes_per_step: z
    .number()
    .refine((passes) => Number.isInteger(passes) && passes >= 1 && passes <= 8, 'must be a whole number from 1 to 8')
    .optional(),
  /** What a failed attempt may change, in the order in which it is tried. */
  fallbacks: z
    .array(
      z.strictObject({
        step: z.enum(graphSteps),
        gives_up: z.string().min(1),
        edits: z.array(workflowEdit).default([]),
      }),
    )
    .default([]),
  /** Megabytes (MiB) of video memory. */
  vram: z.strictObject({ basis: z.string().startsWith('prior'), mb: formula }),
  /**
   * Seconds = load + fixed + megapixels of `width` × `height` × `frame_count` × `steps` × rate; a parameter that is
   * missing counts as 1.
   */
  priors: z.strictObject({
    basis: z.string().startsWith('prior'),
    load_seconds: z.number().min(0),
    seconds_per_megapixel_step: z.number().min(0),
    fixed_seconds: z.number().min(0),
  }),
});
export type WorkflowFile = z.infer<typeof workflowFile>;

export interface Workflow {
  file: WorkflowFile;
  graph: PromptGraph;
}
export type { WorkflowParameter } from './workflow-parameter';
