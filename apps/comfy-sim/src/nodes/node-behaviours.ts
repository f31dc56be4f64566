import type { Folders } from '../files/folders';
import type { Generation } from '../generation';
import { str } from '../python/text';
import type { CustomCheck } from '../validation/node-validation';
import { emptyImage, imageBatch, imageInvert, imageScale, imageScaleBy, imageUpscaleWithModel } from './image-nodes';
import { emptyLatentImage, emptySd3LatentImage, latentUpscale, latentUpscaleBy, vaeDecode, vaeDecodeTiled, vaeEncode } from './latent-nodes';
import { checkpointLoader, loadImage, loraLoader, upscaleModelLoader } from './loader-nodes';
import type { NodeBehaviour } from './node-behaviour';
import { previewAny, primitive, randomNoise } from './primitive-nodes';
import { batchImages, imageScaleToMaxDimension, imageScaleToTotalPixels, resizeImageMask, resizeImagesByLongerEdge } from './resize-nodes';
import { kSampler, kSamplerAdvanced } from './sampling-nodes';
import { previewImage, saveAnimatedWebp, saveImage, saveWebm } from './saving-nodes';
import { clipSetLastLayer, clipTextEncode } from './text-nodes';

/** What the simulator can run. Other classes of the object info validate and then fail when they are reached. */
export function coreBehaviours(generation: Generation): Map<string, NodeBehaviour> {
  return new Map<string, NodeBehaviour>([
    ['CheckpointLoaderSimple', checkpointLoader], ['LoraLoader', loraLoader], ['UpscaleModelLoader', upscaleModelLoader], ['LoadImage', loadImage],
    ['CLIPTextEncode', clipTextEncode], ['CLIPSetLastLayer', clipSetLastLayer],
    ['KSampler', kSampler], ['KSamplerAdvanced', kSamplerAdvanced],
    ['EmptyLatentImage', emptyLatentImage(generation)], ['EmptySD3LatentImage', emptySd3LatentImage(generation)], ['LatentUpscale', latentUpscale], ['LatentUpscaleBy', latentUpscaleBy],
    ['VAEEncode', vaeEncode], ['VAEDecode', vaeDecode], ['VAEDecodeTiled', vaeDecodeTiled],
    ['EmptyImage', emptyImage], ['ImageScale', imageScale], ['ImageScaleBy', imageScaleBy], ['ImageInvert', imageInvert],
    ['ImageBatch', imageBatch], ['ImageUpscaleWithModel', imageUpscaleWithModel],
    ['ImageScaleToTotalPixels', imageScaleToTotalPixels], ['ImageScaleToMaxDimension', imageScaleToMaxDimension],
    ['ResizeImagesByLongerEdge', resizeImagesByLongerEdge], ['ResizeImageMaskNode', resizeImageMask], ['BatchImagesNode', batchImages],
    ['PrimitiveString', primitive], ['PrimitiveInt', primitive], ['PrimitiveFloat', primitive], ['PrimitiveBoolean', primitive],
    ['RandomNoise', randomNoise], ['PreviewAny', previewAny],
    ['SaveImage', saveImage], ['PreviewImage', previewImage()], ['SaveWEBM', saveWebm], ['SaveAnimatedWEBP', saveAnimatedWebp],
  ]);
}

/** VALIDATE_INPUTS of the nodes which name a file. */
export function fileChecks(folders: Folders): Map<string, CustomCheck> {
  const check = (input: string, kind: string): CustomCheck => ({
    input,
    complaint: (value) => (folders.existsAnnotated(str(value)) ? undefined : `Invalid ${kind} file: ${str(value)}`),
  });
  return new Map([
    ['LoadImage', check('image', 'image')], ['LoadImageMask', check('image', 'image')], ['LoadImageOutput', check('image', 'image')],
    ['LoadAudio', check('audio', 'audio')], ['LoadVideo', check('file', 'video')], ['LoadLatent', check('latent', 'latent')],
  ]);
}
