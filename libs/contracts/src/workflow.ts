import { z } from 'zod';
import { gpuName, workKind } from './gpu';
import { jobType, preset } from './job/request';

/** A parameter of a workflow, as `POST /generate` takes it. Limits that a type does not have are null. */
export const workflowParameterView = z
  .object({
    name: z.string(),
    type: z.enum(['text', 'integer', 'number', 'boolean', 'choice', 'model', 'image', 'film']),
    /**
     * What is taken when neither request nor preset says otherwise; null where something must be given or nothing fits.
     */
    default: z.union([z.string(), z.number(), z.boolean()]).nullable(),
    min: z.number().nullable(),
    max: z.number().nullable(),
    /** Whole numbers are a multiple of this, plus `remainder`. */
    multiple_of: z.int().nullable(),
    remainder: z.int().nullable(),
    unit: z.string().nullable(),
    about: z.string().nullable(),
    optional: z.boolean(),
    /**
     * Values that it takes: a list of the workflow's own or what the cards announce; null where it is no choice or no
     * card was seen.
     */
    choices: z.array(z.string()).nullable(),
    choices_omitted: z.int().min(1).optional().describe('how many more it takes than are named'),
    /** Folder below `models` whose files it names. */
    folder: z.string().nullable(),
    /** Where to get the preferred file. */
    source: z.string().nullable(),
  })
  .meta({ id: 'WorkflowParameter' });
export type WorkflowParameterView = z.infer<typeof workflowParameterView>;

/** Something that a card lacks: where it belongs and where to get it. */
export const missingView = z
  .object({
    kind: z.enum(['node', 'model', 'input']),
    name: z.string(),
    where: z.string(),
    source: z.string().nullable(),
  })
  .meta({ id: 'Missing' });
export type MissingView = z.infer<typeof missingView>;

/** Whether a card can run the workflow as its standard preset sets it. */
export const workflowCardView = z
  .object({
    gpu: gpuName,
    can_run: z.boolean(),
    state: z.enum(['ready', 'down', 'missing', 'too_small']),
    /** What keeps it from running, in a sentence. */
    reason: z.string().nullable(),
    missing: z.array(missingView),
    missing_omitted: z.int().min(1).optional().describe('how much more is missing than is named'),
    /**
     * MiB that it needs, by what was learnt or else by the workflow's formula; null while no values could be chosen.
     */
    vram_need_mb: z.number().nullable(),
    vram_mb: z.number().nullable(),
  })
  .meta({ id: 'WorkflowCard' });
export type WorkflowCardView = z.infer<typeof workflowCardView>;

/** A line of `GET /workflows`. */
export const workflowSummary = z
  .object({
    name: z.string(),
    version: z.int(),
    title: z.string(),
    phase: z.int(),
    job_type: jobType,
    work: workKind,
    /** Chosen when a request names no workflow, the lowest first among those that fit; null: only by name. */
    rank: z.int().nullable(),
    cards: z.array(workflowCardView),
  })
  .meta({ id: 'WorkflowSummary' });
export type WorkflowSummary = z.infer<typeof workflowSummary>;

const presetValues = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));

export const workflowView = workflowSummary
  .extend({
    parameters: z.array(workflowParameterView),
    presets: z.partialRecord(preset, presetValues),
    /** Optional parts that a request may add. */
    takes: z.object({ loras: z.boolean(), references: z.boolean(), controlnets: z.boolean() }),
    follows: z
      .object({
        input: z.string(),
        size: z.enum(['same', 'area', 'longer_side']),
        frames_and_fps: z.boolean(),
        sound: z.string().nullable(),
      })
      .nullable()
      .default(null)
      .describe(
        'what follows from the picture or film that is given, where a request says nothing else: its size or ' +
          'proportions; of a film frames and speed, and its sound by this parameter',
      ),
    outputs: z.array(z.object({ kind: z.enum(['image', 'animation', 'video']) })),
    needs: z.object({
      packs: z.array(z.object({ name: z.string(), source: z.string().nullable() })),
      nodes: z.array(z.string()),
      models: z.array(
        z.object({ folder: z.string(), name: z.string(), source: z.string().nullable(), note: z.string().nullable() }),
      ),
    }),
    /** What a failed attempt may change, in this order. */
    fallbacks: z.array(z.object({ step: z.string(), gives_up: z.string() })),
    vram: z.object({ basis: z.string(), formula: z.string().describe('MiB') }),
    time: z.object({
      basis: z.string(),
      load_seconds: z.number(),
      seconds_per_megapixel_frame_step: z.number(),
      fixed_seconds: z.number(),
    }),
  })
  .meta({ id: 'Workflow' });
export type WorkflowView = z.infer<typeof workflowView>;
