import { maxFilmCommentBytes } from '@tower/imaging';
import type { Gpu } from '../cards/card.entity';
import type { Attempt } from '../jobs/attempt.entity';
import type { GenerationParams } from '../jobs/generation-params.entity';
import type { Job } from '../jobs/job.entity';
import type { Stored } from './output-store';

/**
 * What only storing knows: the digest of the file as the card gave it, and whether the container itself carries the
 * provenance.
 */
export interface StoredFile extends Stored {
  sourceSha256: string;
  carriesProvenance: boolean;
}

/**
 * The file beside each artifact: everything that is needed to know, and one day repeat, how it was made. Seconds and
 * instants as measured.
 */
export const toSidecar = (
  job: Job,
  attempt: Attempt,
  params: GenerationParams,
  gpu: Gpu,
  file: StoredFile,
  towerVersion: string,
) => ({
  tower: towerVersion,
  artifact: {
    sha256: file.sha256,
    bytes: file.bytes,
    media_type: file.mediaType,
    width: file.width,
    height: file.height,
    ...(file.frames === null
      ? {}
      : {
          frames: file.frames,
          fps: file.fps,
          duration_seconds: file.durationSeconds,
          sound: file.sound,
          source_sha256: file.sourceSha256,
          provenance_in_container: file.carriesProvenance,
        }),
  },
  simulated: gpu.inventory?.simulated ?? false,
  ...provenance(job, attempt, params, gpu),
});

/**
 * The same inside a film's container; its digest cannot be a part of itself. ComfyUI's own readers look for the graph
 * under `prompt`; one that is too large for a container is left to the sidecar.
 */
export const toFilmComment = (
  job: Job,
  attempt: Attempt,
  params: GenerationParams,
  gpu: Gpu,
  towerVersion: string,
): string => {
  const { workflow, ...rest } = provenance(job, attempt, params, gpu);
  const { graph, ...facts } = workflow;
  const tower = { version: towerVersion, simulated: gpu.inventory?.simulated ?? false, ...rest, workflow: facts };
  const whole = JSON.stringify({ tower, prompt: graph });
  return Buffer.byteLength(whole) <= maxFilmCommentBytes
    ? whole
    : JSON.stringify({
        tower: { ...tower, workflow: { name: facts.name, version: facts.version, graph_sha256: facts.graph_sha256 } },
      });
};

const provenance = (job: Job, attempt: Attempt, params: GenerationParams, gpu: Gpu) => ({
  job: {
    id: job.id,
    project_id: job.projectId,
    type: job.jobType,
    preset: job.preset,
    prompt: job.prompt,
    negative_prompt: job.negativePrompt,
    dynamic_prompts: job.dynamicPrompts,
    character_ids: job.characterIds,
    requested_at: job.createdAt,
  },
  attempt: {
    id: attempt.id,
    n: attempt.n,
    prompt_id: attempt.promptId,
    seed: attempt.seed,
    dispatched_at: attempt.dispatchedAt,
    ended_at: attempt.endedAt,
    seconds: attempt.seconds,
    plan: params.plan,
    recovery: attempt.recovery,
  },
  gpu: {
    name: gpu.name,
    device: params.device,
    comfyui_version: params.comfyuiVersion,
    pytorch_version: params.pytorchVersion,
  },
  workflow: {
    name: params.workflow,
    version: params.workflowVersion,
    graph_sha256: params.graphSha256,
    parameters: params.parameters,
    prompt_choices: params.promptChoices,
    parts: params.parts,
    graph: params.graph,
  },
  inputs: job.images,
});
