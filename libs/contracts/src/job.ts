import { z } from 'zod';
import { gpuName } from './gpu';
import { jobParts, parameterValue, planView, recoveryStepView } from './job-parts';
import { instant, seed, sha256, uuid } from './primitives';

export const jobState = z.enum([
  'pending',
  'queued',
  'processing',
  'quality_check',
  'completed',
  'rejected',
  'failed',
  'timeout',
  'cancelled',
]);
export type JobState = z.infer<typeof jobState>;

export const taskState = z.enum([
  'queued',
  'rendering',
  'checking',
  'done',
  'rejected',
  'failed',
  'timeout',
  'cancelled',
]);
export type TaskState = z.infer<typeof taskState>;

export const attemptState = z.enum([
  'dispatching',
  'running',
  'collecting',
  'checking',
  'succeeded',
  'rejected',
  'failed',
  'lost',
  'cancelled',
]);
export type AttemptState = z.infer<typeof attemptState>;

export const jobType = z.enum(['still_image', 'animation_loop', 'full_video', 'character_sheet']);
export type JobType = z.infer<typeof jobType>;
/** Job types whose results are films; the others are pictures. */
export const filmJobTypes = ['animation_loop', 'full_video'] as const satisfies readonly JobType[];
export const priority = z.enum(['urgent', 'high', 'normal', 'low']);
export type Priority = z.infer<typeof priority>;
export const preset = z.enum(['draft', 'low', 'standard', 'high', 'final']);

export const estimateView = z
  .object({
    start_at: instant.nullable(),
    finish_at: instant.nullable(),
    /** Seconds until the finish, from now; null while nothing is known. */
    remaining_seconds: z.number().nullable(),
    /** Seconds; interval around `remaining_seconds`. Where that is null, `low` may be the least that is known. */
    low: z.number().nullable(),
    high: z.number().nullable(),
    /** Probability that the interval holds for one attempt, from order statistics; null for priors. */
    confidence: z.number().min(0).max(1).nullable(),
    /**
     * Where the numbers come from, in words: `prior …` or `median of n …`; `unknown: …` where there is no end, and why.
     */
    basis: z.string(),
  })
  .meta({ id: 'Estimate' });
export type EstimateView = z.infer<typeof estimateView>;

export const jobError = z.object({ code: z.string(), message: z.string(), hint: z.string() }).meta({ id: 'JobError' });
export type JobError = z.infer<typeof jobError>;

export const notComputedReason = z.enum([
  'model_missing',
  'decode_failed',
  'file_missing',
  'decoder_missing',
  'too_few_frames',
  'over_budget',
  'inference_failed',
]);
export const notApplicableReason = z.enum([
  'single_frame',
  'no_character',
  'no_reference',
  'not_a_loop',
  'static',
  'no_expected_frames',
]);

/** A metric's outcome: a number only where one was measured. */
export const scoreView = z
  .discriminatedUnion('state', [
    z.object({
      state: z.literal('computed'),
      metric: z.string(),
      value: z.number(),
      threshold: z.number().nullable(),
      passed: z.boolean().nullable(),
    }),
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
    /** What was changed about the graph of this attempt. */
    plan: planView,
    /** The step of the recovery ladder that led to this attempt; null for one that follows no failure. */
    recovery: recoveryStepView.nullable(),
    verdict: verdictOutcome.nullable(),
    scores: z.array(scoreView),
  })
  .meta({ id: 'Attempt' });
export type AttemptView = z.infer<typeof attemptView>;

export const taskView = z
  .object({
    id: uuid,
    idx: z.int().min(0),
    state: taskState,
    seed,
    /** What the next attempt changes about the graph, or the last one did. */
    plan: planView,
    /** Steps of the recovery ladder that were taken, oldest first. */
    recovery: z.array(recoveryStepView),
    /**
     * The newest ones: all, unless the job would be too large for one answer. Pages of all are in `/jobs/{id}/params`
     * and `/jobs/{id}/quality`.
     */
    attempts: z.array(attemptView),
    /** How many attempts there were, shown or not. */
    attempts_total: z.int().min(0),
  })
  .meta({ id: 'Task' });
export type TaskView = z.infer<typeof taskView>;

/** What `GET /jobs/{id}` and the WebSocket both say. */
export const progressView = z.object({
  job_id: uuid,
  status: jobState,
  /** A sentence: "Generating frame 42/72 on rtx3060", "Waiting: 2nd in line". */
  stage: z.string(),
  /** 0 to 100; never falls within one attempt. Of a job that failed or was cancelled what was reached. */
  progress: z.number().min(0).max(100),
  step: z.int().nullable(),
  total_steps: z.int().nullable(),
  images_complete: z.int().min(0),
  images_total: z.int().min(1),
  /**
   * Frames of films that are finished; of the running film those that a node has reported finished. Null for pictures.
   */
  frames_complete: z.int().min(0).nullable(),
  /** Frames of all films of the job together; null for pictures. */
  frames_total: z.int().min(1).nullable(),
  gpu: gpuName.nullable(),
  gpus: z.array(gpuName),
  /**
   * Place in line of the task that is served next: 1 is the next of all; to about ten beyond the first thousand. Of a
   * prompt that was sent, its place in ComfyUI's own queue while others run there. Null where none waits, or none is in
   * line.
   */
  gpu_queue_position: z.int().nullable(),
  estimate: estimateView,
});
export type ProgressView = z.infer<typeof progressView>;

/**
 * Sentences about what was taken as asked and may not be meant, and what comes out otherwise than the inputs might lead
 * one to expect.
 */
const jobWarnings = z
  .array(z.string())
  .default([])
  .describe(
    'what may not be meant, or comes out otherwise than the inputs might suggest: families of models, sizes, durations, sound',
  );

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
    dynamic_prompts: z.boolean().describe('whether `{a|b}` are alternatives; what was chosen: `/jobs/{id}/params`'),
    model_name: z.string(),
    width: z.int(),
    height: z.int(),
    /** 0 where the workflow does not sample. */
    steps: z.int(),
    /** Null where the workflow has no such parameter. */
    cfg_scale: z.number().nullable(),
    sampler_name: z.string().nullable(),
    scheduler: z.string().nullable(),
    /** Frames of one result: 1 for a picture. */
    frame_count: z.int().min(1),
    /** Frames per second of a film; null for pictures. */
    fps: z.number().nullable(),
    warnings: jobWarnings,
    seed,
    count: z.int(),
    /** Every parameter of the workflow with its value, those above among them. */
    parameters: z.record(z.string(), parameterValue),
    ...jobParts,
    /** A smaller size is better than no result. */
    allow_degrade: z.boolean(),
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

/** Characters of a prompt in a line of `GET /jobs`. */
export const summaryPromptLength = 200;

/** A line of `GET /jobs`. */
export const jobSummary = jobView
  .pick({
    id: true,
    project_id: true,
    job_type: true,
    workflow: true,
    preset: true,
    priority: true,
    status: true,
    stage: true,
    progress: true,
    prompt: true,
    model_name: true,
    width: true,
    height: true,
    frame_count: true,
    fps: true,
    seed: true,
    count: true,
    images_complete: true,
    gpus: true,
    created_at: true,
    ended_at: true,
    total_seconds: true,
    error: true,
  })
  .extend({
    prompt: z.string().describe(`its first ${summaryPromptLength} characters; GET /jobs/{id} has the whole`),
    prompt_cut: z.boolean().describe('whether `prompt` is only the beginning'),
  })
  .meta({ id: 'JobSummary' });
export type JobSummary = z.infer<typeof jobSummary>;

export const jobAccepted = z
  .object({
    job_id: uuid,
    status: jobState,
    seed,
    count: z.int(),
    workflow: z.string(),
    model_name: z.string(),
    width: z.int(),
    height: z.int(),
    frame_count: z.int().min(1),
    fps: z.number().nullable(),
    /** Seconds that one film lasts; null for pictures. */
    duration_seconds: z.number().nullable(),
    sound: z.boolean().default(false).describe('whether it will have the sound of the film that is worked on'),
    warnings: jobWarnings,
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

export const jobEventsPage = z.object({
  items: z.array(jobEventView),
  next_after: z.int().min(1).optional().describe('`after` of the next page; absent on the last one'),
});
export type JobEventsPage = z.infer<typeof jobEventsPage>;

/** What an output may be. */
export const artifactMediaTypes = [
  'image/png',
  'image/webp',
  'image/jpeg',
  'image/gif',
  'video/mp4',
  'video/webm',
] as const;
export type ArtifactMediaType = (typeof artifactMediaTypes)[number];

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
    /** Of a film, counted by decoding; null for a picture. */
    frames: z.int().min(1).nullable(),
    /** Mean over the film; null for a picture. */
    fps: z.number().nullable(),
    duration_seconds: z.number().nullable(),
    sound: z
      .boolean()
      .nullable()
      .default(null)
      .describe('whether a film has sound; null for a picture, or where nobody looked'),
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

export const promptChoiceView = z.object({
  parameter: z.string(),
  options: z.array(z.string()),
  chosen: z.string(),
});

export const jobParamsView = z
  .object({
    attempt_id: uuid,
    attempt: z.int(),
    task_id: uuid,
    gpu: gpuName,
    graph: z.record(z.string(), z.unknown()),
    graph_sha256: sha256,
    parameters: z.record(z.string(), z.unknown()),
    prompt_choices: z.array(promptChoiceView).describe('what was chosen among alternatives, in order'),
    plan: planView,
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
    next_cursor: z.string().optional().describe('absent on the last page'),
  })
  .meta({ id: 'JobQuality' });
export type JobQualityView = z.infer<typeof jobQualityView>;
