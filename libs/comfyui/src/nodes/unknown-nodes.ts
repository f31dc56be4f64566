import type { NodeClass } from './node-class';
import type { StageName } from './node-stages';
import type { SilenceName } from './node-timeouts';

/**
 * What is taken of a class that is not in the catalogue, by its name: people's own graphs have thousands of them. In
 * each table the first match counts. Whatever Tower relies on belongs into the catalogue instead.
 */
const stages: readonly (readonly [RegExp, StageName])[] = [
  [/^VHS_LoadVideo/, 'readingFilm'],
  [/^(LoadImage|ImageScale|ImageScaleBy|ImageFromBatch|ImageBatch|PrepImageForClipVision)/, 'preparingPictures'],
  [/Loader|^Load|^DownloadAndLoad|_Load/, 'loading'],
  [/TextEncode|CLIPSetLastLayer/, 'readingPrompt'],
  [/^IPAdapter|CLIPVisionEncode|ControlNetApply|VAEEncode|ImageEncode|ImageToVideo|FirstLastFrame/, 'readingPictures'],
  [/^Empty|Empty\w*Latent|EmptyEmbeds/, 'preparingLatent'],
  [/ModelSampling|_Looped|ContextOptions|UseEvolvedSampling|LatentUpscale/, 'preparingModel'],
  [/Sampler/, 'sampling'],
  [/VAEDecode|\w+Decode$/, 'decoding'],
  [/ImageUpscaleWithModel/, 'upscaling'],
  [/^RIFE|VFI$/, 'interpolating'],
  [/^Save|^CreateVideo/, 'saving'],
];

const silences: readonly (readonly [RegExp, SilenceName])[] = [
  [/Download|InsightFace|FaceID|RIFE VFI Download/i, 'fetching'],
  [/RIFE|FILM VFI|VFI$/, 'interpolating'],
  [/^VHS_/, 'filmFiles'],
  [/Loader|LoadModel|Load.*Model/, 'loading'],
  [/VAE(Decode|Encode)|Decode|Encode/, 'coding'],
  [/Sampler/, 'sampling'],
  // Of the kinds that ComfyUI itself has many of.
  [/^(Empty|Save|Preview|Image|LoadImage|CreateVideo|Primitive)/, 'quick'],
  [/^(Latent|SetLatent|RepeatLatent|CLIP|Conditioning|ControlNet|ModelSampling)/, 'quick'],
];

const film = /^(ADE_|Wan|CogVideo|VHS_|RIFE|SaveVideo|SaveWEBM|SaveAnimated|CreateVideo|EmptyHunyuanLatentVideo)/;
const samples = /Sampler/;
/** `KSamplerSelect`, `ModelSamplerTonemapNoise`: they choose or change a sampler. */
const onlyNamesSampler = /Select|^ModelSampling/;

/**
 * The folder below `models` by the name of the input (comfyui-protocol study, 5; names of core and the six packs). Only
 * for the sentence about a file that a server refused: by the name alone nothing is held against a card.
 */
const folders: Readonly<Record<string, string>> = {
  ckpt_name: 'checkpoints',
  vae_name: 'vae',
  lora_name: 'loras',
  control_net_name: 'controlnet',
  clip_name: 'text_encoders',
  clip_name1: 'text_encoders',
  clip_name2: 'text_encoders',
  unet_name: 'diffusion_models',
  ipadapter_file: 'ipadapter',
  style_model_name: 'style_models',
  gligen_name: 'gligen',
  model_name: 'upscale_models',
};

/** What a class that is not in the catalogue probably is. Its pack and its files are never guessed. */
export const guessNodeClass = (classType: string): NodeClass => ({
  stage: stages.find(([pattern]) => pattern.test(classType))?.[1] ?? 'other',
  silence: silences.find(([pattern]) => pattern.test(classType))?.[1] ?? 'unknown',
  ...(samples.test(classType) && !onlyNamesSampler.test(classType) ? { samples: true } : {}),
  ...(film.test(classType) ? { film: true } : {}),
});

/** The folder that an input of this name probably takes its files from; undefined for any other input. */
export const guessModelFolder = (input: string): string | undefined =>
  Object.hasOwn(folders, input) ? folders[input] : undefined;
