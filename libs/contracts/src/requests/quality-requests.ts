import { z } from 'zod';
import { attemptJudged } from '../events/quality-events';
import { jobQualityView } from '../job/artifact';
import { pageQuery } from '../page';
import { uuid } from '../primitives';
import { defineRequest } from '../request';

export const getJobQualityRequest = defineRequest(
  'quality.v1.get_job_quality',
  z.object({ job_id: uuid, ...pageQuery }),
  jobQualityView,
);

/**
 * Which of these attempts were judged, with what was announced. `settled_through` is the number in the stream of
 * rendering up to which quality has handled, or given up, every announcement: one at or below it that has no verdict
 * here will get none.
 */
export const findVerdictsRequest = defineRequest(
  'quality.v1.find_verdicts',
  z.object({ attempt_ids: z.array(uuid).min(1).max(50) }),
  z.object({ verdicts: z.array(attemptJudged.schema), settled_through: z.int().min(0) }),
);
