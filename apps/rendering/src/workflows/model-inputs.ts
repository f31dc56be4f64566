import type { WorkflowGraph } from './workflow-file';
import type { ModelFolder } from './workflow-parameter';

/** Which inputs name a file in a folder below `models`, by class. Lists of files that a pack fetches by itself are not among them. */
export const modelInputs: Readonly<Record<string, Readonly<Record<string, ModelFolder>> | undefined>> = {
  CheckpointLoaderSimple: { ckpt_name: 'checkpoints' },
  LoraLoader: { lora_name: 'loras' },
  LoraLoaderModelOnly: { lora_name: 'loras' },
  VAELoader: { vae_name: 'vae' },
  UNETLoader: { unet_name: 'diffusion_models' },
  UnetLoaderGGUF: { unet_name: 'diffusion_models' },
  CLIPLoader: { clip_name: 'text_encoders' },
  CLIPLoaderGGUF: { clip_name: 'text_encoders' },
  CLIPVisionLoader: { clip_name: 'clip_vision' },
  ControlNetLoader: { control_net_name: 'controlnet' },
  UpscaleModelLoader: { model_name: 'upscale_models' },
  ADE_AnimateDiffLoaderGen1: { model_name: 'animatediff_models' },
};

/** Every model file that a graph names, with its folder. */
export const modelsOf = (graph: WorkflowGraph): { folder: ModelFolder; name: string }[] =>
  Object.values(graph).flatMap(({ class_type: classType, inputs }) =>
    Object.entries(modelInputs[classType] ?? {}).flatMap(([input, folder]) => {
      const name = inputs[input];
      return typeof name === 'string' ? [{ folder, name }] : [];
    }),
  );
