import { z } from 'zod';
import { gpuName } from '../gpu';
import { generateRequest } from '../generate-request';
import { artifactView, jobParamsView } from '../job/artifact';
import { calibrationStarted, workflowName } from '../job/calibration';
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
