import { z } from 'zod';
import { characterView, createCharacterBody, updateCharacterBody } from '../character';
import { gpuName } from '../gpu';
import { deadLetterDetail, deadLetterIds, deadLetterState, deadLetterView, settledLetter } from '../dead-letter';
import { generateRequest, shortGenerateRequest } from '../generate-request';
import { artifactMediaTypes, artifactView, jobParamsView, jobQualityView } from '../job/artifact';
import { calibrationStarted, workflowName } from '../job/calibration';
import { decisionsQuery, jobDecision } from '../job/decision';
import { estimateAnswer } from '../job/estimate';
import { jobEventsPage } from '../job/event';
import { jobExplanation } from '../job/explanation';
import { jobType } from '../job/request';
import { jobState } from '../job/states';
import { jobAccepted, jobSummary, jobView } from '../job/view';
import { pageOf, pageQuery, wholeNumber } from '../page';
import { instant, line, text, uuid } from '../primitives';
import { problem } from '../problem';
import { createProjectBody, projectView, updateProjectBody } from '../project';
import { defineRoute } from '../route';
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
import { healthProblem, healthView, statusView } from '../service-status';
import { serviceNames } from '../topology';
import { maxUploadBytes, maxUploadPixels, uploadMediaTypes, uploadMetadata, uploadView } from '../upload';
import { workflowSummary, workflowView } from '../workflow';

export const apiPrefix = '/api/anime';

const byId = z.strictObject({ id: uuid });
const byName = z.strictObject({ name: gpuName });
const noQuery = z.strictObject({});
/** Query strings carry text; only these two words are booleans. */
const flag = z.enum(['true', 'false']).transform((word) => word === 'true');

/** A strict deadline that cannot be kept is told with the earliest honest time. */
const generateConflict = problem
  .extend({
    earliest_finish_at: instant.nullable().optional().describe('of `deadline_impossible`: null where it is not known'),
    earliest_seconds: z.number().nullable().optional().describe('the same in seconds from the answer'),
  })
  .meta({ id: 'GenerateConflict' });

const ofJob = (id: string): Record<string, { id: string }> =>
  Object.fromEntries(
    [
      'getJob',
      'listJobArtifacts',
      'listJobEvents',
      'listJobParams',
      'listJobDecisions',
      'getJobQuality',
      'explainJob',
      'cancelJob',
    ].map((name) => [name, { id }]),
  );

/** The REST interface: one entry per route, from which the gateway, the OpenAPI document and the client are made. */
export const routes = {
  getHealth: defineRoute({
    method: 'GET',
    path: '/health',
    aliases: ['root:/health'],
    tag: 'system',
    status: 200,
    response: healthView,
    query: noQuery,
    summary: 'Liveness and readiness of every part, by name',
    description:
      'While a needed part is not ready the answer is 503: a problem with the same `parts`. `degraded`: ' +
      'everything works, and a part says what a person should look at.',
    problems: { 503: healthProblem },
  }),
  getStatus: defineRoute({
    method: 'GET',
    path: '/status',
    aliases: ['root:/status'],
    tag: 'system',
    status: 200,
    response: statusView,
    query: noQuery,
    summary: 'Queue, cards, processes, disk, models',
  }),

  listDeadLetters: defineRoute({
    method: 'GET',
    path: '/dead-letters',
    tag: 'system',
    status: 200,
    response: pageOf(deadLetterView).extend({ silent: z.array(z.string()) }),
    query: z.strictObject({
      ...pageQuery,
      service: z.enum(serviceNames).optional(),
      state: deadLetterState.default('open'),
    }),
    summary: 'Messages between services that could not be handled, newest first',
    description:
      'Each waits for a person: hand it over again once its cause is gone, or dismiss ' +
      'it. `silent` names services that did not answer.',
    links: { getDeadLetter: { id: '$response.body#/items/0/id' } },
  }),
  getDeadLetter: defineRoute({
    method: 'GET',
    path: '/dead-letters/{id}',
    tag: 'system',
    status: 200,
    params: byId,
    response: deadLetterDetail,
    summary: 'One of them, with the message',
  }),
  redriveDeadLetters: defineRoute({
    method: 'POST',
    path: '/dead-letters/redrive',
    tag: 'system',
    status: 200,
    body: z.strictObject({ ids: deadLetterIds }),
    response: z.object({ items: z.array(settledLetter) }),
    summary: 'Hand messages to their reader again',
    description: 'To the one reader that failed, and to no other; what it had done already it does not do twice.',
    examples: { 'one letter': { ids: ['01a1fbd7-c04b-718d-89fc-06181ab1a4b8'] } },
  }),
  dismissDeadLetters: defineRoute({
    method: 'POST',
    path: '/dead-letters/dismiss',
    tag: 'system',
    status: 200,
    body: z.strictObject({ ids: deadLetterIds }),
    response: z.object({ items: z.array(settledLetter) }),
    summary: 'Say that messages need not be handled',
    examples: { 'one letter': { ids: ['01a1fbd7-c04b-718d-89fc-06181ab1a4b8'] } },
  }),

  listWorkflows: defineRoute({
    method: 'GET',
    path: '/workflows',
    tag: 'workflows',
    status: 200,
    response: pageOf(workflowSummary),
    query: z.strictObject(pageQuery),
    summary: 'What can be made, and which card can make it now',
    description:
      'By name. Cards are judged by the standard preset: ready, or what is ' +
      'missing with where it belongs and where to get it.',
    links: { getWorkflow: { name: '$response.body#/items/0/name' } },
  }),
  getWorkflow: defineRoute({
    method: 'GET',
    path: '/workflows/{name}',
    tag: 'workflows',
    status: 200,
    params: z.strictObject({ name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,99}$/) }),
    response: workflowView,
    summary: 'One workflow: parameters, presets, needs, fallbacks, and which card can run it now',
  }),

  createProject: defineRoute({
    method: 'POST',
    path: '/projects',
    tag: 'projects',
    status: 201,
    body: createProjectBody,
    response: projectView,
    idempotent: true,
    summary: 'Create a project',
    examples: { 'a project': { name: 'Night Train', description: 'Six episodes on the last sleeper to the coast' } },
  }),
  listProjects: defineRoute({
    method: 'GET',
    path: '/projects',
    tag: 'projects',
    status: 200,
    response: pageOf(projectView),
    query: z.strictObject({ ...pageQuery, include_archived: flag.optional() }),
    summary: 'Projects, newest first',
  }),
  getProject: defineRoute({
    method: 'GET',
    path: '/projects/{id}',
    tag: 'projects',
    status: 200,
    params: byId,
    response: projectView,
    summary: 'One project',
  }),
  updateProject: defineRoute({
    method: 'PATCH',
    path: '/projects/{id}',
    tag: 'projects',
    status: 200,
    params: byId,
    body: updateProjectBody,
    response: projectView,
    refusals: [409],
    summary: 'Change a project',
    examples: { 'another policy': { gate_policy: 'advise' } },
  }),
  archiveProject: defineRoute({
    method: 'DELETE',
    path: '/projects/{id}',
    tag: 'projects',
    status: 200,
    params: byId,
    response: projectView,
    summary: 'Archive a project; nothing is deleted',
  }),

  createCharacter: defineRoute({
    method: 'POST',
    path: '/projects/{id}/characters',
    tag: 'characters',
    status: 201,
    params: byId,
    body: createCharacterBody,
    response: characterView,
    idempotent: true,
    summary: 'Create a character in a project',
    examples: {
      'a character': {
        name: 'Mio',
        base_prompt: '1girl, short silver hair, green eyes, conductor uniform',
        negative_tokens: ['long hair'],
      },
    },
  }),
  listProjectCharacters: defineRoute({
    method: 'GET',
    path: '/projects/{id}/characters',
    tag: 'characters',
    status: 200,
    params: byId,
    response: pageOf(characterView),
    query: z.strictObject({ ...pageQuery, include_archived: flag.optional() }),
    summary: 'Characters of one project',
  }),
  listCharacters: defineRoute({
    method: 'GET',
    path: '/characters',
    tag: 'characters',
    status: 200,
    response: pageOf(characterView),
    query: z.strictObject({ ...pageQuery, project_id: uuid.optional(), include_archived: flag.optional() }),
    summary: 'Characters, newest first',
  }),
  getCharacter: defineRoute({
    method: 'GET',
    path: '/characters/{id}',
    tag: 'characters',
    status: 200,
    params: byId,
    response: characterView,
    summary: 'One character',
  }),
  updateCharacter: defineRoute({
    method: 'PATCH',
    path: '/characters/{id}',
    tag: 'characters',
    status: 200,
    params: byId,
    body: updateCharacterBody,
    response: characterView,
    refusals: [409],
    summary: 'Change a character',
    examples: { 'another look': { base_prompt: '1girl, short silver hair, green eyes, winter coat' } },
  }),
  archiveCharacter: defineRoute({
    method: 'DELETE',
    path: '/characters/{id}',
    tag: 'characters',
    status: 200,
    params: byId,
    response: characterView,
    summary: 'Archive a character; nothing is deleted',
  }),

  generate: defineRoute({
    method: 'POST',
    path: '/generate',
    tag: 'jobs',
    status: 202,
    body: z.union([generateRequest, shortGenerateRequest]),
    response: jobAccepted,
    idempotent: true,
    refusals: [404, 409, 429],
    summary: 'Ask for pictures or films',
    examples: {
      'the short form': { type: 'image', prompt: 'a girl on a night train, rain on the window', quality: 'low' },
      'four pictures in a project': {
        project_id: '01a1fbd7-c04b-718d-89fc-06181ab1a4b8',
        job_type: 'still_image',
        prompt: 'a girl on a night train, rain on the window',
        preset: 'standard',
        width: 512,
        height: 768,
        count: 4,
        seed: 42,
      },
      'a loop with a LoRA': {
        project_id: '01a1fbd7-c04b-718d-89fc-06181ab1a4b8',
        job_type: 'animation_loop',
        prompt: 'a girl on a night train, rain on the window',
        preset: 'draft',
        frame_count: 16,
        fps: 8,
        lora_models: [{ name: 'style.safetensors', strength: 0.8 }],
      },
    },
    links: ofJob('$response.body#/job_id'),
    description:
      'Answers at once with the job, an estimate and the address of its live feed. The short form ' +
      '{"type":"image","prompt":"…","quality":"low"} works too. With `time_budget_seconds` or `deadline_at` the best ' +
      'that is ready by then is made, and `given_up` says what that costs; with `strict_deadline` a request that ' +
      'cannot be ready in time is refused (409 `deadline_impossible`) with the earliest time.',
    problems: { 409: generateConflict },
  }),
  estimate: defineRoute({
    method: 'POST',
    path: '/estimate',
    tag: 'jobs',
    status: 200,
    body: z.union([generateRequest, shortGenerateRequest]),
    response: estimateAnswer,
    refusals: [404, 409],
    summary: 'When a request would be ready, with each preset; nothing is made',
    examples: {
      'the short form': { type: 'image', prompt: 'a girl on a night train, rain on the window', quality: 'final' },
      'within a minute': {
        project_id: '01a1fbd7-c04b-718d-89fc-06181ab1a4b8',
        job_type: 'still_image',
        prompt: 'a girl on a night train, rain on the window',
        time_budget_seconds: 60,
      },
    },
    description:
      'The body of POST /generate, refused for the same reasons, but for a full queue and for a strict deadline, of ' +
      'which `refusal` speaks. For each preset: when it would ' +
      'start and be ready, on which card, and where the numbers come from. `chosen` is what POST /generate would make.',
  }),
  listJobs: defineRoute({
    method: 'GET',
    path: '/jobs',
    tag: 'jobs',
    status: 200,
    response: pageOf(jobSummary),
    query: z.strictObject({
      ...pageQuery,
      project_id: uuid.optional(),
      state: jobState.optional(),
      type: jobType.optional(),
      gpu: gpuName.optional(),
    }),
    summary: 'Jobs, newest first',
  }),
  getJob: defineRoute({
    method: 'GET',
    path: '/jobs/{id}',
    aliases: ['/job/{id}'],
    tag: 'jobs',
    status: 200,
    params: byId,
    response: jobView,
    summary: 'One job with its progress, tasks and attempts',
  }),
  explainJob: defineRoute({
    method: 'GET',
    path: '/jobs/{id}/explain',
    tag: 'jobs',
    status: 200,
    params: byId,
    response: jobExplanation,
    summary: 'Why it waits, what is before it, on which card and why, and what would make it ready sooner',
    description:
      'Of a job that runs or is over: what goes on, or what happened. Everything is from what was read of the queue ' +
      'and the cards at this moment; `sooner` was planned with each change.',
  }),
  listJobDecisions: defineRoute({
    method: 'GET',
    path: '/jobs/{id}/decisions',
    tag: 'jobs',
    status: 200,
    params: byId,
    query: z.strictObject(decisionsQuery),
    response: pageOf(jobDecision),
    summary: 'What the planner decided about the job, and whether it would decide so again',
    description:
      'Newest first: which card was chosen for which of its tasks, and what each other card made of it then. For ' +
      'each the planner runs again on what it was given, and `replay` says whether it comes to the same. Decisions ' +
      'of before they were kept, or from too long ago, are not listed.',
  }),
  cancelJob: defineRoute({
    method: 'POST',
    path: '/jobs/{id}/cancel',
    tag: 'jobs',
    status: 200,
    params: byId,
    response: jobView,
    refusals: [409, 413, 415],
    body: z.strictObject({ reason: text(500).default('') }),
    bodyOptional: true,
    summary: 'Cancel a job that has not ended',
    examples: { 'with a reason': { reason: 'the character looked the wrong way' } },
  }),
  changeJob: defineRoute({
    method: 'PATCH',
    path: '/jobs/{id}',
    tag: 'jobs',
    status: 200,
    params: byId,
    body: changeJobBody,
    response: jobView,
    refusals: [409],
    summary: 'Another priority or deadline for a job that has not ended',
    examples: { urgent: { priority: 'urgent' }, 'no deadline': { deadline_at: null } },
    description: 'An order by hand among jobs holds within a priority, so it ends for a job that gets another one.',
  }),
  pauseJob: defineRoute({
    method: 'POST',
    path: '/jobs/{id}/pause',
    tag: 'jobs',
    status: 200,
    params: byId,
    body: steeringBody,
    bodyOptional: true,
    response: jobView,
    refusals: [409, 413, 415],
    summary: 'Start nothing more of a job; what runs ends',
    examples: { 'with a reason': { who: 'Ada', reason: 'the reference is being redrawn' } },
  }),
  resumeJob: defineRoute({
    method: 'POST',
    path: '/jobs/{id}/resume',
    tag: 'jobs',
    status: 200,
    params: byId,
    body: resumeBody,
    bodyOptional: true,
    response: jobView,
    refusals: [409, 413, 415],
    summary: 'Go on with a paused job, at its old place in line',
    examples: { 'in a name': { who: 'Ada' } },
  }),
  retryJob: defineRoute({
    method: 'POST',
    path: '/jobs/{id}/retry',
    tag: 'jobs',
    status: 202,
    params: byId,
    body: z.strictObject({}),
    bodyOptional: true,
    response: jobView,
    idempotent: true,
    refusals: [409, 413, 415, 429],
    summary: 'Ask again for what a job that ended did not bring',
    examples: { again: {} },
    description:
      'Answers with a new job, whose `retry_of` is the old one: that has ended, and its history stays as it is. The ' +
      'new one makes what is missing, with the same seeds; with new ones where quality rejected what the old made.',
  }),
  listJobArtifacts: defineRoute({
    method: 'GET',
    path: '/jobs/{id}/artifacts',
    tag: 'jobs',
    status: 200,
    params: byId,
    query: z.strictObject(pageQuery),
    response: pageOf(artifactView),
    summary: 'Files that the job produced',
    links: Object.fromEntries(
      ['getArtifact', 'getArtifactContent', 'getArtifactThumbnail'].map((name) => [
        name,
        { id: '$response.body#/items/0/id' },
      ]),
    ),
  }),
  listJobEvents: defineRoute({
    method: 'GET',
    path: '/jobs/{id}/events',
    tag: 'jobs',
    status: 200,
    params: byId,
    response: jobEventsPage,
    query: z.strictObject({ after: wholeNumber(0, 2 ** 31 - 1).default(0), limit: wholeNumber(1, 1000).default(200) }),
    summary: 'Everything that happened to the job, numbered without gaps',
  }),
  listJobParams: defineRoute({
    method: 'GET',
    path: '/jobs/{id}/params',
    tag: 'jobs',
    status: 200,
    params: byId,
    query: z.strictObject(pageQuery),
    response: pageOf(jobParamsView),
    summary: 'The exact graph and parameters of every attempt, oldest first',
  }),
  getJobQuality: defineRoute({
    method: 'GET',
    path: '/jobs/{id}/quality',
    tag: 'jobs',
    status: 200,
    params: byId,
    query: z.strictObject(pageQuery),
    response: jobQualityView,
    summary: 'Scores and verdicts of every attempt, oldest first',
  }),

  calibrateGpu: defineRoute({
    method: 'POST',
    path: '/gpus/{name}/calibrate',
    tag: 'gpus',
    status: 202,
    params: z.strictObject({ name: gpuName }),
    body: z.strictObject({ workflow: workflowName.optional() }),
    bodyOptional: true,
    response: calibrationStarted,
    idempotent: true,
    refusals: [404, 409, 413, 415, 429],
    summary: 'Measure a card with a few light prompts for each workflow and model',
    description:
      'Estimates for what the card was never seen to make rest on it. The jobs are for that card alone, begin only ' +
      'when nothing else waits for it, are not judged, and are cancelled like any other.',
    examples: { 'one workflow': { workflow: 'anime-still-sd15' } },
    links: { getJob: { id: '$response.body#/jobs/0/job_id' }, cancelJob: { id: '$response.body#/jobs/0/job_id' } },
  }),
  listGpus: defineRoute({
    method: 'GET',
    path: '/gpus',
    tag: 'gpus',
    status: 200,
    query: z.strictObject(pageQuery),
    response: pageOf(gpuDetailView),
    summary: 'The cards in the order of the configuration: state, memory, claims, what runs and what comes next',
  }),
  getGpu: defineRoute({
    method: 'GET',
    path: '/gpus/{name}',
    tag: 'gpus',
    status: 200,
    params: byName,
    response: gpuDetailView,
    summary: 'One card',
  }),
  drainGpu: defineRoute({
    method: 'POST',
    path: '/gpus/{name}/drain',
    tag: 'gpus',
    status: 200,
    params: byName,
    body: steeringBody,
    bodyOptional: true,
    response: gpuDetailView,
    refusals: [413, 415],
    summary: 'Take a card out of use: what runs ends, nothing new starts, until it is resumed',
    examples: { 'with a reason': { who: 'Ada', reason: 'a new fan' } },
  }),
  resumeGpu: defineRoute({
    method: 'POST',
    path: '/gpus/{name}/resume',
    tag: 'gpus',
    status: 200,
    params: byName,
    body: resumeBody,
    bodyOptional: true,
    response: gpuDetailView,
    refusals: [413, 415],
    summary: 'Use a drained card again',
    examples: { 'in a name': { who: 'Ada' } },
  }),
  claimGpuMemory: defineRoute({
    method: 'POST',
    path: '/gpus/{name}/claims',
    tag: 'gpus',
    status: 201,
    params: byName,
    body: claimBody,
    response: claimView,
    idempotent: true,
    refusals: [409],
    summary: "Another program's claim on memory of the card, for a time",
    examples: { 'an hour of Blender': { megabytes: 6_000, seconds: 3_600, who: 'Blender' } },
    description:
      'Models are unloaded once nothing runs there, and until it ends nothing is started that does not fit beside ' +
      'it. It ends by itself. The next tick of the scheduler sees it; what runs at that moment is not stopped.',
  }),
  releaseGpuClaims: defineRoute({
    method: 'DELETE',
    path: '/gpus/{name}/claims',
    tag: 'gpus',
    status: 200,
    params: byName,
    query: z.strictObject({ who: line(100).optional() }),
    response: releasedView,
    summary: 'End all claims on a card, or all of one program; those that have ended already are not named',
  }),
  releaseGpuClaim: defineRoute({
    method: 'DELETE',
    path: '/gpus/{name}/claims/{id}',
    tag: 'gpus',
    status: 200,
    params: byName.extend({ id: uuid }),
    response: claimView,
    summary: 'End a claim; ending it twice is the same as once',
  }),

  orderQueue: defineRoute({
    method: 'POST',
    path: '/queue/order',
    tag: 'queue',
    status: 200,
    body: queueOrderBody,
    response: queueOrderView,
    refusals: [404, 409],
    summary: 'A job before or after another one of its priority, whatever the planner would do',
    examples: {
      'before another': {
        job_id: '01a1fbd7-c04b-718d-89fc-06181ab1a4b8',
        before: '01a1fbd7-c04b-718d-89fc-06181ab1a4b9',
      },
    },
    description: 'Holds until one of the two is over, or has another priority, or it is taken back.',
  }),
  withdrawOrder: defineRoute({
    method: 'DELETE',
    path: '/queue/order/{id}',
    tag: 'queue',
    status: 200,
    params: byId,
    response: withdrawnOrdersView,
    summary: 'Take back what was ordered of a job by hand; twice is the same as once',
    description:
      'All orders by which this job was moved; those by which others were moved before or after it still hold. The ' +
      'planner decides again from its next look on.',
  }),
  pauseQueue: defineRoute({
    method: 'POST',
    path: '/queue/pause',
    tag: 'queue',
    status: 200,
    body: steeringBody,
    bodyOptional: true,
    response: queuePauseView,
    refusals: [413, 415],
    summary: 'Start nothing new on any card; what runs ends',
    examples: { 'with a reason': { who: 'Ada', reason: 'a quiet evening' } },
  }),
  resumeQueue: defineRoute({
    method: 'POST',
    path: '/queue/resume',
    tag: 'queue',
    status: 200,
    body: resumeBody,
    bodyOptional: true,
    response: queuePauseView,
    refusals: [413, 415],
    summary: 'Serve the queue again',
    examples: { 'in a name': { who: 'Ada' } },
  }),

  getArtifact: defineRoute({
    method: 'GET',
    path: '/artifacts/{id}',
    tag: 'artifacts',
    status: 200,
    params: byId,
    response: artifactView,
    summary: 'One file, described',
  }),
  getArtifactContent: defineRoute({
    method: 'GET',
    path: '/artifacts/{id}/content',
    tag: 'artifacts',
    status: 200,
    params: byId,
    response: { bytes: [...artifactMediaTypes] },
    refusals: [206, 304, 410, 416],
    summary: 'The bytes; Range and ETag (sha256) are understood',
  }),
  getArtifactThumbnail: defineRoute({
    method: 'GET',
    path: '/artifacts/{id}/thumbnail',
    tag: 'artifacts',
    status: 200,
    params: byId,
    response: { bytes: ['image/webp'] },
    refusals: [206, 304, 410, 416],
    summary: 'A small WebP of the file; of a film its middle frame',
  }),

  createUpload: defineRoute({
    method: 'POST',
    path: '/uploads',
    tag: 'uploads',
    status: 201,
    file: uploadMediaTypes,
    response: uploadView,
    refusals: [422],
    summary: 'Send a picture or a film, for use wherever the id of an artifact may be',
    description:
      `The bytes as they are, or a form with the one field \`file\`; at most ${maxUploadBytes / 1024 ** 2} MiB, and ` +
      `${maxUploadPixels} pixels a frame, sent within 30 seconds. PNG, JPEG, WebP, GIF, MP4, QuickTime, WebM and ` +
      'Matroska are taken; which of them it is, the bytes say, and neither Content-Type nor a file name. All of it ' +
      'is decoded before it is kept. The same bytes have the same id. What no job names is deleted after a time, ' +
      'which `expires_at` says.',
    links: { getUpload: { id: '$response.body#/id' }, getUploadMetadata: { id: '$response.body#/id' } },
  }),
  getUpload: defineRoute({
    method: 'GET',
    path: '/uploads/{id}',
    tag: 'uploads',
    status: 200,
    params: byId,
    response: uploadView,
    summary: 'One uploaded file, described',
  }),
  getUploadContent: defineRoute({
    method: 'GET',
    path: '/uploads/{id}/content',
    tag: 'uploads',
    status: 200,
    params: byId,
    response: { bytes: [...artifactMediaTypes, 'application/octet-stream'] },
    refusals: [206, 304, 410, 416],
    summary: 'The bytes; Range and ETag (sha256) are understood',
  }),
  getUploadThumbnail: defineRoute({
    method: 'GET',
    path: '/uploads/{id}/thumbnail',
    tag: 'uploads',
    status: 200,
    params: byId,
    response: { bytes: ['image/webp'] },
    refusals: [206, 304, 410, 416],
    summary: 'A small WebP of the file; of a film its first frame',
  }),
  getUploadMetadata: defineRoute({
    method: 'GET',
    path: '/uploads/{id}/metadata',
    tag: 'uploads',
    status: 200,
    params: byId,
    response: uploadMetadata,
    refusals: [410],
    summary:
      'What the file says of how it was made: the graphs that ComfyUI embeds in PNG files, and what they ask for',
    description:
      'Anybody may have written it into the file: nothing of it was checked. `request` holds what can be told in the ' +
      'fields of `POST /generate`. Of files in other formats only `artifact_id` and `job_id` are told.',
  }),
} as const;

export type Routes = typeof routes;
