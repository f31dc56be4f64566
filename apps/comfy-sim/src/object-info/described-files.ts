import { pictureFiles, type ClassFiles, type InputFile, type ModelList } from '../nodes/node-registration';
import { registeredNodes } from '../nodes/registered-nodes';

/**
 * Classes that are described and not run list files too: by the name of the input, unless class and input are named.
 * Classes and inputs as in nodes.py and comfy_extras.
 */
const folderOfInput: Readonly<Record<string, string>> = {
  ckpt_name: 'checkpoints',
  lora_name: 'loras',
  vae_name: 'vae',
  unet_name: 'diffusion_models',
  control_net_name: 'controlnet',
  style_model_name: 'style_models',
  gligen_name: 'gligen',
  hypernetwork_name: 'hypernetworks',
  photomaker_model_name: 'photomaker',
  audio_encoder_name: 'audio_encoders',
  clip_name: 'text_encoders',
  clip_name1: 'text_encoders',
  clip_name2: 'text_encoders',
  clip_name3: 'text_encoders',
  clip_name4: 'text_encoders',
};
const folderOfClassInput: Readonly<Record<string, string>> = {
  'ModelPatchLoader.name': 'model_patches',
  'CogVideoXModelLoader.model': 'diffusion_models',
  'CogVideoXVAELoader.model_name': 'vae',
  'CogVideoLoraSelectComfy.lora': 'loras',
  'CogVideoLoraSelect.lora': 'cogvideox_loras',
};
const animateDiffInput = /^(?:ADE_.*|AnimateDiffLoaderV1)\.(?:model_name|camera_ctrl)$/;
/** Interpolators know their own files by name and fetch them. */
const fetchedInput = / VFI\.ckpt_name$/;

/** The input folder's files, of classes that are described and not run. */
export const describedInputFiles: Readonly<Record<string, InputFile>> = {
  LoadImageMask: { input: 'image', kind: 'image', shows: /./ },
  LoadImageOutput: { input: 'image', kind: 'image', shows: pictureFiles },
  LoadLatent: { input: 'latent', kind: 'latent' },
};

const registered: ReadonlyMap<string, ClassFiles> = new Map(registeredNodes.map((node) => [node.name, node]));

/** Which model files an input lists; undefined where it lists none, or such as its pack knows by itself. */
export function modelListOf(className: string, input: string): ModelList | undefined {
  const known = registered.get(className);
  if (known !== undefined) return known.models?.[input];
  const key = `${className}.${input}`;
  if (fetchedInput.test(key)) return undefined;
  return animateDiffInput.test(key) ? 'animatediff_models' : (folderOfClassInput[key] ?? folderOfInput[input]);
}

export const inputFileOf = (className: string): InputFile | undefined =>
  registered.get(className)?.inputFile ?? describedInputFiles[className];
