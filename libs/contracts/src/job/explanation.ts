import { z } from 'zod';
import { gpuName } from '../gpu';
import { uuid } from '../primitives';
import { jobState } from './states';
import { deadlineOutlook } from './view';

/**
 * Why something is before a job. `running`: the card works on it; `foreign`: somebody else queued it there; `priority`:
 * it has a higher one; `older`: it came first; `deadline`: it should be ready sooner; `same_model`: the card has its
 * model loaded by then; `by_hand`: a person put it there; `planned`: all together are done sooner so.
 */
export const aheadReason = z.enum([
  'running',
  'foreign',
  'by_hand',
  'priority',
  'deadline',
  'older',
  'same_model',
  'planned',
]);
export type AheadReason = z.infer<typeof aheadReason>;

const aheadEntry = z
  .object({
    job_id: uuid.nullable().describe('null where it is no job of ours'),
    gpu: gpuName,
    reason: aheadReason,
    seconds: z.number().nullable().describe('that it still takes there; null where nobody knows'),
    tasks: z.int().min(1).describe('so many of its results are before this job'),
    sentence: z.string(),
  })
  .meta({ id: 'JobAhead' });
export type AheadEntry = z.infer<typeof aheadEntry>;

/** What would make a job ready sooner, as planned with that change. */
const soonerEntry = z
  .object({
    change: z.string().describe('`priority: urgent`, `preset: draft`, `card: rtx3060`, `model: rtx3060`'),
    seconds_sooner: z.number().nullable().describe('null where it cannot be told: it has no end now'),
    sentence: z.string(),
  })
  .meta({ id: 'JobSooner' });
export type SoonerEntry = z.infer<typeof soonerEntry>;

const cardStance = z
  .object({
    gpu: gpuName,
    takes_it: z.boolean(),
    reason: z.string().nullable().describe('why it does not'),
    seconds: z.number().nullable().describe('that it would take there; null where it cannot be made there'),
    basis: z.string().nullable(),
  })
  .meta({ id: 'CardStance' });
export type CardStance = z.infer<typeof cardStance>;

export const jobExplanation = z
  .object({
    job_id: uuid,
    status: jobState,
    sentences: z.array(z.string()).describe('all of it for a person, the most important first'),
    position: z
      .int()
      .min(1)
      .nullable()
      .describe('place in line of what is served next, on the card it is planned for; null where none waits in line'),
    gpu: gpuName.nullable().describe('the card that works on it, or that the plan has for what is served next'),
    starts_in: z.number().nullable().describe('seconds until what is served next is begun'),
    ready_in: z.number().nullable().describe('seconds until all of it is ready'),
    deadline_outlook: deadlineOutlook.nullable(),
    ahead: z.array(aheadEntry).describe('what the card does before it, in that order'),
    ahead_omitted: z.int().min(1).optional().describe('how many more there are than `ahead` names'),
    cards: z.array(cardStance).describe('what each card makes of what is served next; empty where none waits'),
    sooner: z.array(soonerEntry).describe('each planned anew, the most first; empty where nothing is known to help'),
  })
  .meta({ id: 'JobExplanation' });
export type JobExplanation = z.infer<typeof jobExplanation>;
