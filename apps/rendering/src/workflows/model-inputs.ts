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

/** Files of one format that ComfyUI lists under a folder name of their own, though they lie in the same folder. */
const alsoListedAs: Partial<Record<string, string>> = { diffusion_models: 'unet_gguf', text_encoders: 'clip_gguf' };

/** The files in a folder below `models`; undefined while it is unknown. */
export function filesIn(stock: { checkpoints?: readonly string[] | undefined; models?: Readonly<Record<string, readonly string[]>> | undefined }, folder: string): readonly string[] | undefined {
  const own = stock.models?.[folder] ?? (folder === 'checkpoints' ? stock.checkpoints : undefined);
  const more = stock.models?.[alsoListedAs[folder] ?? ''];
  return own === undefined || more === undefined ? own : [...new Set([...own, ...more])];
}
