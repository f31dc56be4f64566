import { z } from 'zod';
import { gpuName } from '../gpu';
import { planView } from '../job-parts';
import { instant, seed, sha256, uuid } from '../primitives';
import { scoreView, verdictOutcome } from './attempt';

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
