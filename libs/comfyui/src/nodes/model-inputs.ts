export type FolderByInput = Readonly<Record<string, string>>;

export const clips = (count: number): FolderByInput =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`clip_name${index + 1}`, 'text_encoders']));

/**
 * Which inputs name a file in a folder below `models`, by class. Lists of files that a pack fetches by itself are not
 * among them.
 */
export const modelInputs: Readonly<Record<string, FolderByInput | undefined>> = {
  CheckpointLoaderSimple: { ckpt_name: 'checkpoints' },
  CheckpointLoader: { ckpt_name: 'checkpoints' },
  ImageOnlyCheckpointLoader: { ckpt_name: 'checkpoints' },
  unCLIPCheckpointLoader: { ckpt_name: 'checkpoints' },
  LoraLoader: { lora_name: 'loras' },
  LoraLoaderModelOnly: { lora_name: 'loras' },
  VAELoader: { vae_name: 'vae' },
  UNETLoader: { unet_name: 'diffusion_models' },
  UnetLoaderGGUF: { unet_name: 'diffusion_models' },
  UnetLoaderGGUFAdvanced: { unet_name: 'diffusion_models' },
  CLIPLoader: { clip_name: 'text_encoders' },
  CLIPLoaderGGUF: { clip_name: 'text_encoders' },
  DualCLIPLoader: clips(2),
  DualCLIPLoaderGGUF: clips(2),
  TripleCLIPLoader: clips(3),
  TripleCLIPLoaderGGUF: clips(3),
  QuadrupleCLIPLoader: clips(4),
  CLIPVisionLoader: { clip_name: 'clip_vision' },
  ControlNetLoader: { control_net_name: 'controlnet' },
  DiffControlNetLoader: { control_net_name: 'controlnet' },
  StyleModelLoader: { style_model_name: 'style_models' },
  GLIGENLoader: { gligen_name: 'gligen' },
  HypernetworkLoader: { hypernetwork_name: 'hypernetworks' },
  PhotoMakerLoader: { photomaker_model_name: 'photomaker' },
  AudioEncoderLoader: { audio_encoder_name: 'audio_encoders' },
  UpscaleModelLoader: { model_name: 'upscale_models' },
  ADE_AnimateDiffLoaderGen1: { model_name: 'animatediff_models' },
  ADE_LoadAnimateDiffModel: { model_name: 'animatediff_models' },
  ADE_AnimateDiffLoRALoader: { name: 'animatediff_motion_lora' },
  IPAdapterModelLoader: { ipadapter_file: 'ipadapter' },
};
