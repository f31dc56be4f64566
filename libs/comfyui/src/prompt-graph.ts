import { z } from 'zod';

export const link = z.tuple([z.string(), z.int().min(0)]);

/** ComfyUI's API format. `inputs` must exist on every node: a node without it can kill a server's only worker. */
export const promptGraph = z.record(
  z.string(),
  z.object({
    class_type: z.string(),
    inputs: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), link])),
    _meta: z.object({ title: z.string() }).optional(),
  }),
);

export type PromptGraph = z.infer<typeof promptGraph>;

export type GraphValue = string | number | boolean | [string, number];
