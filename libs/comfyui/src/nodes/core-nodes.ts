import type { NodeClass } from './node-class';
import { endingWith } from './saved-names';

type Models = Readonly<Record<string, string>>;

/** A node that loads files of the server's `models` folder. */
export const loader = (models: Models): NodeClass => ({ stage: 'loading', silence: 'loading', models });

/** `clip_name1`, `clip_name2` and so on. */
export const textEncoders = (count: number): Models =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`clip_name${index + 1}`, 'text_encoders']));

const saver = (extension: string): NodeClass => ({ stage: 'saving', silence: 'quick', saves: endingWith(extension) });
const filmSaver = (extension: string): NodeClass => ({ ...saver(extension), film: true });

/** ComfyUI's own classes, by what they do. */
export const coreNodes: Readonly<Record<string, NodeClass>> = {
  CheckpointLoaderSimple: loader({ ckpt_name: 'checkpoints' }),
  CheckpointLoader: loader({ ckpt_name: 'checkpoints' }),
  ImageOnlyCheckpointLoader: loader({ ckpt_name: 'checkpoints' }),
  unCLIPCheckpointLoader: loader({ ckpt_name: 'checkpoints' }),
  LoraLoader: loader({ lora_name: 'loras' }),
  LoraLoaderModelOnly: loader({ lora_name: 'loras' }),
  VAELoader: loader({ vae_name: 'vae' }),
  UNETLoader: loader({ unet_name: 'diffusion_models' }),
  CLIPLoader: loader({ clip_name: 'text_encoders' }),
  DualCLIPLoader: loader(textEncoders(2)),
  TripleCLIPLoader: loader(textEncoders(3)),
  QuadrupleCLIPLoader: loader(textEncoders(4)),
  CLIPVisionLoader: loader({ clip_name: 'clip_vision' }),
  ControlNetLoader: loader({ control_net_name: 'controlnet' }),
  DiffControlNetLoader: loader({ control_net_name: 'controlnet' }),
  StyleModelLoader: loader({ style_model_name: 'style_models' }),
  GLIGENLoader: loader({ gligen_name: 'gligen' }),
  HypernetworkLoader: loader({ hypernetwork_name: 'hypernetworks' }),
  PhotoMakerLoader: loader({ photomaker_model_name: 'photomaker' }),
  AudioEncoderLoader: loader({ audio_encoder_name: 'audio_encoders' }),
  UpscaleModelLoader: loader({ model_name: 'upscale_models' }),

  CLIPTextEncode: { stage: 'readingPrompt', silence: 'coding' },
  CLIPSetLastLayer: { stage: 'readingPrompt', silence: 'quick' },
  ConditioningConcat: { stage: 'other', silence: 'quick' },
  CLIPVisionEncode: { stage: 'readingPictures', silence: 'coding' },
  ControlNetApplyAdvanced: { stage: 'readingPictures', silence: 'quick' },

  EmptyImage: { stage: 'preparingLatent', silence: 'quick' },
  EmptyLatentImage: { stage: 'preparingLatent', silence: 'quick' },
  EmptyHunyuanLatentVideo: { stage: 'preparingLatent', silence: 'quick', film: true },
  WanImageToVideo: { stage: 'readingPictures', silence: 'unknown', film: true },
  WanFirstLastFrameToVideo: { stage: 'readingPictures', silence: 'unknown', film: true },
  Wan22ImageToVideoLatent: { stage: 'readingPictures', silence: 'unknown', film: true },
  LatentUpscaleBy: { stage: 'preparingModel', silence: 'quick' },
  ModelSamplingSD3: { stage: 'preparingModel', silence: 'quick' },
  KSampler: { stage: 'sampling', silence: 'sampling', samples: true },
  KSamplerAdvanced: { stage: 'sampling', silence: 'sampling', samples: true },
  VAEDecode: { stage: 'decoding', silence: 'coding' },
  VAEDecodeTiled: { stage: 'decoding', silence: 'coding' },

  LoadImage: { stage: 'preparingPictures', silence: 'quick', inputFiles: ['image'] },
  ImageScale: { stage: 'preparingPictures', silence: 'quick' },
  ImageBatch: { stage: 'preparingPictures', silence: 'quick' },
  ImageFromBatch: { stage: 'preparingPictures', silence: 'quick' },
  ImageUpscaleWithModel: { stage: 'upscaling', silence: 'quick' },

  SaveImage: saver('png'),
  SaveAnimatedWEBP: filmSaver('webp'),
  SaveAnimatedPNG: filmSaver('png'),
  SaveWEBM: filmSaver('webm'),
  CreateVideo: { stage: 'saving', silence: 'quick', film: true },
  SaveVideo: filmSaver('mp4'),
};
