import { dict, isDict, type PyDict, type PyValue } from '../python/values';

/** Inputs of the core picture nodes that have a tooltip, and what it says where that is known. */
const tooltips: Record<string, Record<string, string> | undefined> = {
  CheckpointLoaderSimple: { ckpt_name: 'The name of the checkpoint (model) to load.' },
  CLIPTextEncode: { text: '…', clip: '…' },
  EmptyLatentImage: { width: '…', height: '…', batch_size: '…' },
  KSampler: {
    model: 'The model used for denoising the input latent.',
    seed: '…',
    steps: '…',
    cfg: '…',
    sampler_name: '…',
    scheduler: '…',
    positive: '…',
    negative: '…',
    latent_image: '…',
    denoise: '…',
  },
  LoraLoader: { model: '…', clip: '…', lora_name: '…', strength_model: '…', strength_clip: '…' },
  ResizeImageMaskNode: { multiplier: 'Scale factor (e.g., 2.0 doubles size, 0.5 halves size).' },
  SaveImage: { images: 'The images to save.', filename_prefix: '…' },
  VAEDecode: { samples: '…', vae: '…' },
  VAEDecodeTiled: { temporal_size: '…', temporal_overlap: '…' },
};

/** What is known of descriptions. */
const texts: Record<
  string,
  | { readonly description?: string; readonly outputs?: readonly string[]; readonly aliases?: readonly string[] }
  | undefined
> = {
  LoadImage: {
    aliases: ['load image', 'open image', 'import image', 'image input', 'upload image', 'read image', 'image loader'],
  },
  KSampler: {
    description: 'Uses the provided model, positive and negative conditioning to denoise the latent image.',
    outputs: ['The denoised latent.'],
  },
};

/** The recordings left out descriptions and tooltips; clients see that there is one, not what it said. */
export function restoreProse(name: string, info: PyDict): void {
  const { description = '', outputs, aliases } = texts[name] ?? {};
  if (!info.has('description')) info.set('description', description);
  // Only the newer generation has search words; `is_input_list` is how to tell.
  if (aliases !== undefined && info.has('is_input_list')) {
    info.set('search_aliases', [...aliases]);
    info.set('essentials_category', 'Basics');
  }
  if (outputs !== undefined) info.set('output_tooltips', [...outputs]);
  for (const [input, tooltip] of Object.entries(tooltips[name] ?? {})) {
    for (const spec of specsNamed(input, info.get('input') ?? null)) {
      if (spec.length === 1) spec.push(dict({}));
      (spec[1] as PyDict).set('tooltip', tooltip);
    }
  }
}

/** At any depth: dynamic combos have inputs inside their options. */
function specsNamed(input: string, value: PyValue): PyValue[][] {
  if (Array.isArray(value)) return value.flatMap((item) => specsNamed(input, item));
  if (!isDict(value)) return [];
  return [...value].flatMap(([key, item]) => (key === input && Array.isArray(item) ? [item] : specsNamed(input, item)));
}
