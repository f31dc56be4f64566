import { z } from 'zod';
import { instant, line } from './primitives';

/** What a card is asked to do; a card may prefer some of it. */
export const workKind = z.enum(['image', 'upscale', 'preview', 'video', 'interpolation']);
export type WorkKind = z.infer<typeof workKind>;

export const gpuVendor = z.enum(['nvidia', 'amd', 'intel', 'cpu', 'unknown']);

/** Names go into file names, metrics and URLs. */
export const gpuName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,39}$/, 'lower-case letters, digits, - and _, at most 40');

/** Where a secret is read from. The secret itself never stands in a configuration, which is stored and shown. */
const secretPlace = {
  /** Name of an environment variable. */
  env: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, 'the name of an environment variable')
    .optional(),
  /** Path of a file that holds nothing else; a relative one is looked up beside the file with the cards. */
  file: line(1000).min(1).optional(),
};

const hasOnePlace = (place: { env?: string | undefined; file?: string | undefined }): boolean =>
  (place.env === undefined) !== (place.file === undefined);
const onePlace = 'needs env (the name of an environment variable) or file (a path) for its secret, and not both';

/** RFC 9110, 5.6.2. */
const headerName = z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/, 'the name of an HTTP header');

/** How Tower logs in to a card's server, or to what stands before it: one of three ways. */
export const cardAuth = z
  .strictObject({
    /** Any header, as proxies and hosted servers ask for, such as `X-Api-Key`. */
    header: z
      .strictObject({ name: headerName, ...secretPlace })
      .refine(hasOnePlace, onePlace)
      .optional(),
    /** `Authorization: Bearer …` */
    bearer: z.strictObject(secretPlace).refine(hasOnePlace, onePlace).optional(),
    /** `Authorization: Basic …` (RFC 7617) */
    basic: z
      .strictObject({ user: z.string().regex(/^[^:\p{Cc}]{1,200}$/u, 'a user name without a colon'), ...secretPlace })
      .refine(hasOnePlace, onePlace)
      .optional(),
  })
  .refine(({ header, bearer, basic }) => [header, bearer, basic].filter((way) => way !== undefined).length === 1, {
    message: 'needs exactly one of header, bearer and basic',
  });
export type CardAuth = z.infer<typeof cardAuth>;

/** One entry of `config/gpus.yaml` or of `TOWER_GPUS` as JSON. */
export const gpuConfig = z.strictObject({
  name: gpuName,
  /** May have a path (`https://host/comfy`); whoever reads it moves a user and password out of it. */
  url: z
    .url({ protocol: /^https?$/ })
    .refine((url) => !/[?#]/.test(url), 'may have no query and no fragment; a token belongs into auth')
    .refine(
      (url) => !/^[a-z]+:\/\/[^/]*\/.*@/i.test(url),
      'has an @ behind its host: percent-encode the password in it',
    ),
  /** What a request needs beside the address; nothing when absent. */
  auth: cardAuth.optional(),
  /**
   * Path of a PEM file with the certificate authority that vouches for an `https` server instead of the public ones; a
   * relative one is looked up beside the file with the cards.
   */
  ca_file: line(1000).min(1).optional(),
  vendor: gpuVendor.default('unknown'),
  /** Megabytes (MiB) of video memory; learnt from the server when absent. */
  vram_mb: z.int().min(256).max(1_048_576).optional(),
  prefers: z.array(workKind).default(['image', 'upscale', 'preview', 'video', 'interpolation']),
  /** The card takes nothing but what it prefers. */
  only: z.boolean().default(false),
  /** Path of this server's models folder as Tower sees it, for downloads; absent when it cannot be reached. */
  models_folder: line(1000).optional(),
  /**
   * Program and arguments that restart this card's ComfyUI, run without a shell: once after a verified hang, at most
   * every ten minutes, never while another program's prompt runs there, and never for a prompt of which nothing was
   * heard. Absent: nobody restarts it but a person.
   */
  restart_command: z.array(line(1000).min(1)).min(1).max(32).optional(),
  /** Whether its next prompt may be sent while it works on another one. Absent: it may. */
  prefetch: z.boolean().optional(),
});
export type GpuConfig = z.infer<typeof gpuConfig>;

export const gpuState = z.enum(['unknown', 'idle', 'busy', 'shared', 'unhealthy', 'down']);
export type GpuState = z.infer<typeof gpuState>;

/** Whether a card in the state can work; total, so that a state which is added has to be decided here. */
const works = {
  unknown: false,
  idle: true,
  busy: true,
  shared: true,
  unhealthy: false,
  down: false,
} as const satisfies Record<GpuState, boolean>;

/** Whether a card answers and can be given work, now or when it is done with what it has. */
export const isUsable = (state: GpuState): boolean => works[state];

/** That something was stopped by hand: by whom, since when, and why, where they said so. */
export const standstillView = z
  .object({ by: z.string(), since: instant, reason: z.string() })
  .meta({ id: 'Standstill' });
export type StandstillView = z.infer<typeof standstillView>;

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
    drained: standstillView.nullable().describe('who took it out of use; null while it is given work'),
    claimed_mb: z.int().min(0).describe('MiB that other programs claim now'),
    foreign_prompts: z.int(),
    /** What a person should know although the card works. */
    warnings: z.array(z.string()),
    last_seen_at: z.string().nullable(),
  })
  .meta({ id: 'Gpu' });
export type GpuView = z.infer<typeof gpuView>;

/** Whether a card is given work: it answers and is well, and nobody took it out of use. */
export const takesWork = ({ state, drained }: Pick<GpuView, 'state' | 'drained'>): boolean =>
  isUsable(state) && drained === null;
