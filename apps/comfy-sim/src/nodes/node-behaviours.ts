import type { Folders } from '../files/folders';
import type { Generation } from '../generation';
import { str } from '../python/text';
import type { CustomCheck } from '../validation/node-validation';
import { emptyImage, imageBatch, imageInvert, imageScale, imageScaleBy, imageUpscaleWithModel } from './image-nodes';
import { adapterBehaviours } from './adapter-nodes';
import { animateDiffBehaviours } from './animatediff-nodes';
import { cogBehaviours } from './cog-nodes';
import { ggufBehaviours } from './gguf-nodes';
import { loadImage } from './loader-nodes';
import { coreModelBehaviours } from './model-behaviours';
import type { NodeBehaviour } from './node-behaviour';
import { previewAny, primitive, randomNoise } from './primitive-nodes';
import { batchImages, imageScaleToMaxDimension, imageScaleToTotalPixels, resizeImageMask, resizeImagesByLongerEdge } from './resize-nodes';
import { previewImage, saveAnimatedWebp, saveImage, saveWebm } from './saving-nodes';

/** What the simulator can run. Other classes of the object info validate and then fail when they are reached. */
export function coreBehaviours(generation: Generation): Map<string, NodeBehaviour> {
  return new Map<string, NodeBehaviour>([
    ...coreModelBehaviours(generation), ['LoadImage', loadImage],
    ['EmptyImage', emptyImage], ['ImageScale', imageScale], ['ImageScaleBy', imageScaleBy], ['ImageInvert', imageInvert],
    ['ImageBatch', imageBatch], ['ImageUpscaleWithModel', imageUpscaleWithModel],
    ['ImageScaleToTotalPixels', imageScaleToTotalPixels], ['ImageScaleToMaxDimension', imageScaleToMaxDimension],
    ['ResizeImagesByLongerEdge', resizeImagesByLongerEdge], ['ResizeImageMaskNode', resizeImageMask], ['BatchImagesNode', batchImages],
    ['PrimitiveString', primitive], ['PrimitiveInt', primitive], ['PrimitiveFloat', primitive], ['PrimitiveBoolean', primitive],
    ['RandomNoise', randomNoise], ['PreviewAny', previewAny],
    ['SaveImage', saveImage], ['PreviewImage', previewImage()], ['SaveWEBM', saveWebm], ['SaveAnimatedWEBP', saveAnimatedWebp],
  ]);
}

/** The model nodes of the packs; without `--packs` their classes are not described, and so never reached. */
export const packBehaviours: readonly (readonly [string, NodeBehaviour])[] = [
  ...animateDiffBehaviours, ...adapterBehaviours, ...ggufBehaviours, ...cogBehaviours,
];

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
