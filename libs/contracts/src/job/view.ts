import { z } from 'zod';
import { gpuName, standstillView } from '../gpu';
import { jobParts, parameterValue } from '../job-parts';
import { instant, seed, uuid } from '../primitives';
import { jobError, scoreView, taskView } from './attempt';
import { jobType, preset, priority } from './request';
import { jobState } from './states';

export const estimateView = z
  .object({
    start_at: instant.nullable(),
    finish_at: instant.nullable(),
    /** Seconds until the finish, from now; null while nothing is known. */
    remaining_seconds: z.number().nullable(),
    /** Seconds; interval around `remaining_seconds`. Where that is null, `low` may be the least that is known. */
    low: z.number().nullable(),
    high: z.number().nullable(),
    /**
     * Seconds within which four of five should be ready: what deadlines are planned by. Null while nothing is known.
     */
    p80: z.number().nullable().default(null),
    /** Probability that the interval holds for one attempt, from order statistics; null for priors. */
    confidence: z.number().min(0).max(1).nullable(),
    /**
     * Where the numbers come from, in words: `prior …` or `median of n …`; `unknown: …` where there is no end, and why.
     */
    basis: z.string(),
  })
  .meta({ id: 'Estimate' });
export type EstimateView = z.infer<typeof estimateView>;

/** One thing that is less than was asked for, so that the job is ready in time. */
export const givenUp = z
  .object({
    field: z.string().describe('`preset`, or the parameter that has another value'),
    asked: parameterValue,
    given: parameterValue,
    sentence: z.string().describe('the same for a person'),
  })
  .meta({ id: 'GivenUp' });
export type GivenUp = z.infer<typeof givenUp>;

/**
 * How a deadline stands. `likely`: four of five such jobs are ready by then; `possible`: at the least that it takes;
 * `unlikely`: not even then; `unknown`: nothing is known of its end. `kept` and `missed` are facts.
 */
export const deadlineOutlook = z.enum(['likely', 'possible', 'unlikely', 'unknown', 'kept', 'missed']);
export type DeadlineOutlook = z.infer<typeof deadlineOutlook>;

const jobDeadline = {
  deadline_at: instant.nullable().default(null).describe('when it should be ready; null where nobody said'),
  deadline_outlook: deadlineOutlook
    .nullable()
    .default(null)
    .describe(
      'likely: p80 of the estimate is before the deadline; possible: only its low; unlikely: neither; unknown: no ' +
        'estimate; kept, missed: it is over. Null without a deadline',
    ),
  given_up: z.array(givenUp).default([]).describe('what it is less than asked, to be ready in time'),
};

/** What `GET /jobs/{id}` and the WebSocket both say. */
export const progressView = z.object({
  job_id: uuid,
  status: jobState,
  /** A sentence: "Generating frame 42/72 on rtx3060", "Waiting: 2nd in line for rtx3060". */
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
   * Place in line of the task that is served next, in the order in which the card that it is planned for starts: 1 is
   * that card's next. While no card can take it, its place by priority and age; beyond the first thousand, to about ten,
   * its place among all that wait. Of a prompt that was sent, its place in ComfyUI's own queue while others run there.
   * Null where none waits, or none is in line.
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
    'what may not be meant, or comes out otherwise than the inputs might ' +
      'suggest: families of models, sizes, durations, sound',
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
    only_gpu: gpuName.nullable().default(null).describe('the only card that may render it; null where any may'),
    calibration: z.boolean().default(false).describe('it measures its card, and is not judged'),
    ...jobDeadline,
    /** A smaller size is better than no result. */
    allow_degrade: z.boolean(),
    auto_quality_check: z.boolean(),
    max_regenerations: z.int(),
    paused: standstillView.nullable().describe('who paused it; null while it is given to cards'),
    retry_of: uuid.nullable().describe('the job that this one repeats; null for one that was asked for'),
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
    calibration: true,
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
    preset: preset.default('standard'),
    width: z.int(),
    height: z.int(),
    steps: z.int().default(0).describe('0 where the workflow does not sample'),
    frame_count: z.int().min(1),
    fps: z.number().nullable(),
    /** Seconds that one film lasts; null for pictures. */
    duration_seconds: z.number().nullable(),
    sound: z.boolean().default(false).describe('whether it will have the sound of the film that is worked on'),
    warnings: jobWarnings,
    ...jobDeadline,
    estimate: estimateView,
    /** A sentence when another preset would be ready much sooner; null when there is none. */
    suggestion: z.string().nullable(),
    websocket_url: z.string(),
    job_url: z.string(),
  })
  .meta({ id: 'JobAccepted' });
export type JobAccepted = z.infer<typeof jobAccepted>;
