import { z } from 'zod';
import { line } from './primitives';

/** What a card is asked to do; a card may prefer some of it. */
export const workKind = z.enum(['image', 'upscale', 'preview', 'video', 'interpolation']);
export type WorkKind = z.infer<typeof workKind>;

export const gpuVendor = z.enum(['nvidia', 'amd', 'intel', 'cpu', 'unknown']);

/** Names go into file names, metrics and URLs. */
export const gpuName = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,39}$/, 'lower-case letters, digits, - and _, at most 40');

/** One entry of `config/gpus.yaml` or of `TOWER_GPUS` as JSON. */
export const gpuConfig = z.strictObject({
  name: gpuName,
  url: z.url({ protocol: /^https?$/ }),
  vendor: gpuVendor.default('unknown'),
  /** Megabytes (MiB) of video memory; learnt from the server when absent. */
  vram_mb: z.int().min(256).max(1_048_576).optional(),
  prefers: z.array(workKind).default(['image', 'upscale', 'preview', 'video', 'interpolation']),
  /** The card takes nothing but what it prefers. */
  only: z.boolean().default(false),
  /** Path of this server's models folder as Tower sees it, for downloads; absent when it cannot be reached. */
  models_folder: line(1000).optional(),
  /**
   * Program and arguments that restart this card's ComfyUI, run without a shell: once after a verified hang, at most every ten minutes, never
   * while another program's prompt runs there. Absent: nobody restarts it but a person.
   */
  restart_command: z.array(line(1000).min(1)).min(1).max(32).optional(),
});
export type GpuConfig = z.infer<typeof gpuConfig>;

export const gpuState = z.enum(['unknown', 'idle', 'busy', 'shared', 'unhealthy', 'down']);
export type GpuState = z.infer<typeof gpuState>;

export const gpuView = z
  .object({
    name: gpuName,
    url: z.string(),
    vendor: gpuVendor,
    state: gpuState,
    /** One sentence a person can act on; why the card is not idle or not usable. */
    detail: z.string(),
    simulated: z.boolean(),
    comfyui_version: z.string().nullable(),
    device: z.string().nullable(),
    vram_mb: z.number().nullable(),
    vram_free_mb: z.number().nullable(),
    prefers: z.array(workKind),
    only: z.boolean(),
    checkpoints: z.array(z.string()),
    checkpoints_omitted: z.int().min(1).optional().describe('how many more there are than fit into this answer'),
    current_job_id: z.uuid().nullable(),
    foreign_prompts: z.int(),
    /** What a person should know although the card works. */
    warnings: z.array(z.string()),
    last_seen_at: z.string().nullable(),
  })
  .meta({ id: 'Gpu' });
export type GpuView = z.infer<typeof gpuView>;
