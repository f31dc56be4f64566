import type { Folders } from '../files/folders';
import type { Generation } from '../generation';
import { str } from '../python/text';
import type { CustomCheck } from '../validation/node-validation';
import { emptyAudio, loadAudio, previewAudio, saveAudio, saveAudioMp3, saveAudioOpus } from './audio-nodes';
import { imageCrop, imageCropV2, imageFromBatch, repeatImageBatch } from './batch-nodes';
import { videoCombine } from './combine-nodes';
import { emptyImage, imageBatch, imageInvert, imageScale, imageScaleBy, imageUpscaleWithModel } from './image-nodes';
import { adapterBehaviours } from './adapter-nodes';
import { animateDiffBehaviours } from './animatediff-nodes';
import { cogBehaviours } from './cog-nodes';
import { ggufBehaviours } from './gguf-nodes';
import { loadImage } from './loader-nodes';
import { coreModelBehaviours } from './model-behaviours';
import type { NodeBehaviour } from './node-behaviour';
import { previewAny, primitive, randomNoise } from './primitive-nodes';
import {
  batchImages,
  imageScaleToMaxDimension,
  imageScaleToTotalPixels,
  resizeImageMask,
  resizeImagesByLongerEdge,
} from './resize-nodes';
import { filmVfi, rifeVfi } from './interpolation-nodes';
import { saveLatent } from './latent-files';
import { loadVideoPath, loadVideoUpload } from './load-film-nodes';
import { previewImage, saveAnimatedPng, saveAnimatedWebp, saveImage, saveImageWebsocket } from './saving-nodes';
import { stringConcatenate, stringFormat } from './string-nodes';
import { createVideo, getVideoComponents, loadVideo, saveVideo, saveWebm } from './video-nodes';

/** What the simulator can run. Other classes of the object info validate and then fail when they are reached. */
export function coreBehaviours(generation: Generation): Map<string, NodeBehaviour> {
  return new Map<string, NodeBehaviour>([
    ...coreModelBehaviours(generation),
    ['LoadImage', loadImage],
    ['EmptyImage', emptyImage],
    ['ImageScale', imageScale],
    ['ImageScaleBy', imageScaleBy],
    ['ImageInvert', imageInvert],
    ['ImageBatch', imageBatch],
    ['ImageUpscaleWithModel', imageUpscaleWithModel],
    ['ImageScaleToTotalPixels', imageScaleToTotalPixels],
    ['ImageScaleToMaxDimension', imageScaleToMaxDimension],
    ['ResizeImagesByLongerEdge', resizeImagesByLongerEdge],
    ['ResizeImageMaskNode', resizeImageMask],
    ['BatchImagesNode', batchImages],
    ['PrimitiveString', primitive],
    ['PrimitiveInt', primitive],
    ['PrimitiveFloat', primitive],
    ['PrimitiveBoolean', primitive],
    ['RandomNoise', randomNoise],
    ['PreviewAny', previewAny(generation)],
    ['StringConcatenate', stringConcatenate],
    ['StringFormat', stringFormat],
    ['SaveImage', saveImage],
    ['PreviewImage', previewImage()],
    ['SaveAnimatedWEBP', saveAnimatedWebp],
    ['SaveAnimatedPNG', saveAnimatedPng],
    ['SaveImageWebsocket', saveImageWebsocket],
    ['SaveLatent', saveLatent],
    ['ImageFromBatch', imageFromBatch],
    ['RepeatImageBatch', repeatImageBatch],
    ['ImageCrop', imageCrop],
    ['ImageCropV2', imageCropV2()],
    ...mediaBehaviours(),
  ]);
}

/** The model nodes of the packs; without `--packs` their classes are not described, and so never reached. */
export const packBehaviours: readonly (readonly [string, NodeBehaviour])[] = [
  ...animateDiffBehaviours,
  ...adapterBehaviours,
  ...ggufBehaviours,
  ...cogBehaviours,
];

function mediaBehaviours(): [string, NodeBehaviour][] {
  return [
    ['CreateVideo', createVideo],
    ['SaveVideo', saveVideo],
    ['GetVideoComponents', getVideoComponents],
    ['LoadVideo', loadVideo],
    ['SaveWEBM', saveWebm],
    ['EmptyAudio', emptyAudio],
    ['LoadAudio', loadAudio],
    ['SaveAudio', saveAudio],
    ['SaveAudioMP3', saveAudioMp3],
    ['SaveAudioOpus', saveAudioOpus],
    ['PreviewAudio', previewAudio()],
    ['VHS_VideoCombine', videoCombine],
    ['VHS_LoadVideo', loadVideoUpload],
    ['VHS_LoadVideoPath', loadVideoPath],
    ['RIFE VFI', rifeVfi],
    ['FILM VFI', filmVfi],
  ];
}

/** VALIDATE_INPUTS of the nodes which name a file. */
export function fileChecks(folders: Folders): Map<string, CustomCheck> {
  const check = (input: string, kind: string): CustomCheck => ({
    input,
    complaint: (value) => (folders.existsAnnotated(str(value)) ? undefined : `Invalid ${kind} file: ${str(value)}`),
  });
  return new Map([
    ['LoadImage', check('image', 'image')],
    ['LoadImageMask', check('image', 'image')],
    ['LoadImageOutput', check('image', 'image')],
    ['LoadAudio', check('audio', 'audio')],
    ['LoadVideo', check('file', 'video')],
    ['VHS_LoadVideo', check('video', 'video')],
    ['LoadLatent', check('latent', 'latent')],
  ]);
}
