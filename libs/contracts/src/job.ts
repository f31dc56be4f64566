import { z } from 'zod';
import { gpuName } from './gpu';
import { instant, line, maxSeed, seed, sha256, text, uuid } from './primitives';

export const jobState = z.enum(['pending', 'queued', 'processing', 'quality_check', 'completed', 'rejected', 'failed', 'timeout', 'cancelled']);
export type JobState = z.infer<typeof jobState>;

export const taskState = z.enum(['queued', 'rendering', 'checking', 'done', 'rejected', 'failed', 'timeout', 'cancelled']);
export type TaskState = z.infer<typeof taskState>;

export const attemptState = z.enum(['dispatching', 'running', 'collecting', 'checking', 'succeeded', 'rejected', 'failed', 'lost', 'cancelled']);
export type AttemptState = z.infer<typeof attemptState>;

export const jobType = z.enum(['still_image']);
export const priority = z.enum(['urgent', 'high', 'normal', 'low']);
export type Priority = z.infer<typeof priority>;
export const preset = z.enum(['draft', 'low', 'standard', 'high', 'final']);

const width = z.int().min(64).max(2048).multipleOf(8).describe('pixels');
const height = width;

/** The full form of `POST /generate`. Fields left out come from the workflow's preset. */
const fullRequest = z.strictObject({
  project_id: uuid,
  character_ids: z.array(uuid).max(8).default([]),
  job_type: jobType,
  prompt: line(4000),
  negative_prompt: text(4000).default(''),
  workflow: line(100).optional(),
  preset: preset.default('standard'),
  width: width.optional(),
  height: height.optional(),
  steps: z.int().min(1).max(150).optional(),
  cfg_scale: z.number().min(0).max(30).optional(),
  sampler_name: line(60).optional(),
  scheduler: line(60).optional(),
  seed: seed.optional().describe('chosen and returned when absent'),
  count: z.int().min(1).max(64).default(1).describe('pictures with consecutive seeds'),
  model_name: line(300).optional().describe('checkpoint file as the card lists it'),
  priority: priority.default('normal'),
  auto_quality_check: z.boolean().default(true),
  max_regenerations: z.int().min(0).max(10).default(2),
});

const seedsFit = (request: { seed?: number | undefined; count: number }): boolean =>
  request.seed === undefined || request.seed + request.count - 1 <= maxSeed;
const seedsFitMessage = { path: ['seed'], message: `seed + count - 1 must not exceed ${maxSeed}` };

export const generateRequest = fullRequest.refine(seedsFit, seedsFitMessage).meta({ id: 'GenerateRequest' });
export type GenerateRequest = z.infer<typeof generateRequest>;

/** The older short form; `quality` is the preset, the project is the one named `Unfiled`. */
export const shortGenerateRequest = z
  .strictObject({ type: z.literal('image'), prompt: line(4000), quality: preset.default('standard') })
  .meta({ id: 'ShortGenerateRequest' });

export const estimateView = z
  .object({
    start_at: instant.nullable(),
    finish_at: instant.nullable(),
    /** Seconds until the finish, from now; null while nothing is known. */
    remaining_seconds: z.number().nullable(),
    /** Seconds; interval around `remaining_seconds`. */
    low: z.number().nullable(),
    high: z.number().nullable(),
    /** Probability that the interval holds for one attempt, from order statistics; null for priors. */
    confidence: z.number().min(0).max(1).nullable(),
    /** Where the numbers come from, in words: `prior …` or `median of n …`. */
    basis: z.string(),
  })
  .meta({ id: 'Estimate' });
export type EstimateView = z.infer<typeof estimateView>;

export const jobError = z.object({ code: z.string(), message: z.string(), hint: z.string() }).meta({ id: 'JobError' });

export const notComputedReason = z.enum(['model_missing', 'decode_failed', 'file_missing']);
export const notApplicableReason = z.enum(['single_frame', 'no_character', 'no_reference']);

/** A metric's outcome: a number only where one was measured. */
export const scoreView = z
  .discriminatedUnion('state', [
    z.object({ state: z.literal('computed'), metric: z.string(), value: z.number(), threshold: z.number().nullable(), passed: z.boolean().nullable() }),
    z.object({ state: z.literal('not_computed'), metric: z.string(), reason: notComputedReason }),
    z.object({ state: z.literal('not_applicable'), metric: z.string(), reason: notApplicableReason }),
  ])
  .meta({ id: 'Score' });
export type ScoreView = z.infer<typeof scoreView>;

export const verdictOutcome = z.enum(['passed', 'failed']);
export type VerdictOutcome = z.infer<typeof verdictOutcome>;

export const attemptView = z
  .object({
    id: uuid,
    n: z.int().min(1),
    state: attemptState,
    gpu: gpuName,
    prompt_id: uuid,
    seed,
    dispatched_at: instant,
    started_at: instant.nullable(),
    ended_at: instant.nullable(),
    /** Seconds that rendering took, by the server's own account; from dispatch to the end where it gives none. */
    seconds: z.number().nullable(),
    outcome: z.string().nullable(),
    error: jobError.nullable(),
    /** Seconds that were predicted when it was sent. */
    estimated_seconds: z.number().nullable(),
    verdict: verdictOutcome.nullable(),
    scores: z.array(scoreView),
  })
  .meta({ id: 'Attempt' });
export type AttemptView = z.infer<typeof attemptView>;

export const taskView = z
  .object({ id: uuid, idx: z.int().min(0), state: taskState, seed, attempts: z.array(attemptView) })
  .meta({ id: 'Task' });
export type TaskView = z.infer<typeof taskView>;

/** What `GET /jobs/{id}` and the WebSocket both say. */
export const progressView = z.object({
  job_id: uuid,
  status: jobState,
  /** A sentence: "Sampling 12/28 on rx9070xt", "Waiting: 2nd in line". */
  stage: z.string(),
  /** 0 to 100; never falls within one attempt. */
  progress: z.number().min(0).max(100),
  step: z.int().nullable(),
  total_steps: z.int().nullable(),
  images_complete: z.int().min(0),
  images_total: z.int().min(1),
  gpu: gpuName.nullable(),
  gpus: z.array(gpuName),
  gpu_queue_position: z.int().nullable(),
  estimate: estimateView,
});
export type ProgressView = z.infer<typeof progressView>;

export const jobView = progressView
  .omit({ job_id: true })
  .extend({
    id: uuid,
    project_id: uuid,
    character_ids: z.array(uuid),
    job_type: jobType,
    workflow: z.string(),
    preset,
    priority,
    prompt: z.string(),
    negative_prompt: z.string(),
    /** As sent to the card: project, characters and request together. */
    full_prompt: z.string(),
    full_negative_prompt: z.string(),
    model_name: z.string(),
    width: z.int(),
    height: z.int(),
    steps: z.int(),
    cfg_scale: z.number(),
    sampler_name: z.string(),
    scheduler: z.string(),
    seed,
    count: z.int(),
    auto_quality_check: z.boolean(),
    max_regenerations: z.int(),
    created_at: instant,
    queued_at: instant.nullable(),
    started_at: instant.nullable(),
    rendered_at: instant.nullable(),
    ended_at: instant.nullable(),
    /** Wall seconds from request to the terminal state; null before. */
    total_seconds: z.number().nullable(),
    attempt: z.int().min(0),
    scores: z.array(scoreView),
    error: jobError.nullable(),
    tasks: z.array(taskView),
  })
  .meta({ id: 'Job' });
export type JobView = z.infer<typeof jobView>;

/** A line of `GET /jobs`. */
export const jobSummary = jobView
  .pick({ id: true, project_id: true, job_type: true, workflow: true, preset: true, priority: true, status: true, stage: true, progress: true, prompt: true, model_name: true, width: true, height: true, seed: true, count: true, images_complete: true, gpus: true, created_at: true, ended_at: true, total_seconds: true, error: true })
  .meta({ id: 'JobSummary' });
export type JobSummary = z.infer<typeof jobSummary>;

export const jobAccepted = z
  .object({
    job_id: uuid,
    status: jobState,
    seed,
    count: z.int(),
    model_name: z.string(),
    estimate: estimateView,
    /** A sentence when another preset would be ready sooner; null when there is none. */
    suggestion: z.string().nullable(),
    websocket_url: z.string(),
    job_url: z.string(),
  })
  .meta({ id: 'JobAccepted' });
export type JobAccepted = z.infer<typeof jobAccepted>;

export const jobEventView = z
  .object({ job_id: uuid, seq: z.int().min(1), type: z.string(), at: instant, data: z.record(z.string(), z.unknown()) })
  .meta({ id: 'JobEvent' });
export type JobEventView = z.infer<typeof jobEventView>;

export const artifactView = z
  .object({
    id: uuid,
    job_id: uuid,
    task_id: uuid,
    attempt_id: uuid,
    attempt: z.int(),
    idx: z.int(),
    role: z.enum(['output']),
    /** Path below the library folder, with forward slashes. */
    path: z.string(),
    sha256,
    bytes: z.int(),
    media_type: z.string(),
    width: z.int(),
    height: z.int(),
    gpu: gpuName,
    seed,
    /** Seconds the attempt took on the card. */
    seconds: z.number().nullable(),
    simulated: z.boolean(),
    /** The attempt's verdict so far; best marks the one a person should look at. */
    verdict: verdictOutcome.nullable(),
    best: z.boolean(),
    created_at: instant,
    content_url: z.string(),
    thumbnail_url: z.string(),
  })
  .meta({ id: 'Artifact' });
export type ArtifactView = z.infer<typeof artifactView>;

export const jobParamsView = z
  .object({
    attempt_id: uuid,
    attempt: z.int(),
    task_id: uuid,
    gpu: gpuName,
    graph: z.record(z.string(), z.unknown()),
    graph_sha256: sha256,
    parameters: z.record(z.string(), z.unknown()),
    workflow: z.string(),
    workflow_version: z.int(),
    comfyui_version: z.string().nullable(),
    device: z.string().nullable(),
    pytorch_version: z.string().nullable(),
    recorded_at: instant,
  })
  .meta({ id: 'GenerationParams' });
export type JobParamsView = z.infer<typeof jobParamsView>;

export const jobQualityView = z
  .object({
    job_id: uuid,
    attempts: z.array(
      z.object({
        attempt_id: uuid,
        task_id: uuid,
        verdict: verdictOutcome,
        reasons: z.array(z.string()),
        scores: z.array(scoreView),
        judged_at: instant,
      }),
    ),
  })
  .meta({ id: 'JobQuality' });
export type JobQualityView = z.infer<typeof jobQualityView>;
