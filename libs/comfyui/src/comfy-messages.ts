import { z } from 'zod';
import { nodeInfo } from './nodes/node-info';

/** Shapes of what ComfyUI answers, as far as we rely on them; unknown fields are tolerated everywhere. */

const queueItem = z
  .tuple([z.number(), z.string(), z.unknown(), z.record(z.string(), z.unknown()), z.array(z.string())])
  .rest(z.unknown());
export const queueBody = z.object({ queue_running: z.array(queueItem), queue_pending: z.array(queueItem) });
export type QueueBody = z.infer<typeof queueBody>;

export const fileRef = z.object({
  filename: z.string(),
  subfolder: z.string().default(''),
  type: z.enum(['output', 'temp', 'input']),
});
export type FileRef = z.infer<typeof fileRef>;

const historyEntry = z.object({
  outputs: z.record(z.string(), z.record(z.string(), z.unknown())),
  status: z
    .object({
      status_str: z.string(),
      completed: z.boolean(),
      messages: z.array(z.tuple([z.string(), z.record(z.string(), z.unknown())])),
    })
    .nullish(),
});
export type HistoryEntry = z.infer<typeof historyEntry>;
export const historyBody = z.record(z.string(), historyEntry);

export const executionError = z.object({
  node_id: z.string().optional(),
  node_type: z.string().optional(),
  exception_type: z.string().default(''),
  exception_message: z.string().default(''),
});

const nodeError = z.object({
  errors: z.array(
    z.object({
      type: z.string(),
      message: z.string(),
      details: z.string(),
      extra_info: z
        .object({ input_name: z.string().nullish(), received_value: z.unknown() })
        .catch({ input_name: null, received_value: null }),
    }),
  ),
  class_type: z.string().optional(),
});
const nodeErrors = z.union([z.record(z.string(), nodeError), z.array(z.unknown())]).default({});

export const promptAccepted = z.object({ prompt_id: z.string(), number: z.number(), node_errors: nodeErrors });
export const promptRefused = z.object({
  error: z.union([z.string(), z.object({ type: z.string(), message: z.string(), details: z.string().default('') })]),
  node_errors: nodeErrors,
});

/** `GET /prompt`. */
export const queueLength = z.object({ exec_info: z.object({ queue_remaining: z.number() }) });

/** Answer to an upload; the name may differ from the one that was asked for. */
export const uploadedFile = z.object({ name: z.string(), subfolder: z.string().default('') });

export const systemStats = z.object({
  system: z.object({
    ram_total: z.number().nullish(),
    ram_free: z.number().nullish(),
    comfyui_version: z.string().optional(),
    pytorch_version: z.string().optional(),
    argv: z.array(z.string()).default([]),
  }),
  devices: z
    .array(
      z.object({
        name: z.string(),
        type: z.string(),
        vram_total: z.number().nullish(),
        vram_free: z.number().nullish(),
      }),
    )
    .default([]),
});

export const modelNames = z.array(z.string());

/** `GET /view_metadata/{folder}`: what was written into the file's header, nearly always texts. */
export const fileMetadata = z.record(z.string(), z.unknown());

/** `GET /object_info`, by class. */
export const objectInfo = z.record(z.string(), nodeInfo);
export type ObjectInfo = z.infer<typeof objectInfo>;

/** A combo in `/object_info`: the old form lists the options, the new one names the type `COMBO`. */
export function comboOptions(input: unknown): string[] {
  if (!Array.isArray(input)) return [];
  const [first, options] = input as [unknown, { options?: unknown } | undefined];
  const list = Array.isArray(first) ? first : options?.options;
  return Array.isArray(list) ? list.filter((item): item is string => typeof item === 'string') : [];
}

/** WebSocket text frames that we use as hints; anything else is ignored. */
export const socketMessage = z.object({ type: z.string(), data: z.record(z.string(), z.unknown()).catch({}) });

/** `/internal/logs/raw`: the last lines of the server's console, oldest first. */
export const logLines = z.object({ entries: z.array(z.object({ t: z.string(), m: z.string() })) });
