import type { ModelInventory } from '../object-info/node-registry';

const gibibyte = 1024 ** 3;

/**
 * One simulated card. Times are priors for real cards at time scale 1, to be replaced by measured ones; they are the
 * seconds of an SD1.5 checkpoint and of one of its steps at 512×768.
 */
export interface CardProfile {
  readonly id: CardProfileId;
  /** As torch names it; ` (simulated)` is added where clients see it. */
  readonly deviceName: string;
  readonly deviceType: 'cuda' | 'cpu';
  readonly pytorchVersion: string;
  readonly vramBytes: number;
  readonly ramBytes: number;
  /** Bytes the driver and the desktop hold before anything is loaded. */
  readonly idleVramBytes: number;
  /** Bytes per second when a checkpoint comes from disk for the first time, and when the page cache has it. */
  readonly diskBytesPerSecond: number;
  readonly cachedBytesPerSecond: number;
  readonly stepSeconds: number;
  /** Seconds per megapixel. */
  readonly decodeSeconds: number;
  readonly upscaleSeconds: number;
  readonly textEncodeSeconds: number;
}

export type CardProfileId = 'rtx3060' | 'rx9070xt' | 'cpu';

export const cardProfiles: Record<CardProfileId, CardProfile> = {
  rtx3060: {
    id: 'rtx3060', deviceName: 'cuda:0 NVIDIA GeForce RTX 3060 : cudaMallocAsync', deviceType: 'cuda', pytorchVersion: '2.8.0+cu128',
    vramBytes: 12 * gibibyte, ramBytes: 32 * gibibyte, idleVramBytes: 0.4 * gibibyte,
    diskBytesPerSecond: 0.45 * gibibyte, cachedBytesPerSecond: 1.6 * gibibyte,
    stepSeconds: 0.45, decodeSeconds: 1.1, upscaleSeconds: 2.4, textEncodeSeconds: 0.12,
  },
  rx9070xt: {
    id: 'rx9070xt', deviceName: 'cuda:0 AMD Radeon RX 9070 XT : native', deviceType: 'cuda', pytorchVersion: '2.8.0+rocm6.4',
    vramBytes: 16 * gibibyte, ramBytes: 32 * gibibyte, idleVramBytes: 0.6 * gibibyte,
    diskBytesPerSecond: 0.5 * gibibyte, cachedBytesPerSecond: 1.8 * gibibyte,
    stepSeconds: 0.3, decodeSeconds: 1.3, upscaleSeconds: 1.6, textEncodeSeconds: 0.09,
  },
  cpu: {
    id: 'cpu', deviceName: 'cpu', deviceType: 'cpu', pytorchVersion: '2.8.0+cpu',
    vramBytes: 32 * gibibyte, ramBytes: 32 * gibibyte, idleVramBytes: 8 * gibibyte,
    diskBytesPerSecond: 0.4 * gibibyte, cachedBytesPerSecond: 1.5 * gibibyte,
    stepSeconds: 14, decodeSeconds: 18, upscaleSeconds: 60, textEncodeSeconds: 1.5,
  },
};

/** What a simulated card has installed unless told otherwise. */
export const defaultInventory: ModelInventory = {
  checkpoints: ['anime_sd15.safetensors', 'anime_sdxl.safetensors'],
  configs: [
    'anything_v3.yaml', 'v1-inference.yaml', 'v1-inference_clip_skip_2.yaml', 'v1-inference_clip_skip_2_fp16.yaml', 'v1-inference_fp16.yaml',
    'v1-inpainting-inference.yaml', 'v2-inference-v.yaml', 'v2-inference-v_fp32.yaml', 'v2-inference.yaml', 'v2-inference_fp32.yaml',
    'v2-inpainting-inference.yaml',
  ],
  loras: ['style.safetensors'],
  vae: ['wan2.2_vae.safetensors', 'wan_2.1_vae.safetensors'],
  text_encoders: ['clip_g.safetensors', 'clip_l.safetensors', 't5xxl_fp8_e4m3fn.safetensors', 'umt5_xxl_fp8_e4m3fn_scaled.safetensors'],
  diffusion_models: [
    'wan2.1_flf2v_720p_14B_fp8_e4m3fn.safetensors', 'wan2.1_i2v_480p_14B_fp8_e4m3fn.safetensors', 'wan2.1_t2v_1.3B_fp16.safetensors',
    'wan2.2_i2v_high_noise_14B_fp8_scaled.safetensors', 'wan2.2_i2v_low_noise_14B_fp8_scaled.safetensors', 'wan2.2_ti2v_5B_fp16.safetensors',
  ],
  clip_vision: ['clip_vision_h.safetensors'],
  upscale_models: ['RealESRGAN_x4plus_anime_6B.pth', 'tiny_x4.safetensors'],
};
