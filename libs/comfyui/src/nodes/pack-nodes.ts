import { loader, textEncoders } from './core-nodes';
import type { NodeClass } from './node-class';
import type { PackName } from './node-packs';
import { combinedFilm } from './saved-names';

type Named = readonly [string, NodeClass];

const ofPack = (pack: PackName, classes: Readonly<Record<string, Omit<NodeClass, 'pack'>>>): Named[] =>
  Object.entries(classes).map(([name, facts]) => [name, { ...facts, pack }]);

/** Classes of packs, by the pack that brings them. */
export const packNodes: readonly Named[] = [
  ...ofPack('ComfyUI-VideoHelperSuite', {
    VHS_LoadVideo: { stage: 'readingFilm', silence: 'filmFiles', film: true, inputFiles: ['video'] },
    VHS_VideoCombine: { stage: 'encodingFilm', silence: 'filmFiles', film: true, saves: combinedFilm },
  }),
  ...ofPack('ComfyUI-AnimateDiff-Evolved', {
    ADE_AnimateDiffLoaderGen1: { ...loader({ model_name: 'animatediff_models' }), film: true },
    ADE_LoadAnimateDiffModel: { ...loader({ model_name: 'animatediff_models' }), film: true },
    ADE_AnimateDiffLoRALoader: { ...loader({ name: 'animatediff_motion_lora' }), film: true },
    ADE_LoopedUniformContextOptions: { stage: 'preparingModel', silence: 'unknown', film: true },
  }),
  ...ofPack('ComfyUI-Frame-Interpolation', {
    'RIFE VFI': { stage: 'interpolating', silence: 'interpolating', film: true, fetchesInto: 'rife' },
  }),
  ...ofPack('ComfyUI_IPAdapter_plus', {
    IPAdapterUnifiedLoader: { stage: 'loading', silence: 'loading' },
    IPAdapterUnifiedLoaderFaceID: { stage: 'loading', silence: 'fetching' },
    IPAdapterModelLoader: loader({ ipadapter_file: 'ipadapter' }),
    IPAdapterAdvanced: { stage: 'readingPictures', silence: 'unknown' },
    IPAdapterFaceID: { stage: 'readingPictures', silence: 'fetching' },
    PrepImageForClipVision: { stage: 'preparingPictures', silence: 'unknown' },
  }),
  ...ofPack('ComfyUI-GGUF', {
    UnetLoaderGGUF: loader({ unet_name: 'diffusion_models' }),
    UnetLoaderGGUFAdvanced: loader({ unet_name: 'diffusion_models' }),
    CLIPLoaderGGUF: loader({ clip_name: 'text_encoders' }),
    DualCLIPLoaderGGUF: loader(textEncoders(2)),
    TripleCLIPLoaderGGUF: loader(textEncoders(3)),
    QuadrupleCLIPLoaderGGUF: loader(textEncoders(4)),
  }),
  ...ofPack('ComfyUI-CogVideoXWrapper', {
    DownloadAndLoadCogVideoModel: { stage: 'loading', silence: 'fetching' },
    CogVideoTextEncode: { stage: 'readingPrompt', silence: 'coding', film: true },
    CogVideoImageEncode: { stage: 'readingPictures', silence: 'coding', film: true },
    CogVideoSampler: { stage: 'sampling', silence: 'sampling', samples: true, film: true },
    CogVideoDecode: { stage: 'decoding', silence: 'coding', film: true },
  }),
];
