import { z } from 'zod';
import { gpuName } from '../gpu';
import { generateRequest } from '../generate-request';
import { artifactView, jobParamsView } from '../job/artifact';
import { calibrationStarted, workflowName } from '../job/calibration';
import { decisionsQuery, jobDecision } from '../job/decision';
import { estimateAnswer } from '../job/estimate';
import { jobEventsPage } from '../job/event';
import { jobExplanation } from '../job/explanation';
import { jobType } from '../job/request';
import { jobState } from '../job/states';
import { jobAccepted, jobSummary, jobView } from '../job/view';
import { pageOf, pageQuery } from '../page';
import { text, uuid } from '../primitives';
import { defineRequest, requestContext } from '../request';
import { renderingStatus } from '../service-status';
import {
  changeJobBody,
  claimBody,
  claimView,
  gpuDetailView,
  queueOrderBody,
  queueOrderView,
  queuePauseView,
  releasedView,
  resumeBody,
  steeringBody,
  withdrawnOrdersView,
} from '../steering';
import { workflowSummary, workflowView } from '../workflow';

export const requestJobRequest = defineRequest(
  'rendering.v1.request_job',
  z.object({ context: requestContext, body: generateRequest }),
  jobAccepted,
  { timeoutMs: 15_000, creates: 'GET /jobs' },
);
/** What a request would come to now; nothing is made. */
export const estimateJobRequest = defineRequest(
  'rendering.v1.estimate_job',
  z.object({ context: requestContext, body: generateRequest }),
  estimateAnswer,
  { timeoutMs: 15_000 },
);
export const explainJobRequest = defineRequest('rendering.v1.explain_job', z.object({ id: uuid }), jobExplanation);
export const getJobRequest = defineRequest('rendering.v1.get_job', z.object({ id: uuid }), jobView);
export const listJobsRequest = defineRequest(
  'rendering.v1.list_jobs',
  z.object({
    ...pageQuery,
    project_id: uuid.optional(),
    state: jobState.optional(),
    job_type: jobType.optional(),
    gpu: gpuName.optional(),
  }),
  pageOf(jobSummary),
);
export const cancelJobRequest = defineRequest(
  'rendering.v1.cancel_job',
  z.object({ context: requestContext, id: uuid, reason: text(500) }),
  jobView,
);
export const calibrateGpuRequest = defineRequest(
  'rendering.v1.calibrate_gpu',
  z.object({ context: requestContext, gpu: gpuName, workflow: workflowName.optional() }),
  calibrationStarted,
  { timeoutMs: 30_000, creates: 'GET /jobs' },
);
export const listJobArtifactsRequest = defineRequest(
  'rendering.v1.list_job_artifacts',
  z.object({ id: uuid, ...pageQuery }),
  pageOf(artifactView),
);
export const listJobEventsRequest = defineRequest(
  'rendering.v1.list_job_events',
  z.object({ id: uuid, after: z.int().min(0), limit: z.int().min(1).max(1000) }),
  jobEventsPage,
);
export const listJobParamsRequest = defineRequest(
  'rendering.v1.list_job_params',
  z.object({ id: uuid, ...pageQuery }),
  pageOf(jobParamsView),
);
/** What the planner decided about a job, and whether it would again. */
export const listJobDecisionsRequest = defineRequest(
  'rendering.v1.list_job_decisions',
  z.object({ id: uuid, ...decisionsQuery }),
  pageOf(jobDecision),
);
export const getArtifactRequest = defineRequest('rendering.v1.get_artifact', z.object({ id: uuid }), artifactView);
export const getRenderingStatusRequest = defineRequest('rendering.v1.get_status', z.object({}), renderingStatus, {
  timeoutMs: 2_000,
});
export const listWorkflowsRequest = defineRequest(
  'rendering.v1.list_workflows',
  z.object(pageQuery),
  pageOf(workflowSummary),
);
export const getWorkflowRequest = defineRequest(
  'rendering.v1.get_workflow',
  z.object({ name: z.string() }),
  workflowView,
);

export const listGpusRequest = defineRequest('rendering.v1.list_gpus', z.object(pageQuery), pageOf(gpuDetailView));
export const getGpuRequest = defineRequest('rendering.v1.get_gpu', z.object({ name: gpuName }), gpuDetailView);
const ofGpu = { context: requestContext, name: gpuName };
export const drainGpuRequest = defineRequest(
  'rendering.v1.drain_gpu',
  z.object({ ...ofGpu, body: steeringBody }),
  gpuDetailView,
);
export const resumeGpuRequest = defineRequest(
  'rendering.v1.resume_gpu',
  z.object({ ...ofGpu, body: resumeBody }),
  gpuDetailView,
);
export const claimGpuMemoryRequest = defineRequest(
  'rendering.v1.claim_gpu_memory',
  z.object({ ...ofGpu, body: claimBody }),
  claimView,
  { creates: 'GET /gpus/{name}' },
);
export const releaseGpuClaimsRequest = defineRequest(
  'rendering.v1.release_gpu_claims',
  z.object({ ...ofGpu, claim_id: uuid.optional(), who: z.string().optional() }),
  releasedView,
);
const ofJob = { context: requestContext, id: uuid };
export const changeJobRequest = defineRequest(
  'rendering.v1.change_job',
  z.object({ ...ofJob, body: changeJobBody }),
  jobView,
);
export const pauseJobRequest = defineRequest(
  'rendering.v1.pause_job',
  z.object({ ...ofJob, body: steeringBody }),
  jobView,
);
export const resumeJobRequest = defineRequest(
  'rendering.v1.resume_job',
  z.object({ ...ofJob, body: resumeBody }),
  jobView,
);
export const retryJobRequest = defineRequest('rendering.v1.retry_job', z.object(ofJob), jobView, {
  creates: 'GET /jobs',
});
export const orderQueueRequest = defineRequest(
  'rendering.v1.order_queue',
  z.object({ context: requestContext, body: queueOrderBody }),
  queueOrderView,
);
export const withdrawOrderRequest = defineRequest('rendering.v1.withdraw_order', z.object(ofJob), withdrawnOrdersView);
export const pauseQueueRequest = defineRequest(
  'rendering.v1.pause_queue',
  z.object({ context: requestContext, body: steeringBody }),
  queuePauseView,
);
export const resumeQueueRequest = defineRequest(
  'rendering.v1.resume_queue',
  z.object({ context: requestContext, body: resumeBody }),
  queuePauseView,
);
