import { z } from 'zod';
import { gpuName } from './gpu';
import { instant, sha256 } from './primitives';

export const parameterValue = z.union([z.string(), z.number(), z.boolean()]);

/** What recovery has changed about a graph: steps of the ladder, in the order in which they were taken. */
export const planView = z.object({ steps: z.array(z.string()) }).meta({ id: 'Plan' });

/** One step of the recovery ladder. */
export const recoveryStepView = z
  .object({
    step: z.string(),
    /** Kind of the failure that led to it. */
    because: z.string(),
    /** Number of the attempt that failed. */
    after_attempt: z.int().min(0),
    gpu: gpuName,
    /** What changed, in words. */
    detail: z.string(),
    at: instant,
  })
  .meta({ id: 'RecoveryStep' });
export type RecoveryStepView = z.infer<typeof recoveryStepView>;

/** Strengths from -10 to 10, 1 is full. */
export const loraView = z
  .object({ file: z.string(), strength_model: z.number(), strength_clip: z.number() })
  .meta({ id: 'Lora' });

const share = z.number().min(0).max(1).describe('share of the sampling');

export const referenceView = z
  .object({
    kind: z.enum(['ipadapter', 'faceid']),
    image: z.string().describe('name among `images`'),
    weight: z.number(),
    start: share,
    end: share,
  })
  .meta({ id: 'Reference' });

export const controlnetView = z
  .object({
    file: z.string(),
    image: z.string().describe('name among `images`'),
    strength: z.number(),
    start: share,
    end: share,
  })
  .meta({ id: 'ControlNet' });

/** An input picture of a job as it was when the job was taken. */
export const inputImageView = z
  .object({ path: z.string().describe('below the library folder'), sha256 })
  .meta({ id: 'InputImage' });

/** Optional parts of a job's graph, and the pictures that parts and parameters refer to by name. */
export const jobParts = {
  loras: z.array(loraView),
  references: z.array(referenceView),
  controlnets: z.array(controlnetView),
  images: z.record(z.string(), inputImageView),
};
