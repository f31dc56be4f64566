import type { CommandDefinition, EventDefinition } from './event';
import { characterArchived, characterCreated, characterUpdated } from './events/character-events';
import { projectArchived, projectCreated, projectUpdated } from './events/project-events';
import { attemptJudged } from './events/quality-events';
import {
  attemptDispatched,
  attemptFailed,
  attemptLost,
  attemptRendered,
  attemptSettled,
  cancelJob,
  changeJob,
  claimGpuMemory,
  commandAccepted,
  commandRejected,
  drainGpu,
  gpuClaimed,
  gpuClaimEnded,
  gpuDrained,
  gpuResumed,
  jobCancelled,
  jobCompleted,
  jobFailed,
  jobOrdered,
  jobOrderWithdrawn,
  jobPaused,
  jobQueued,
  jobRejected,
  jobRendered,
  jobReprioritised,
  jobRequested,
  jobResumed,
  jobStarted,
  jobTimedOut,
  orderQueue,
  pauseJob,
  pauseQueue,
  queuePaused,
  queueResumed,
  releaseGpuClaims,
  requestJob,
  resumeGpu,
  resumeJob,
  resumeQueue,
  retryJob,
  withdrawOrder,
  uploadDeleted,
  uploadKept,
} from './events/rendering-events';
import { previewFilter } from './preview';
import { progressFilter } from './progress';
import type { RequestDefinition } from './request';
import {
  archiveCharacterRequest,
  createCharacterRequest,
  getCharacterRequest,
  getPromptPartsRequest,
  listCharactersRequest,
  updateCharacterRequest,
} from './requests/character-requests';
import { deadLetterRequestsOf } from './requests/dead-letter-requests';
import {
  archiveProjectRequest,
  createProjectRequest,
  getProjectRequest,
  getUnfiledProjectRequest,
  listProjectsRequest,
  updateProjectRequest,
} from './requests/project-requests';
import { findVerdictsRequest, getJobQualityRequest } from './requests/quality-requests';
import {
  calibrateGpuRequest,
  cancelJobRequest,
  estimateJobRequest,
  explainJobRequest,
  changeJobRequest,
  claimGpuMemoryRequest,
  drainGpuRequest,
  getArtifactRequest,
  getGpuRequest,
  getJobRequest,
  getRenderingStatusRequest,
  getWorkflowRequest,
  listGpusRequest,
  listJobArtifactsRequest,
  listJobDecisionsRequest,
  listJobEventsRequest,
  listJobParamsRequest,
  listJobsRequest,
  listWorkflowsRequest,
  orderQueueRequest,
  pauseJobRequest,
  pauseQueueRequest,
  releaseGpuClaimsRequest,
  requestJobRequest,
  resumeGpuRequest,
  resumeJobRequest,
  resumeQueueRequest,
  retryJobRequest,
  withdrawOrderRequest,
} from './requests/rendering-requests';
import { getUploadMetadataRequest, getUploadRequest, keepUploadRequest } from './requests/upload-requests';
import { heartbeatFilter } from './service-status';

export const serviceNames = ['gateway', 'projects', 'characters', 'rendering', 'quality', 'echo-bridge'] as const;
export type ServiceName = (typeof serviceNames)[number];

interface ServiceTopology {
  /** Schema of the same meaning in PostgreSQL; underscores, because names there need no quoting then. */
  readonly schema: string;
  readonly publishes: readonly EventDefinition[];
  readonly consumes: readonly EventDefinition[];
  readonly commands: readonly CommandDefinition[];
  /** Questions to other services. Who is asked follows from the question: it answers all of its own. */
  readonly asks: readonly RequestDefinition[];
  /** Subjects of core NATS, best effort: what it says besides its heartbeat, and what it listens to. */
  readonly hints: { readonly says: readonly string[]; readonly hears: readonly string[] };
}

export const jobEvents = [
  jobRequested,
  jobQueued,
  jobStarted,
  attemptDispatched,
  attemptRendered,
  attemptFailed,
  attemptLost,
  attemptSettled,
  jobRendered,
  jobCompleted,
  jobRejected,
  jobFailed,
  jobTimedOut,
  jobCancelled,
  jobReprioritised,
  jobPaused,
  jobResumed,
  jobOrdered,
  jobOrderWithdrawn,
] as const satisfies readonly EventDefinition[];

/** What people do with cards and with the queue as a whole. */
export const steeringEvents = [
  gpuDrained,
  gpuResumed,
  gpuClaimed,
  gpuClaimEnded,
  queuePaused,
  queueResumed,
] as const satisfies readonly EventDefinition[];

const uploadEvents = [uploadKept, uploadDeleted];
const projectEvents = [projectCreated, projectUpdated, projectArchived];
const characterEvents = [characterCreated, characterUpdated, characterArchived];

const projectQuestions = [
  createProjectRequest,
  getProjectRequest,
  listProjectsRequest,
  updateProjectRequest,
  archiveProjectRequest,
  getUnfiledProjectRequest,
];
const characterQuestions = [
  createCharacterRequest,
  getCharacterRequest,
  listCharactersRequest,
  updateCharacterRequest,
  archiveCharacterRequest,
];
const jobQuestions = [
  requestJobRequest,
  estimateJobRequest,
  explainJobRequest,
  getJobRequest,
  listJobsRequest,
  cancelJobRequest,
  calibrateGpuRequest,
  listJobArtifactsRequest,
  listJobDecisionsRequest,
  listJobEventsRequest,
  listJobParamsRequest,
  getArtifactRequest,
];
const renderingQuestions = [...jobQuestions, getRenderingStatusRequest, listWorkflowsRequest, getWorkflowRequest];

const steeringQuestions = [
  listGpusRequest,
  getGpuRequest,
  drainGpuRequest,
  resumeGpuRequest,
  claimGpuMemoryRequest,
  releaseGpuClaimsRequest,
  changeJobRequest,
  pauseJobRequest,
  resumeJobRequest,
  retryJobRequest,
  orderQueueRequest,
  withdrawOrderRequest,
  pauseQueueRequest,
  resumeQueueRequest,
];

export const steeringCommands = [
  drainGpu,
  resumeGpu,
  claimGpuMemory,
  releaseGpuClaims,
  changeJob,
  pauseJob,
  resumeJob,
  retryJob,
  orderQueue,
  withdrawOrder,
  pauseQueue,
  resumeQueue,
] as const satisfies readonly CommandDefinition[];

const uploadQuestions = [keepUploadRequest, getUploadRequest, getUploadMetadataRequest];

/** Every service answers for what it could not handle. */
const deadLetterQuestions = serviceNames.flatMap((service) =>
  Object.values<RequestDefinition>(deadLetterRequestsOf(service)),
);

const silent = { says: [], hears: [] };

/**
 * Who says what, who asks what and who listens. A service refuses to start when a listed event has no handler or two;
 * the diagram in docs is drawn from this, and what NATS allows each service follows from it: a question that is not
 * listed here is refused by the server.
 */
export const topology: Readonly<Record<ServiceName, ServiceTopology>> = {
  gateway: {
    schema: 'gateway',
    publishes: [],
    consumes: [...jobEvents, ...steeringEvents, ...uploadEvents, attemptJudged, ...projectEvents, ...characterEvents],
    commands: [],
    asks: [
      ...projectQuestions,
      ...characterQuestions,
      ...renderingQuestions,
      ...steeringQuestions,
      ...uploadQuestions,
      getJobQualityRequest,
      ...deadLetterQuestions,
    ],
    hints: { says: [], hears: [progressFilter, previewFilter, heartbeatFilter] },
  },
  projects: { schema: 'projects', publishes: projectEvents, consumes: [], commands: [], asks: [], hints: silent },
  characters: {
    schema: 'characters',
    publishes: characterEvents,
    consumes: [projectArchived],
    commands: [],
    asks: [getProjectRequest],
    hints: silent,
  },
  rendering: {
    schema: 'rendering',
    publishes: [...jobEvents, ...steeringEvents, ...uploadEvents, commandAccepted, commandRejected],
    consumes: [attemptJudged],
    commands: [requestJob, cancelJob, ...steeringCommands],
    asks: [getProjectRequest, getUnfiledProjectRequest, getPromptPartsRequest, findVerdictsRequest],
    hints: { says: [progressFilter, previewFilter], hears: [] },
  },
  quality: {
    schema: 'quality',
    publishes: [attemptJudged],
    consumes: [attemptRendered],
    commands: [],
    asks: [],
    hints: silent,
  },
  'echo-bridge': {
    schema: 'echo_bridge',
    publishes: [],
    consumes: [],
    commands: [],
    asks: [getRenderingStatusRequest],
    hints: silent,
  },
};

/** One stream per owner: `RENDERING` holds `evt.rendering.>`, `CMD_RENDERING` holds `cmd.rendering.>`. */
export const eventStream = (owner: string): string => owner.toUpperCase().replaceAll('-', '_');
export const commandStream = (owner: string): string => `CMD_${eventStream(owner)}`;
/** Everything that is commanded of one owner, also what it does not know: it answers that as well. */
export const commandFilter = (owner: string): string => `cmd.${owner}.>`;
export const deadLetterStream = 'DEAD_LETTERS';
