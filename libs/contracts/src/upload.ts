import { z } from 'zod';
import { artifactMediaTypes } from './job/artifact';
import { instant, sha256, uuid } from './primitives';

/** Bytes of one upload, at most. */
export const maxUploadBytes = 64 * 1024 * 1024;
/** Pixels of one uploaded picture, at most; of a film, of each frame. */
export const maxUploadPixels = 8192 * 8192;

/** What an upload may be: all that workflows read. */
export const uploadMediaTypes = [...artifactMediaTypes, 'video/x-matroska'] as const;
export type UploadMediaType = (typeof uploadMediaTypes)[number];

/** A file that somebody sent, named wherever the id of an artifact may be. */
export const uploadView = z
  .object({
    /** Follows from the bytes: the same file has the same id, also after it was deleted and sent again. */
    id: uuid,
    /** Path below the library folder, with forward slashes. */
    path: z.string(),
    sha256,
    bytes: z.int().min(1),
    media_type: z.enum(uploadMediaTypes).describe('told by the bytes; what the sender called it plays no part'),
    width: z.int().min(1),
    height: z.int().min(1),
    frames: z.int().min(1).nullable().describe('of what moves, counted by decoding; null for a still'),
    fps: z.number().nullable().describe('mean over the film; null for a still'),
    duration_seconds: z.number().nullable(),
    sound: z.boolean().nullable().describe('whether a film has sound; null for a still'),
    created_at: instant,
    used_at: instant.nullable().describe('when a job first named it; from then on it is kept'),
    expires_at: instant.nullable().describe('when it is deleted unless a job names it before; null once one has'),
    content_url: z.string(),
    thumbnail_url: z.string(),
  })
  .meta({ id: 'Upload' });
export type UploadView = z.infer<typeof uploadView>;

/** JSON of one embedded text, in bytes; all of them together fit into an answer between services. */
export const maxEmbeddedBytes = 144 * 1024;

/** What a file says of how it was made. Anybody may have written it: nothing of it was checked. */
export const uploadMetadata = z
  .object({
    upload_id: uuid,
    artifact_id: uuid.nullable().describe('an artifact of this library with the very same bytes'),
    job_id: uuid.nullable().describe('the job that made that artifact'),
    prompt: z
      .record(z.string(), z.unknown())
      .nullable()
      .describe('the graph that ComfyUI ran, as it embeds it in PNG files; null where there is none'),
    workflow: z
      .record(z.string(), z.unknown())
      .nullable()
      .describe("the graph as ComfyUI's editor saves it; null where there is none"),
    parameters: z.string().nullable().describe('the text that other programs embed under this name'),
    omitted: z
      .array(z.enum(['prompt', 'workflow', 'parameters']))
      .describe('what is there, and is too large or not what it should be'),
    request: z
      .object({
        prompt: z.string().optional(),
        negative_prompt: z.string().optional(),
        model_name: z.string().optional(),
        lora_models: z.array(z.object({ name: z.string(), strength: z.number() })).optional(),
        width: z.int().optional(),
        height: z.int().optional(),
        seed: z.int().optional(),
        steps: z.int().optional(),
        cfg_scale: z.number().optional(),
        sampler_name: z.string().optional(),
        scheduler: z.string().optional(),
      })
      .describe('what of it can be told in the fields of POST /generate; empty where nothing can'),
  })
  .meta({ id: 'UploadMetadata' });
export type UploadMetadata = z.infer<typeof uploadMetadata>;
