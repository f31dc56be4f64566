import { z } from 'zod';
import { defineEvent } from '../event';
import { scoreView, verdictOutcome } from '../job/attempt';
import { uuid } from '../primitives';

export const attemptJudged = defineEvent(
  'quality.v1.attempt_judged',
  z.object({
    verdictId: uuid,
    jobId: uuid,
    projectId: uuid,
    taskId: uuid,
    attemptId: uuid,
    verdict: verdictOutcome,
    /** Which checks failed, as metric names. */
    reasons: z.array(z.string()),
    scores: z.array(scoreView),
  }),
  (judged) => judged.attemptId,
);
