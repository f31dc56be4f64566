import { PyError } from '../python/errors';

/** Where the unified loaders of IPAdapter look for a preset: by the names of files, and by nothing else. */
interface Preset {
  readonly sd15?: RegExp;
  readonly sdxl?: RegExp;
  readonly lora?: { readonly sd15: RegExp; readonly sdxl: RegExp };
  readonly needsFace?: true;
}

const ending = '\\.(?:safetensors|bin)$';
const named = (stem: string): RegExp => new RegExp(stem + ending, 'i');

/** Keys are beginnings of presets in lower case; the longest that fits counts. */
const presets: Record<string, Preset> = {
  light: { sd15: named('sd15.light(?:.v11)?') },
  standard: { sd15: named('ip.adapter.sd15'), sdxl: named('ip.adapter.sdxl.vit.h') },
  'vit-g': { sd15: named('sd15.vit.g'), sdxl: named('ip.adapter.sdxl') },
  'plus (': { sd15: named('ip.adapter.plus.sd15'), sdxl: named('plus.sdxl.vit.h') },
  'plus face': { sd15: named('plus.face.sd15'), sdxl: named('plus.face.sdxl.vit.h') },
  'full face': { sd15: named('full.face.sd15') },
  faceid: {
    sd15: named('faceid.sd15'),
    sdxl: named('faceid.sdxl'),
    needsFace: true,
    lora: { sd15: /faceid.sd15.lora\.safetensors$/i, sdxl: /faceid.sdxl.lora\.safetensors$/i },
  },
  'faceid plus -': {
    sd15: named('faceid.plus.sd15'),
    needsFace: true,
    lora: { sd15: /faceid.plus.sd15.lora\.safetensors$/i, sdxl: /faceid.plus.sdxl.lora\.safetensors$/i },
  },
  'faceid plus v2': {
    sd15: named('faceid.plusv2.sd15'),
    sdxl: named('faceid.plusv2.sdxl'),
    needsFace: true,
    lora: { sd15: /faceid.plusv2.sd15.lora\.safetensors$/i, sdxl: /faceid.plusv2.sdxl.lora\.safetensors$/i },
  },
  'faceid portrait (': { sd15: named('portrait(?:.v11)?.sd15'), sdxl: named('portrait.sdxl'), needsFace: true },
  'faceid portrait unnorm': { sdxl: named('portrait.sdxl.unnorm'), needsFace: true },
};

const visionGiant = /ViT.bigG.14.*39B.b160k|ipadapter.*sdxl|sdxl.*model\.(?:bin|safetensors)/i;
const visionHuge = /ViT.H.14.*s32B.b79K|ipadapter.*sd15|sd1.?5.*model\.(?:bin|safetensors)/i;

interface AdapterFiles {
  readonly adapter: string;
  readonly vision: string;
  readonly lora: string | undefined;
  readonly needsFace: boolean;
}

/** Throws what the pack says when a file is not there, in the order in which it looks. */
export function findAdapterFiles(
  preset: string,
  isXl: boolean,
  filesIn: (folder: string) => readonly string[],
): AdapterFiles {
  const asked = preset.toLowerCase();
  const vision = filesIn('clip_vision').find((file) =>
    (asked.startsWith('vit-g') ? visionGiant : visionHuge).test(file),
  );
  if (vision === undefined) throw new PyError('Exception', 'ClipVision model not found.');
  const key = Object.keys(presets)
    .filter((start) => asked.startsWith(start))
    .sort((a, b) => b.length - a.length)[0];
  const entry = key === undefined ? undefined : presets[key];
  if (entry === undefined) throw new PyError('Exception', `invalid type '${asked}'`);
  const pattern = isXl ? entry.sdxl : entry.sd15;
  if (pattern === undefined)
    throw new PyError(
      'Exception',
      `${key?.replace(/[ (-]+$/, '') ?? ''} model is not supported for ${isXl ? 'SDXL' : 'SD1.5'}`,
    );
  const adapter = filesIn('ipadapter').find((file) => pattern.test(file));
  if (adapter === undefined) throw new PyError('Exception', 'IPAdapter model not found.');
  const loraPattern = isXl ? entry.lora?.sdxl : entry.lora?.sd15;
  const lora = loraPattern === undefined ? undefined : filesIn('loras').find((file) => loraPattern.test(file));
  if (loraPattern !== undefined && lora === undefined) throw new PyError('Exception', 'LoRA model not found.');
  return { adapter, vision, lora, needsFace: entry.needsFace === true };
}
