import type { Graph } from './comfy-client';

/** Light graphs of nodes that every server has. */
export const picture = (
  prefix: string,
  more: { size?: number; colour?: number; batch?: number; nonce?: string } = {},
): Graph => ({
  1: {
    class_type: 'EmptyImage',
    inputs: { width: more.size ?? 64, height: more.size ?? 64, batch_size: more.batch ?? 1, color: more.colour ?? 0 },
  },
  2: {
    class_type: 'SaveImage',
    inputs: { images: ['1', 0], filename_prefix: prefix, ...(more.nonce === undefined ? {} : { _nonce: more.nonce }) },
  },
});

/** Validates, and fails when it runs: an unknown input that is linked. */
export const failing = (prefix: string): Graph => ({
  1: { class_type: 'EmptyImage', inputs: { width: 16, height: 16, batch_size: 1, color: 0 } },
  2: { class_type: 'SaveImage', inputs: { images: ['1', 0], filename_prefix: prefix, bogus: ['1', 0] } },
});

export const scaled = (prefix: string, from: number, to: number): Graph => ({
  1: { class_type: 'EmptyImage', inputs: { width: from, height: from, batch_size: 1, color: 8421504 } },
  3: {
    class_type: 'ImageScale',
    inputs: { image: ['1', 0], upscale_method: 'area', width: to, height: to, crop: 'disabled' },
  },
  2: { class_type: 'SaveImage', inputs: { images: ['3', 0], filename_prefix: prefix } },
});

export const sampled = (prefix: string, checkpoint: string, more: { steps?: number; seed?: number } = {}): Graph => ({
  1: { class_type: 'CheckpointLoaderSimple', inputs: { ckpt_name: checkpoint } },
  4: { class_type: 'CLIPTextEncode', inputs: { clip: ['1', 1], text: 'a tower at dusk' } },
  5: { class_type: 'CLIPTextEncode', inputs: { clip: ['1', 1], text: 'lowres' } },
  9: { class_type: 'EmptyLatentImage', inputs: { width: 64, height: 64, batch_size: 1 } },
  10: {
    class_type: 'KSampler',
    inputs: {
      model: ['1', 0],
      seed: more.seed ?? 1,
      steps: more.steps ?? 2,
      cfg: 6,
      sampler_name: 'euler',
      scheduler: 'normal',
      positive: ['4', 0],
      negative: ['5', 0],
      latent_image: ['9', 0],
      denoise: 1,
    },
  },
  11: { class_type: 'VAEDecode', inputs: { samples: ['10', 0], vae: ['1', 2] } },
  12: { class_type: 'SaveImage', inputs: { images: ['11', 0], filename_prefix: prefix } },
});
