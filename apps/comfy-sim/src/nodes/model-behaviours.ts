import type { Generation } from '../generation';
import {
  clipVisionEncode,
  clipVisionLoader,
  conditioningCombine,
  conditioningConcat,
  conditioningZeroOut,
  controlNetApply,
  controlNetApplyAdvanced,
  controlNetLoader,
} from './conditioning-nodes';
import { contextWindows, wanContextWindows } from './context-nodes';
import {
  basicGuider,
  basicScheduler,
  cfgGuider,
  kSamplerSelect,
  plainScheduler,
  samplerCustom,
  samplerCustomAdvanced,
} from './custom-sampling-nodes';
import {
  emptyLatentImage,
  emptySd3LatentImage,
  latentFromBatch,
  latentUpscale,
  latentUpscaleBy,
  repeatLatentBatch,
} from './latent-nodes';
import {
  checkpointLoader,
  clipLoader,
  loraLoader,
  loraLoaderModelOnly,
  unetLoader,
  upscaleModelLoader,
  vaeLoader,
} from './loader-nodes';
import { modelSampling } from './model-sampling-nodes';
import type { NodeBehaviour } from './node-behaviour';
import { kSampler, kSamplerAdvanced } from './sampling-nodes';
import { clipSetLastLayer, clipTextEncode } from './text-nodes';
import { vaeDecode, vaeDecodeTiled, vaeEncode, vaeEncodeTiled } from './vae-nodes';
import {
  emptyHunyuanLatentVideo,
  wan22ImageToVideoLatent,
  wanFirstLastFrameToVideo,
  wanImageToVideo,
} from './video-latent-nodes';

const clipNames = (count: number): string[] => Array.from({ length: count }, (_, index) => `clip_name${index + 1}`);

/** Loaders, texts, conditioning, samplers, latents and VAEs of the core. */
export const coreModelBehaviours = (generation: Generation): readonly (readonly [string, NodeBehaviour])[] => [
  ['CheckpointLoaderSimple', checkpointLoader],
  ['UNETLoader', unetLoader],
  ['CLIPLoader', clipLoader(['clip_name'], 'CLIPLoader.load_clip')],
  ['DualCLIPLoader', clipLoader(clipNames(2), 'DualCLIPLoader.load_clip')],
  ['TripleCLIPLoader', clipLoader(clipNames(3))],
  ['QuadrupleCLIPLoader', clipLoader(clipNames(4))],
  ['VAELoader', vaeLoader],
  ['LoraLoader', loraLoader],
  ['LoraLoaderModelOnly', loraLoaderModelOnly],
  ['UpscaleModelLoader', upscaleModelLoader],
  ['CLIPVisionLoader', clipVisionLoader],
  ['CLIPVisionEncode', clipVisionEncode],
  ['ControlNetLoader', controlNetLoader],
  ['ControlNetApply', controlNetApply],
  ['ControlNetApplyAdvanced', controlNetApplyAdvanced],
  ['CLIPTextEncode', clipTextEncode],
  ['CLIPSetLastLayer', clipSetLastLayer],
  ['ConditioningCombine', conditioningCombine],
  ['ConditioningConcat', conditioningConcat],
  ['ConditioningZeroOut', conditioningZeroOut],
  ['ModelSamplingSD3', modelSampling('shift', 3)],
  ['ModelSamplingAuraFlow', modelSampling('shift', 1.73)],
  ['WanContextWindowsManual', wanContextWindows],
  ['ContextWindowsManual', contextWindows],
  ['KSampler', kSampler],
  ['KSamplerAdvanced', kSamplerAdvanced],
  ['SamplerCustom', samplerCustom],
  ['SamplerCustomAdvanced', samplerCustomAdvanced],
  ['KSamplerSelect', kSamplerSelect],
  ['BasicScheduler', basicScheduler],
  ['KarrasScheduler', plainScheduler],
  ['ExponentialScheduler', plainScheduler],
  ['BasicGuider', basicGuider],
  ['CFGGuider', cfgGuider],
  ['EmptyLatentImage', emptyLatentImage(generation)],
  ['EmptySD3LatentImage', emptySd3LatentImage(generation)],
  ['LatentUpscale', latentUpscale],
  ['LatentUpscaleBy', latentUpscaleBy],
  ['RepeatLatentBatch', repeatLatentBatch],
  ['LatentFromBatch', latentFromBatch],
  ['EmptyHunyuanLatentVideo', emptyHunyuanLatentVideo],
  ['WanImageToVideo', wanImageToVideo],
  ['WanFirstLastFrameToVideo', wanFirstLastFrameToVideo],
  ['Wan22ImageToVideoLatent', wan22ImageToVideoLatent],
  ['VAEEncode', vaeEncode],
  ['VAEEncodeTiled', vaeEncodeTiled],
  ['VAEDecode', vaeDecode],
  ['VAEDecodeTiled', vaeDecodeTiled],
];
