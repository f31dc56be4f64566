import { z } from 'zod';
import { modelFamily } from './generation-model';
import { jobType, preset, priority, type Preset } from './job/request';
import { line, maxSeed, text, uuid } from './primitives';

/** Further parameters of one request; no workflow has nearly as many. */
const maxParameters = 64;
/** A year; whoever has more time has no budget. */
const maxBudgetSeconds = 31_536_000;
const givenParameter = z.union([text(4000), z.number(), z.boolean()]);

/**
 * Numbers that workflows limit, each in its own way: the limits stand in `workflow.yaml` alone, and hold for these
 * fields as for the same names among `parameters`.
 */
const limited = 'limits and steps are those of the workflow: GET /workflows/{name}';
const side = z.int().min(1).describe(`pixels; ${limited}`);

const pictureRef = line(500).describe(
  'id of an artifact or of an upload, or path of a picture below the library folder',
);
const modelFile = (folder: string) =>
  line(300).describe(
    `file in models/${folder}, with / or \\ between folders; without a folder: the one of that name in any`,
  );

const loraUse = z.strictObject({ name: modelFile('loras'), strength: z.number().min(-10).max(10).default(1) });
const referenceUse = z.strictObject({
  image: pictureRef,
  weight: z.number().min(-1).max(5).optional().describe('default: `ipadapter_weight`, else 0.8'),
  kind: z.enum(['ipadapter', 'faceid']).default('ipadapter'),
});
const controlnetUse = z.strictObject({
  name: modelFile('controlnet'),
  image: pictureRef,
  strength: z.number().min(0).max(10).default(1),
});

/** The full form of `POST /generate`. Fields left out come from the workflow's preset. */
const fullRequest = z.strictObject({
  project_id: uuid,
  character_ids: z.array(uuid).max(8).default([]),
  job_type: jobType,
  prompt: text(4000)
    .default('')
    .describe('needed by every workflow that reads a prompt; knows `<lora:name:0.8>`, `{a|b}` and `embedding:name`'),
  negative_prompt: text(4000).default(''),
  dynamic_prompts: z
    .boolean()
    .default(true)
    .describe('one of `{a|b}` is chosen for each result, by its seed; false: braces are plain characters'),
  workflow: line(100).optional().describe('default: the first one that makes this job type'),
  preset: preset
    .optional()
    .describe(
      'default: standard. With a time budget or a deadline: the most that is wanted; left out, the best that is ready',
    ),
  width: side.optional(),
  height: side.optional(),
  steps: z.int().min(1).optional().describe(limited),
  cfg_scale: z.number().min(0).optional().describe(limited),
  sampler_name: line(60).optional(),
  scheduler: line(60).optional(),
  seed: z
    .int('must be a whole number; leave it out, or give null or -1, for one that is chosen')
    .min(-1, 'must not be negative; leave it out, or give null or -1, for one that is chosen')
    .max(maxSeed)
    .nullish()
    .describe('left out, null or -1: chosen and returned'),
  count: z.int().min(1).max(64).default(1).describe('results with consecutive seeds'),
  frame_count: z.int().min(1).optional().describe(`frames of one film; ${limited}`),
  fps: z.number().positive().optional().describe(`frames per second of a film; ${limited}`),
  model_name: modelFile('checkpoints').optional(),
  model_family: modelFamily.optional().describe('what the checkpoint is, where its name does not say it or misleads'),
  lora_models: z
    .array(z.union([modelFile('loras'), loraUse]))
    .max(16)
    .default([]),
  use_ipadapter: z
    .boolean()
    .optional()
    .describe('false leaves `ipadapter_refs` out; default: true where there are any'),
  ipadapter_refs: z
    .array(z.union([pictureRef, referenceUse]))
    .max(4)
    .default([]),
  ipadapter_weight: z.number().min(-1).max(5).optional().describe('weight of references that give none'),
  controlnet_models: z.array(controlnetUse).max(4).default([]),
  pose_reference: pictureRef.optional().describe('a pose as OpenPose draws it'),
  start_image: pictureRef.optional().describe('the picture that is worked on, or the first frame'),
  end_image: pictureRef.optional().describe('the last frame'),
  parameters: z
    .record(line(60), givenParameter)
    .refine((given) => Object.keys(given).length <= maxParameters, `must have at most ${maxParameters} parameters`)
    .meta({ maxProperties: maxParameters })
    .default({})
    .describe('further parameters of the workflow, by the names that GET /workflows/{name} gives'),
  priority: priority.default('normal'),
  time_budget_seconds: z
    .number('must be a number of seconds')
    .positive('must be more than 0 seconds')
    .max(maxBudgetSeconds)
    .optional()
    .describe('seconds from now within which it should be ready; the best that is ready by then is made'),
  deadline_at: z.iso
    .datetime({ offset: true, error: 'must be an instant with its zone, such as 2026-03-01T12:00:00Z' })
    .optional()
    .describe('the same as an instant, ISO 8601 with Z or an offset; not together with time_budget_seconds'),
  strict_deadline: z
    .boolean()
    .optional()
    .describe('refuse what cannot be ready in time, and say the earliest; default: take it and say how late'),
  allow_degrade: z
    .boolean()
    .default(false)
    .describe('a smaller size is better than no result; with a time budget: also less than the lowest preset'),
  auto_quality_check: z.boolean().default(true),
  max_regenerations: z.int().min(0).max(10).default(2),
});

/** The seed that a request gives; undefined where one is to be chosen. */
export const givenSeed = ({ seed }: { seed?: number | null | undefined }): number | undefined =>
  seed === null || seed === -1 ? undefined : seed;

const seedsFit = (request: { seed?: number | null | undefined; count: number }): boolean =>
  // Not as a sum, which would be rounded just where it matters.
  (givenSeed(request) ?? 0) <= maxSeed - (request.count - 1);
const seedsFitMessage = { path: ['seed'], message: `seed + count - 1 must not exceed ${maxSeed}` };

type Timing = Pick<z.infer<typeof fullRequest>, 'time_budget_seconds' | 'deadline_at' | 'strict_deadline'>;
const saysWhenOnce = ({ time_budget_seconds, deadline_at }: Timing): boolean =>
  time_budget_seconds === undefined || deadline_at === undefined;
const saysWhenOnceMessage = { path: ['deadline_at'], message: 'give either this or time_budget_seconds, not both' };
const isStrictAbout = ({ time_budget_seconds, deadline_at, strict_deadline }: Timing): boolean =>
  strict_deadline !== true || (time_budget_seconds ?? deadline_at) !== undefined;
const isStrictAboutMessage = {
  path: ['strict_deadline'],
  message: 'needs time_budget_seconds or deadline_at to be strict about',
};

export const generateRequest = fullRequest
  .refine(seedsFit, seedsFitMessage)
  .refine(saysWhenOnce, saysWhenOnceMessage)
  .refine(isStrictAbout, isStrictAboutMessage)
  .meta({ id: 'GenerateRequest' });
export type GenerateRequest = z.infer<typeof generateRequest>;

/** The preset that a request starts from where nothing else decides. */
export const askedPreset = ({ preset }: Pick<GenerateRequest, 'preset'>): Preset => preset ?? 'standard';

/** The older short form; `quality` is the preset, the project is the one named `Unfiled`. */
export const shortGenerateRequest = z
  .strictObject({ type: z.literal('image'), prompt: line(4000), quality: preset.default('standard') })
  .meta({ id: 'ShortGenerateRequest' });
export type ShortGenerateRequest = z.infer<typeof shortGenerateRequest>;

/** What the short form asks for, in the project of that id. */
export const fullRequestOf = ({ prompt, quality }: ShortGenerateRequest, projectId: string): GenerateRequest =>
  generateRequest.parse({ project_id: projectId, job_type: 'still_image', prompt, preset: quality });
