import { z } from 'zod';
import { gpuName } from './gpu';
import { uuid } from './primitives';

/** Bytes of the picture of one step; ComfyUI's previews have 20 to 200 kB. Larger ones are not passed on. */
export const maxPreviewBytes = 256 * 1024;

/** The picture of one step while it is made. Best effort, and kept nowhere. */
export const previewView = z.object({
  job_id: uuid,
  attempt_id: uuid,
  gpu: gpuName,
  step: z.int().nullable().describe('as far as the attempt is, of `total_steps`; null where that is not told'),
  total_steps: z.int().nullable(),
  media_type: z.enum(['image/jpeg', 'image/png']),
  image: z
    .string()
    .max(4 * Math.ceil(maxPreviewBytes / 3))
    .describe('base64'),
});
export type PreviewView = z.infer<typeof previewView>;

/** Core NATS, best effort: the newest `PreviewView` of one job. */
export const previewSubject = (jobId: string): string => `preview.rendering.v1.${jobId}`;
export const previewFilter = 'preview.rendering.v1.*';
