import type { ModelInventory } from '../object-info/node-registry';

/** What a simulated card has installed unless told otherwise. GGUF files stand apart, as their pack lists them. */
const defaultInventory: ModelInventory = {
  checkpoints: ['anime_sd15.safetensors', 'anime_sdxl.safetensors'],
  configs: [
    'anything_v3.yaml',
    'v1-inference.yaml',
    'v1-inference_clip_skip_2.yaml',
    'v1-inference_clip_skip_2_fp16.yaml',
    'v1-inference_fp16.yaml',
    'v1-inpainting-inference.yaml',
    'v2-inference-v.yaml',
    'v2-inference-v_fp32.yaml',
    'v2-inference.yaml',
    'v2-inference_fp32.yaml',
    'v2-inpainting-inference.yaml',
  ],
  loras: [
    'ip-adapter-faceid-plusv2_sd15_lora.safetensors',
    'ip-adapter-faceid-plusv2_sdxl_lora.safetensors',
    'ip-adapter-faceid_sd15_lora.safetensors',
    'style.safetensors',
  ],
  vae: [
    'sdxl_vae_fp16_fix.safetensors',
    'vae-ft-mse-840000-ema-pruned.safetensors',
    'wan2.2_vae.safetensors',
    'wan_2.1_vae.safetensors',
  ],
  text_encoders: [
    'clip_g.safetensors',
    'clip_l.safetensors',
    't5xxl_fp8_e4m3fn.safetensors',
    'umt5_xxl_fp8_e4m3fn_scaled.safetensors',
  ],
  clip_gguf: ['t5xxl.gguf', 'umt5-xxl-encoder-Q5_K_M.gguf'],
  diffusion_models: [
    'wan2.1_flf2v_720p_14B_fp8_e4m3fn.safetensors',
    'wan2.1_i2v_480p_14B_fp8_e4m3fn.safetensors',
    'wan2.1_t2v_1.3B_fp16.safetensors',
    'wan2.2_i2v_high_noise_14B_fp8_scaled.safetensors',
    'wan2.2_i2v_low_noise_14B_fp8_scaled.safetensors',
    'wan2.2_t2v_high_noise_14B_fp8_scaled.safetensors',
    'wan2.2_t2v_low_noise_14B_fp8_scaled.safetensors',
    'wan2.2_ti2v_5B_fp16.safetensors',
  ],
  unet_gguf: [
    'Wan2.2-I2V-A14B-HighNoise-Q4_K_M.gguf',
    'Wan2.2-I2V-A14B-LowNoise-Q4_K_M.gguf',
    'Wan2.2-T2V-A14B-HighNoise-Q4_K_M.gguf',
    'Wan2.2-T2V-A14B-LowNoise-Q4_K_M.gguf',
    'wan2.1-flf2v-14b-720p-Q4_K_M.gguf',
    'wan2.1-i2v-14b-480p-Q4_K_M.gguf',
    'wan2.1-i2v-14b-480p-Q5_K_M.gguf',
  ],
  clip_vision: [
    'CLIP-ViT-H-14-laion2B-s32B-b79K.safetensors',
    'CLIP-ViT-bigG-14-laion2B-39B-b160k.safetensors',
    'clip_vision_h.safetensors',
  ],
  controlnet: [
    'control_v11f1p_sd15_depth_fp16.safetensors',
    'control_v11p_sd15_openpose_fp16.safetensors',
    'control_v11p_sd15s2_lineart_anime_fp16.safetensors',
  ],
  ipadapter: [
    'ip-adapter-faceid-plusv2_sd15.bin',
    'ip-adapter-faceid-plusv2_sdxl.bin',
    'ip-adapter-faceid_sd15.bin',
    'ip-adapter-full-face_sd15.safetensors',
    'ip-adapter-plus-face_sd15.safetensors',
    'ip-adapter-plus-face_sdxl_vit-h.safetensors',
    'ip-adapter-plus_sd15.safetensors',
    'ip-adapter-plus_sdxl_vit-h.safetensors',
    'ip-adapter_sd15.safetensors',
    'ip-adapter_sdxl_vit-h.safetensors',
  ],
  animatediff_models: ['mm_sd_v15_v2.ckpt', 'v3_sd15_mm.ckpt'],
  animatediff_motion_lora: ['v2_lora_PanLeft.ckpt', 'v2_lora_ZoomIn.ckpt'],
  CogVideo: [
    'CogVideoX_5b_GGUF_Q4_0.safetensors',
    'CogVideoX_5b_I2V_GGUF_Q4_0.safetensors',
    'THUDM/CogVideoX-2b',
    'THUDM/CogVideoX-5b',
    'THUDM/CogVideoX-5b-I2V',
  ],
  upscale_models: ['RealESRGAN_x4plus_anime_6B.pth', 'tiny_x4.safetensors'],
};

/** @param left `folder/file` for one model, `folder` for all of a folder */
export function inventoryWithout(left: readonly string[]): ModelInventory {
  return Object.fromEntries(
    Object.entries(defaultInventory).map(([folder, files]) => [
      folder,
      left.includes(folder) ? [] : files.filter((file) => !left.includes(`${folder}/${file}`)),
    ]),
  );
}

/** How a card's files differ from the usual ones. */
interface InventoryWishes {
  /** `folder/file` for one model, `folder` for all of a folder. */
  readonly without?: readonly string[];
  /** `folder/file`, with `/` between sub-folders. */
  readonly files?: readonly string[];
  /** Lists files with the separator of Windows, as a server there does, and takes no other. */
  readonly windows?: boolean;
}

/** The recorded server without packs had no control networks either; those came with the rest. */
export function inventoryOf(
  hasPacks: boolean,
  { without = [], files = [], windows = false }: InventoryWishes = {},
): ModelInventory {
  const inventory = inventoryWithout(hasPacks ? without : [...without, 'controlnet']);
  const added = files.map((file) => [file.slice(0, file.indexOf('/')), file.slice(file.indexOf('/') + 1)] as const);
  const folders = new Set([...Object.keys(inventory), ...added.map(([folder]) => folder)]);
  const spelled = (file: string): string => (windows ? file.replaceAll('/', '\\') : file);
  return Object.fromEntries(
    [...folders].map((folder) => [
      folder,
      [...(inventory[folder] ?? []), ...added.filter(([of]) => of === folder).map(([, file]) => file)].map(spelled),
    ]),
  );
}
