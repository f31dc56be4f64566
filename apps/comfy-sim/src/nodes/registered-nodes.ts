import { emptyAudio, loadAudio, previewAudio, saveAudio, saveAudioMp3, saveAudioOpus } from './audio-nodes';
import { imageCrop, imageCropV2, imageFromBatch, repeatImageBatch } from './batch-nodes';
import { videoCombine } from './combine-nodes';
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
import { contextOptions, contextWindows, wanContextWindows } from './context-nodes';
import {
  basicGuider,
  basicScheduler,
  cfgGuider,
  kSamplerSelect,
  plainScheduler,
  samplerCustom,
  samplerCustomAdvanced,
} from './custom-sampling-nodes';
import { emptyImage, imageBatch, imageInvert, imageScale, imageScaleBy, imageUpscaleWithModel } from './image-nodes';
import { filmVfi, rifeVfi } from './interpolation-nodes';
import { saveLatent } from './latent-files';
import {
  emptyLatentImage,
  emptySd3LatentImage,
  latentFromBatch,
  latentUpscale,
  latentUpscaleBy,
  repeatLatentBatch,
} from './latent-nodes';
import { loadVideoPath, loadVideoUpload } from './load-film-nodes';
import {
  checkpointLoader,
  clipLoader,
  loadImage,
  loraLoader,
  loraLoaderModelOnly,
  unetLoader,
  upscaleModelLoader,
  vaeLoader,
} from './loader-nodes';
import { modelSampling } from './model-sampling-nodes';
import { previewAny, primitive, randomNoise } from './primitive-nodes';
import {
  batchImages,
  imageScaleToMaxDimension,
  imageScaleToTotalPixels,
  resizeImageMask,
  resizeImagesByLongerEdge,
} from './resize-nodes';
import { kSampler, kSamplerAdvanced } from './sampling-nodes';
import { previewImage, saveAnimatedPng, saveAnimatedWebp, saveImage, saveImageWebsocket } from './saving-nodes';
import { stringConcatenate, stringFormat } from './string-nodes';
import { clipSetLastLayer, clipTextEncode } from './text-nodes';
import { vaeDecode, vaeDecodeTiled, vaeEncode, vaeEncodeTiled } from './vae-nodes';
import {
  emptyHunyuanLatentVideo,
  wan22ImageToVideoLatent,
  wanFirstLastFrameToVideo,
  wanImageToVideo,
} from './video-latent-nodes';
import { createVideo, getVideoComponents, loadVideo, saveVideo, saveWebm } from './video-nodes';
import {
  adapterLoader,
  applyAdapter,
  applyFaceId,
  insightFaceLoader,
  prepImageForClipVision,
  unifiedLoader,
} from './adapter-nodes';
import {
  animateDiffLoaderGen1,
  applyMotionModel,
  loadMotionModel,
  motionLoraLoader,
  useEvolvedSampling,
} from './animatediff-nodes';
import { cogContextOptions, cogGgufLoader, cogModelLoader } from './cog-loader-nodes';
import { cogDecode, cogImageEncode, cogSampler, cogTextEncode } from './cog-nodes';
import { ggufClipLoader, ggufUnetLoader } from './gguf-nodes';
import { coreNodes, nodesOfPack, pictureFiles, type ModelList, type Registration } from './node-registration';

const clipNames = (count: number): string[] => Array.from({ length: count }, (_, index) => `clip_name${index + 1}`);
const each = (inputs: readonly string[], list: ModelList): Record<string, ModelList> =>
  Object.fromEntries(inputs.map((input) => [input, list]));
/** The GGUF pack lists its own files, and of text encoders the plain ones besides. */
const quantised = { unet: { unet_name: 'unet_gguf' }, clip: { folders: ['text_encoders', 'clip_gguf'] } };

/**
 * Every class that the simulator can run. Other classes of the object info validate, and fail with NotImplementedError
 * when they are reached.
 */
export const registeredNodes: readonly Registration[] = [
  ...coreNodes({
    CheckpointLoaderSimple: { does: checkpointLoader, models: { ckpt_name: 'checkpoints' } },
    UNETLoader: { does: unetLoader, models: { unet_name: 'diffusion_models' } },
    CLIPLoader: { does: clipLoader(['clip_name'], 'CLIPLoader.load_clip'), models: { clip_name: 'text_encoders' } },
    DualCLIPLoader: {
      does: clipLoader(clipNames(2), 'DualCLIPLoader.load_clip'),
      models: each(clipNames(2), 'text_encoders'),
    },
    TripleCLIPLoader: { does: clipLoader(clipNames(3)), models: each(clipNames(3), 'text_encoders') },
    QuadrupleCLIPLoader: { does: clipLoader(clipNames(4)), models: each(clipNames(4), 'text_encoders') },
    VAELoader: { does: vaeLoader, models: { vae_name: { folders: ['vae'], besides: ['pixel_space'] } } },
    LoraLoader: { does: loraLoader, models: { lora_name: 'loras' } },
    LoraLoaderModelOnly: { does: loraLoaderModelOnly, models: { lora_name: 'loras' } },
    UpscaleModelLoader: { does: upscaleModelLoader, models: { model_name: 'upscale_models' } },
    CLIPVisionLoader: { does: clipVisionLoader, models: { clip_name: 'clip_vision' } },
    CLIPVisionEncode: { does: clipVisionEncode },
    ControlNetLoader: { does: controlNetLoader, models: { control_net_name: 'controlnet' } },
    ControlNetApply: { does: controlNetApply },
    ControlNetApplyAdvanced: { does: controlNetApplyAdvanced },
    CLIPTextEncode: { does: clipTextEncode },
    CLIPSetLastLayer: { does: clipSetLastLayer },
    ConditioningCombine: { does: conditioningCombine },
    ConditioningConcat: { does: conditioningConcat },
    ConditioningZeroOut: { does: conditioningZeroOut },
    ModelSamplingSD3: { does: modelSampling('shift', 3) },
    ModelSamplingAuraFlow: { does: modelSampling('shift', 1.73) },
    WanContextWindowsManual: { does: wanContextWindows },
    ContextWindowsManual: { does: contextWindows },
    KSampler: { does: kSampler },
    KSamplerAdvanced: { does: kSamplerAdvanced },
    SamplerCustom: { does: samplerCustom },
    SamplerCustomAdvanced: { does: samplerCustomAdvanced },
    KSamplerSelect: { does: kSamplerSelect },
    BasicScheduler: { does: basicScheduler },
    KarrasScheduler: { does: plainScheduler },
    ExponentialScheduler: { does: plainScheduler },
    BasicGuider: { does: basicGuider },
    CFGGuider: { does: cfgGuider },
    EmptyLatentImage: { does: emptyLatentImage },
    EmptySD3LatentImage: { does: emptySd3LatentImage },
    LatentUpscale: { does: latentUpscale },
    LatentUpscaleBy: { does: latentUpscaleBy },
    RepeatLatentBatch: { does: repeatLatentBatch },
    LatentFromBatch: { does: latentFromBatch },
    EmptyHunyuanLatentVideo: { does: emptyHunyuanLatentVideo },
    WanImageToVideo: { does: wanImageToVideo },
    WanFirstLastFrameToVideo: { does: wanFirstLastFrameToVideo },
    Wan22ImageToVideoLatent: { does: wan22ImageToVideoLatent },
    VAEEncode: { does: vaeEncode },
    VAEEncodeTiled: { does: vaeEncodeTiled },
    VAEDecode: { does: vaeDecode },
    VAEDecodeTiled: { does: vaeDecodeTiled },
    LoadImage: { does: loadImage, inputFile: { input: 'image', kind: 'image', shows: pictureFiles } },
    EmptyImage: { does: emptyImage },
    ImageScale: { does: imageScale },
    ImageScaleBy: { does: imageScaleBy },
    ImageInvert: { does: imageInvert },
    ImageBatch: { does: imageBatch },
    ImageUpscaleWithModel: { does: imageUpscaleWithModel },
    ImageScaleToTotalPixels: { does: imageScaleToTotalPixels },
    ImageScaleToMaxDimension: { does: imageScaleToMaxDimension },
    ResizeImagesByLongerEdge: { does: resizeImagesByLongerEdge, generations: ['0.33'] },
    ResizeImageMaskNode: { does: resizeImageMask, generations: ['0.33'] },
    BatchImagesNode: { does: batchImages, generations: ['0.33'] },
    PrimitiveString: { does: primitive },
    PrimitiveInt: { does: primitive },
    PrimitiveFloat: { does: primitive },
    PrimitiveBoolean: { does: primitive },
    RandomNoise: { does: randomNoise },
    PreviewAny: { does: previewAny },
    StringConcatenate: { does: stringConcatenate },
    StringFormat: { does: stringFormat, generations: ['0.33'] },
    SaveImage: { does: saveImage },
    PreviewImage: { does: previewImage },
    SaveAnimatedWEBP: { does: saveAnimatedWebp },
    SaveAnimatedPNG: { does: saveAnimatedPng },
    SaveImageWebsocket: { does: saveImageWebsocket },
    SaveLatent: { does: saveLatent },
    ImageFromBatch: { does: imageFromBatch },
    RepeatImageBatch: { does: repeatImageBatch },
    ImageCrop: { does: imageCrop },
    ImageCropV2: { does: imageCropV2, generations: ['0.33'] },
    CreateVideo: { does: createVideo },
    SaveVideo: { does: saveVideo },
    GetVideoComponents: { does: getVideoComponents },
    LoadVideo: { does: loadVideo, inputFile: { input: 'file', kind: 'video', shows: /\.(?:mp4|webm|mkv|mov|avi)$/i } },
    SaveWEBM: { does: saveWebm },
    EmptyAudio: { does: emptyAudio },
    LoadAudio: {
      does: loadAudio,
      inputFile: { input: 'audio', kind: 'audio', shows: /\.(?:mp3|wav|flac|ogg|m4a|mp4|webm)$/i },
    },
    SaveAudio: { does: saveAudio },
    SaveAudioMP3: { does: saveAudioMp3 },
    SaveAudioOpus: { does: saveAudioOpus },
    PreviewAudio: { does: previewAudio },
  }),
  ...nodesOfPack('ComfyUI-VideoHelperSuite', {
    VHS_VideoCombine: { does: videoCombine },
    VHS_LoadVideo: { does: loadVideoUpload, inputFile: { input: 'video', kind: 'video' } },
    VHS_LoadVideoPath: { does: loadVideoPath },
  }),
  ...nodesOfPack('ComfyUI-Frame-Interpolation', {
    'RIFE VFI': { does: rifeVfi, fetched: ['ckpt_name'] },
    'FILM VFI': { does: filmVfi, fetched: ['ckpt_name'] },
  }),
  ...nodesOfPack('ComfyUI-AnimateDiff-Evolved', {
    ADE_AnimateDiffLoaderGen1: { does: animateDiffLoaderGen1, models: { model_name: 'animatediff_models' } },
    ADE_LoadAnimateDiffModel: { does: loadMotionModel, models: { model_name: 'animatediff_models' } },
    ADE_AnimateDiffLoRALoader: { does: motionLoraLoader, models: { name: 'animatediff_motion_lora' } },
    ADE_ApplyAnimateDiffModelSimple: { does: applyMotionModel },
    ADE_ApplyAnimateDiffModel: { does: applyMotionModel },
    ADE_UseEvolvedSampling: { does: useEvolvedSampling },
    ADE_LoopedUniformContextOptions: { does: contextOptions('looped') },
    ADE_AnimateDiffUniformContextOptions: { does: contextOptions('looped') },
    ADE_StandardUniformContextOptions: { does: contextOptions('uniform') },
    ADE_StandardStaticContextOptions: { does: contextOptions('static') },
    ADE_BatchedContextOptions: { does: contextOptions('batched') },
  }),
  ...nodesOfPack('ComfyUI_IPAdapter_plus', {
    IPAdapterUnifiedLoader: { does: unifiedLoader('IPAdapterUnifiedLoader.load_models') },
    IPAdapterUnifiedLoaderFaceID: { does: unifiedLoader('IPAdapterUnifiedLoaderFaceID.load_models') },
    IPAdapterModelLoader: { does: adapterLoader, models: { ipadapter_file: 'ipadapter' } },
    IPAdapterInsightFaceLoader: { does: insightFaceLoader },
    IPAdapter: { does: applyAdapter('IPAdapterSimple.apply_ipadapter') },
    IPAdapterAdvanced: { does: applyAdapter('IPAdapterAdvanced.apply_ipadapter') },
    IPAdapterFaceID: { does: applyFaceId },
    PrepImageForClipVision: { does: prepImageForClipVision },
  }),
  ...nodesOfPack('ComfyUI-GGUF', {
    UnetLoaderGGUF: { does: ggufUnetLoader('UnetLoaderGGUF.load_unet'), models: quantised.unet },
    UnetLoaderGGUFAdvanced: { does: ggufUnetLoader('UnetLoaderGGUFAdvanced.load_unet'), models: quantised.unet },
    CLIPLoaderGGUF: {
      does: ggufClipLoader(['clip_name'], 'CLIPLoaderGGUF.load_clip'),
      models: { clip_name: quantised.clip },
    },
    DualCLIPLoaderGGUF: {
      does: ggufClipLoader(clipNames(2), 'DualCLIPLoaderGGUF.load_clip'),
      models: each(clipNames(2), quantised.clip),
    },
    TripleCLIPLoaderGGUF: {
      does: ggufClipLoader(clipNames(3), 'TripleCLIPLoaderGGUF.load_clip'),
      models: each(clipNames(3), quantised.clip),
    },
    QuadrupleCLIPLoaderGGUF: {
      does: ggufClipLoader(clipNames(4), 'QuadrupleCLIPLoaderGGUF.load_clip'),
      models: each(clipNames(4), quantised.clip),
    },
  }),
  ...nodesOfPack('ComfyUI-CogVideoXWrapper', {
    DownloadAndLoadCogVideoModel: { does: cogModelLoader },
    DownloadAndLoadCogVideoGGUFModel: { does: cogGgufLoader, fetched: ['model'] },
    CogVideoContextOptions: { does: cogContextOptions },
    CogVideoTextEncode: { does: cogTextEncode },
    CogVideoImageEncode: { does: cogImageEncode },
    CogVideoSampler: { does: cogSampler },
    CogVideoDecode: { does: cogDecode },
  }),
];
