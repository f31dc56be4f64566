import type { Gpu } from '../gpus/gpu.entity';
import type { Attempt, GenerationParams, Job } from '../jobs/job.entity';
import type { Stored } from './collector';

/** The file beside each artifact: everything that is needed to know, and one day repeat, how it was made. Seconds and instants as measured. */
export const toSidecar = (job: Job, attempt: Attempt, params: GenerationParams, gpu: Gpu, file: Stored, towerVersion: string) => ({
  tower: towerVersion,
  artifact: { sha256: file.sha256, bytes: file.bytes, media_type: file.mediaType, width: file.width, height: file.height },
  simulated: gpu.inventory?.simulated ?? false,
  job: { id: job.id, project_id: job.projectId, type: job.jobType, preset: job.preset, prompt: job.prompt, negative_prompt: job.negativePrompt, character_ids: job.characterIds, requested_at: job.createdAt },
  attempt: { id: attempt.id, n: attempt.n, prompt_id: attempt.promptId, seed: attempt.seed, dispatched_at: attempt.dispatchedAt, ended_at: attempt.endedAt, seconds: attempt.seconds },
  gpu: { name: gpu.name, device: params.device, comfyui_version: params.comfyuiVersion, pytorch_version: params.pytorchVersion },
  workflow: { name: params.workflow, version: params.workflowVersion, graph_sha256: params.graphSha256, parameters: params.parameters, graph: params.graph },
});
