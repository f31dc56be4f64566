import { z } from 'zod';
import { defineCommand, defineEvent } from '../event';
import { generateRequest } from '../generate-request';
import { jobError } from '../job/attempt';
import { priority } from '../job/request';
import { jobState, type EndState } from '../job/states';
import { givenUp } from '../job/view';
import { gpuName } from '../gpu';
import { instant, seed, sha256, text, uuid } from '../primitives';
import {
  changeJobData,
  claimGpuMemoryData,
  drainGpuData,
  pauseJobData,
  queueOrderBody,
  releaseGpuClaimsData,
  resumeBody,
  resumeGpuData,
  resumeJobData,
  retryJobData,
  steeringBody,
  withdrawOrderData,
} from '../steering';

/** In every event of a job: its number in the job's gap-free sequence and the state after it. */
const ofJob = { jobId: uuid, projectId: uuid, seq: z.int().min(1), state: jobState };
const ofAttempt = { ...ofJob, taskId: uuid, attemptId: uuid, attempt: z.int().min(1), gpu: gpuName };
const byJob = (data: { jobId: string }): string => data.jobId;

export const jobRequested = defineEvent(
  'rendering.v1.job_requested',
  z.object({
    ...ofJob,
    jobType: z.string(),
    workflow: z.string(),
    count: z.int(),
    priority: z.string(),
    frames: z.int().min(1).optional(),
    fps: z.number().optional(),
    warnings: z.array(z.string()).optional(),
    calibration: z.boolean().optional(),
    onlyGpu: gpuName.optional(),
    deadlineAt: z.string().optional(),
    givenUp: z.array(givenUp).optional(),
    /** The job that this one repeats. */
    retryOf: uuid.optional(),
  }),
  byJob,
);
export const jobQueued = defineEvent('rendering.v1.job_queued', z.object({ ...ofJob, reason: z.string() }), byJob);
export const jobStarted = defineEvent('rendering.v1.job_started', z.object({ ...ofJob, gpu: gpuName }), byJob);
export const attemptDispatched = defineEvent(
  'rendering.v1.attempt_dispatched',
  z.object({ ...ofAttempt, promptId: uuid, seed, estimatedSeconds: z.number().nullable() }),
  byJob,
);

export const renderedFile = z.object({
  artifactId: uuid,
  /** Path below the library folder. */
  path: z.string(),
  sha256,
  bytes: z.int(),
  mediaType: z.string(),
  /** Of a film, counted by decoding. */
  frames: z.int().min(1).optional(),
});
export const attemptRendered = defineEvent(
  'rendering.v1.attempt_rendered',
  z.object({
    ...ofAttempt,
    seconds: z.number(),
    expectedWidth: z.int(),
    expectedHeight: z.int(),
    /** Frames that each film was to have; absent for pictures. */
    expectedFrames: z.int().min(1).optional(),
    jobType: z.string().optional(),
    characterIds: z.array(uuid),
    /** False: nobody waits for a verdict. */
    judge: z.boolean(),
    /** The how-manieth time that this is said again, because no verdict came; absent the first time. */
    repeat: z.int().min(1).optional(),
    files: z.array(renderedFile).min(1),
  }),
  byJob,
);
export const attemptFailed = defineEvent(
  'rendering.v1.attempt_failed',
  z.object({ ...ofAttempt, error: jobError, willRetry: z.boolean() }),
  byJob,
);
export const attemptLost = defineEvent(
  'rendering.v1.attempt_lost',
  z.object({ ...ofAttempt, reason: z.string() }),
  byJob,
);
export const attemptSettled = defineEvent(
  'rendering.v1.attempt_settled',
  z.object({ ...ofAttempt, verdict: z.enum(['passed', 'failed']), willRegenerate: z.boolean() }),
  byJob,
);
export const jobRendered = defineEvent('rendering.v1.job_rendered', z.object(ofJob), byJob);
const artifactIds = z.array(uuid).describe('the first 1,000; GET /jobs/{id}/artifacts has all');
export const jobCompleted = defineEvent(
  'rendering.v1.job_completed',
  z.object({ ...ofJob, totalSeconds: z.number(), artifactIds }),
  byJob,
);
export const jobRejected = defineEvent(
  'rendering.v1.job_rejected',
  z.object({ ...ofJob, totalSeconds: z.number(), error: jobError }),
  byJob,
);
export const jobFailed = defineEvent(
  'rendering.v1.job_failed',
  z.object({ ...ofJob, totalSeconds: z.number(), error: jobError }),
  byJob,
);
export const jobTimedOut = defineEvent(
  'rendering.v1.job_timed_out',
  z.object({ ...ofJob, totalSeconds: z.number(), error: jobError }),
  byJob,
);
export const jobCancelled = defineEvent(
  'rendering.v1.job_cancelled',
  z.object({ ...ofJob, totalSeconds: z.number(), reason: z.string() }),
  byJob,
);

export const jobReprioritised = defineEvent(
  'rendering.v1.job_reprioritised',
  z.object({ ...ofJob, priority, deadlineAt: instant.nullable() }),
  byJob,
);
/** By whom something was stopped or let go on, and why. */
const byHand = { by: z.string(), reason: z.string() };
export const jobPaused = defineEvent('rendering.v1.job_paused', z.object({ ...ofJob, ...byHand }), byJob);
export const jobResumed = defineEvent('rendering.v1.job_resumed', z.object({ ...ofJob, by: z.string() }), byJob);
export const jobOrdered = defineEvent(
  'rendering.v1.job_ordered',
  z.object({ ...ofJob, before: uuid.optional(), after: uuid.optional() }),
  byJob,
);
/** That order holds no more, because a person took it back. */
export const jobOrderWithdrawn = defineEvent(
  'rendering.v1.job_order_withdrawn',
  z.object({ ...ofJob, before: uuid.optional(), after: uuid.optional() }),
  byJob,
);

const byGpu = (data: { gpu: string }): string => data.gpu;
export const gpuDrained = defineEvent('rendering.v1.gpu_drained', z.object({ gpu: gpuName, ...byHand }), byGpu);
export const gpuResumed = defineEvent('rendering.v1.gpu_resumed', z.object({ gpu: gpuName, by: z.string() }), byGpu);
const ofClaim = { gpu: gpuName, claimId: uuid, megabytes: z.int(), who: z.string() };
export const gpuClaimed = defineEvent('rendering.v1.gpu_claimed', z.object({ ...ofClaim, until: instant }), byGpu);
export const gpuClaimEnded = defineEvent(
  'rendering.v1.gpu_claim_ended',
  z.object({ ...ofClaim, how: z.enum(['released', 'expired']) }),
  byGpu,
);
const ofQueue = (): string => 'queue';
export const queuePaused = defineEvent('rendering.v1.queue_paused', z.object(byHand), ofQueue);
export const queueResumed = defineEvent('rendering.v1.queue_resumed', z.object({ by: z.string() }), ofQueue);

const ofUpload = { uploadId: uuid, path: z.string(), sha256 };
const byUpload = (data: { uploadId: string }): string => data.uploadId;
export const uploadKept = defineEvent(
  'rendering.v1.upload_kept',
  z.object({ ...ofUpload, bytes: z.int(), mediaType: z.string() }),
  byUpload,
);
/** No job named it in time. */
export const uploadDeleted = defineEvent('rendering.v1.upload_deleted', z.object(ofUpload), byUpload);

/** What tells of each end of a job, exactly once in its life. */
const jobEndEvents = {
  completed: jobCompleted,
  rejected: jobRejected,
  failed: jobFailed,
  timeout: jobTimedOut,
  cancelled: jobCancelled,
} as const satisfies Record<EndState, { readonly type: string }>;

/** The types of these. */
export const jobEndTypes: readonly string[] = Object.values(jobEndEvents).map(({ type }) => type);

export const requestJob = defineCommand('rendering.v1.request_job', generateRequest);
export const cancelJob = defineCommand(
  'rendering.v1.cancel_job',
  z.strictObject({ job_id: uuid, reason: text(500).default('') }),
);

export const drainGpu = defineCommand('rendering.v1.drain_gpu', drainGpuData);
export const resumeGpu = defineCommand('rendering.v1.resume_gpu', resumeGpuData);
export const claimGpuMemory = defineCommand('rendering.v1.claim_gpu_memory', claimGpuMemoryData);
export const releaseGpuClaims = defineCommand('rendering.v1.release_gpu_claims', releaseGpuClaimsData);
export const changeJob = defineCommand('rendering.v1.change_job', changeJobData);
export const pauseJob = defineCommand('rendering.v1.pause_job', pauseJobData);
export const resumeJob = defineCommand('rendering.v1.resume_job', resumeJobData);
export const retryJob = defineCommand('rendering.v1.retry_job', retryJobData);
export const orderQueue = defineCommand('rendering.v1.order_queue', queueOrderBody);
export const withdrawOrder = defineCommand('rendering.v1.withdraw_order', withdrawOrderData);
export const pauseQueue = defineCommand('rendering.v1.pause_queue', steeringBody);
export const resumeQueue = defineCommand('rendering.v1.resume_queue', resumeBody);

const ofCommand = {
  /** The command's own id; where it had none that is a UUID, one that Tower chose. */
  commandId: uuid,
  commandType: z.string(),
  /**
   * Where the command was stored: what JetStream's acknowledgement (`stream`, `seq`) told its publisher. Absent when it
   * was handed over again.
   */
  received: z.object({ stream: z.string(), seq: z.int().min(1) }).optional(),
};
export const commandAccepted = defineEvent(
  'rendering.v1.command_accepted',
  z.object({
    ...ofCommand,
    /** The job that it is about; of a new one its id. Absent for commands about a card or the queue. */
    jobId: uuid.optional(),
    gpu: gpuName.optional(),
    /** The claim that was made. */
    claimId: uuid.optional(),
  }),
  (answer) => answer.commandId,
);
export const commandRejected = defineEvent(
  'rendering.v1.command_rejected',
  z.object({
    ...ofCommand,
    /** What stood in the place of the id, when that is no UUID; its first 200 characters. */
    givenId: z.string().optional(),
    code: z.string(),
    message: z.string(),
    errors: z.array(z.object({ pointer: z.string(), message: z.string() })).describe('at most 50'),
    errorsOmitted: z.int().min(1).optional(),
  }),
  (answer) => answer.commandId,
);
