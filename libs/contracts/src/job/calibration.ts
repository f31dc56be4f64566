import { z } from 'zod';
import { gpuName } from '../gpu';
import { uuid } from '../primitives';

/** What measures a card: a few light prompts for each workflow and model. */
export const calibrationStarted = z
  .object({
    gpu: gpuName,
    jobs: z.array(
      z.object({
        job_id: uuid,
        workflow: z.string(),
        model_name: z.string(),
        width: z.int(),
        height: z.int(),
        steps: z.int().describe('0 where nothing is sampled'),
        frame_count: z.int().min(1),
        count: z.int(),
      }),
    ),
    skipped: z.array(z.object({ workflow: z.string(), model_name: z.string().nullable(), reason: z.string() })),
  })
  .meta({ id: 'CalibrationStarted' });
export type CalibrationStarted = z.infer<typeof calibrationStarted>;

export const workflowName = z.string().regex(/^[a-z0-9][a-z0-9-]{0,99}$/, 'the name of a workflow');
