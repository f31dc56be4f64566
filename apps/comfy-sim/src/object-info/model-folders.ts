import type { GenerationId } from '../generation';

const oldest = [
  'checkpoints',
  'configs',
  'loras',
  'vae',
  'text_encoders',
  'diffusion_models',
  'clip_vision',
  'style_models',
  'embeddings',
  'diffusers',
  'vae_approx',
  'controlnet',
  'gligen',
  'upscale_models',
];
const later = ['hypernetworks', 'photomaker', 'classifiers', 'model_patches', 'audio_encoders'];

/** The model folders a fresh server lists, in its order. */
export const modelFolders: Record<GenerationId, readonly string[]> = {
  '0.3.64': [...oldest, 'custom_nodes', ...later],
  '0.33': [
    ...oldest,
    'latent_upscale_models',
    'custom_nodes',
    'datasets',
    ...later,
    'background_removal',
    'frame_interpolation',
    'geometry_estimation',
    'optical_flow',
    'detection',
  ],
};

/** What the packs add behind them. */
export const packFolders: readonly string[] = [
  'animatediff_models',
  'animatediff_motion_lora',
  'ipadapter',
  'unet_gguf',
  'clip_gguf',
  'cogvideox_loras',
];
