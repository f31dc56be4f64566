import { z } from 'zod';
import { gpuName, gpuView, standstillView } from './gpu';
import { priority } from './job/request';
import { instant, line, text, uuid } from './primitives';

/** Seconds that another program may claim memory for: a day. */
export const maxClaimSeconds = 86_400;

/** Who steers, as they say themselves: there are no accounts. */
const who = line(100).describe('who asks, for those who read it later');
const reason = text(500).default('');

/** Body of what a person may do with a word about it. */
export const steeringBody = z.strictObject({ reason, who: who.default('a person') });
export type SteeringBody = z.infer<typeof steeringBody>;
/** Body of its end. */
export const resumeBody = z.strictObject({ who: who.default('a person') });
export type ResumeBody = z.infer<typeof resumeBody>;

export const claimBody = z.strictObject({
  megabytes: z.int().min(1).max(1_048_576).describe('MiB of the memory of the card'),
  seconds: z.number().min(1).max(maxClaimSeconds).describe('the claim ends by itself after so long, a day at most'),
  who: line(100).describe('the program or person that uses the memory'),
});
export type ClaimBody = z.infer<typeof claimBody>;

export const claimView = z
  .object({
    id: uuid,
    gpu: gpuName,
    megabytes: z.int(),
    who: z.string(),
    since: instant,
    until: instant.describe('when it ends by itself'),
    remaining_seconds: z.number().min(0).describe('0 when it has ended'),
    ended_at: instant.nullable().describe('null while it holds'),
    memory_freed: z.boolean().describe('whether models were unloaded for it; while they are not, nothing new starts'),
  })
  .meta({ id: 'GpuClaim' });
export type ClaimView = z.infer<typeof claimView>;

/** What a card does now. */
const runningView = z.object({
  job_id: uuid,
  task_id: uuid,
  attempt_id: uuid,
  attempt: z.int().min(1),
  workflow: z.string(),
  stage: z.string(),
  progress: z.number().min(0).max(100),
  since: instant,
  /** Seconds; null where the end is not known, and `unknown` says why. */
  remaining_seconds: z.number().nullable(),
  unknown: z.string().nullable(),
});

/** A task that the plan has on this card, in its order. Times hold while nothing changes. */
const nextView = z.object({
  job_id: uuid,
  task_id: uuid,
  workflow: z.string(),
  priority,
  start_in_seconds: z.number(),
  finish_in_seconds: z.number(),
  low: z.number(),
  high: z.number(),
  basis: z.string(),
  unknown: z.string().nullable().describe('why these times are only the least'),
});

/** How near the estimates of a card's attempts were, judged by what these took. */
export const estimateAccuracyView = z
  .object({
    judged: z.int().min(0).describe('attempts that ended in the window, whose time was measured'),
    within_fifth: z.int().min(0).describe('of these, estimated within 20 % of what they took'),
    in_interval: z.int().min(0).describe('of these, that took a time within the stated interval'),
    median_error: z
      .number()
      .min(0)
      .nullable()
      .describe('the middle one of |actual − estimate| / actual; null where none was judged'),
  })
  .meta({ id: 'EstimateAccuracy' });
export type EstimateAccuracyView = z.infer<typeof estimateAccuracyView>;

/** Measured from attempts; nothing of it is estimated. */
export const utilisationView = z
  .object({
    window_seconds: z.number().describe('how far back this looks: an hour'),
    attempts: z.int().min(0).describe('that were on the card meanwhile'),
    busy_share: z.number().min(0).max(1).describe('of the window'),
    idle_with_work_seconds: z
      .number()
      .min(0)
      .describe('that the card had nothing while a task that it took afterwards was waiting already'),
    model_swaps: z.int().min(0).nullable().describe('times that another checkpoint followed; null where unknown'),
    model_swaps_unknown: z.string().nullable().describe('why it is not known'),
    estimates: estimateAccuracyView,
  })
  .meta({ id: 'GpuUtilisation' });
export type UtilisationView = z.infer<typeof utilisationView>;

/** A model file that a card holds in memory, as far as is known: it belongs to what the card rendered last. */
const loadedView = z.object({
  file: z.string().describe('folder and name, such as checkpoints/anime.safetensors'),
  since: instant.nullable().describe('when the attempt that loaded it was sent; null where that was over an hour ago'),
});

export const gpuDetailView = gpuView
  .extend({
    loaded: z.array(loadedView).describe('empty while nothing is known, as after a restart or a failure'),
    memory: z.object({
      total_mb: z.number().nullable(),
      free_mb: z.number().nullable().describe('at the last look, as its server says'),
      claimed_mb: z.int(),
      left_mb: z.number().nullable().describe('what claims leave of the whole'),
    }),
    claims: z.array(claimView).describe('that hold now, the one that ends first before the others'),
    running: z.array(runningView),
    next: z.array(nextView).describe('the first that the plan has for it'),
    next_total: z.int().describe('how many the plan has for it, as far as it looks'),
    last_hour: utilisationView,
  })
  .meta({ id: 'GpuDetail' });
export type GpuDetailView = z.infer<typeof gpuDetailView>;

export const releasedView = z.object({ released: z.array(claimView) });
export type ReleasedView = z.infer<typeof releasedView>;

/** What of a job that has not ended may be changed; what is left out stays. */
const jobChanges = {
  priority: priority.optional(),
  deadline_at: z.iso
    .datetime({ offset: true })
    .nullable()
    .optional()
    .describe('when it should be ready, ISO 8601 with Z or an offset; null takes the deadline away'),
};
const changesSomething = (body: { priority?: unknown; deadline_at?: unknown }): boolean =>
  body.priority !== undefined || body.deadline_at !== undefined;
const somethingToChange = 'needs priority or deadline_at';

export const changeJobBody = z.strictObject(jobChanges).refine(changesSomething, somethingToChange);
export type ChangeJobBody = z.infer<typeof changeJobBody>;

/** One job before or after another one. */
const jobOrder = {
  job_id: uuid.describe('the job that is moved'),
  before: uuid.optional().describe('the job that it goes before'),
  after: uuid.optional().describe('the job that it goes after'),
};
const hasOneOther = (body: { before?: unknown; after?: unknown }): boolean =>
  (body.before === undefined) !== (body.after === undefined);
const oneOther = 'needs before or after, and not both';

export const queueOrderBody = z.strictObject(jobOrder).refine(hasOneOther, oneOther);
export type QueueOrderBody = z.infer<typeof queueOrderBody>;

export const queueOrderView = z
  .object({ job_id: uuid, before: uuid.nullable(), after: uuid.nullable() })
  .meta({ id: 'QueueOrder' });
export type QueueOrderView = z.infer<typeof queueOrderView>;

export const withdrawnOrdersView = z
  .object({
    job_id: uuid,
    withdrawn: z.array(queueOrderView).describe('what was ordered of this job and held until now; none: nothing held'),
  })
  .meta({ id: 'WithdrawnOrders' });
export type WithdrawnOrdersView = z.infer<typeof withdrawnOrdersView>;

export const queuePauseView = z
  .object({ paused: standstillView.nullable().describe('null while the queue is served') })
  .meta({ id: 'QueuePause' });
export type QueuePauseView = z.infer<typeof queuePauseView>;

/** The data of commands: the bodies above with what the path says over REST. */
const ofJob = { job_id: uuid };
const ofGpu = { gpu: gpuName };
export const drainGpuData = steeringBody.extend(ofGpu);
export const resumeGpuData = resumeBody.extend(ofGpu);
export const claimGpuMemoryData = claimBody.extend(ofGpu);
export const releaseGpuClaimsData = z.strictObject({
  ...ofGpu,
  claim_id: uuid.optional().describe('this one; without it all of `who`, or all of the card'),
  who: line(100).optional(),
});
export const changeJobData = z.strictObject({ ...ofJob, ...jobChanges }).refine(changesSomething, somethingToChange);
export const pauseJobData = steeringBody.extend(ofJob);
export const resumeJobData = resumeBody.extend(ofJob);
export const retryJobData = z.strictObject(ofJob);
export const withdrawOrderData = z.strictObject(ofJob);
