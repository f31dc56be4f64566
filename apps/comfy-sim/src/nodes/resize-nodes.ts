import type { Picture } from '../pictures/picture';
import { PyError, typeError } from '../python/errors';
import type { NodeBehaviour, NodeCall } from './node-behaviour';
import { kernelNamed } from './image-nodes';
import { ImageValue } from './node-value';

type Size = readonly [width: number, height: number];

const sizeOf = (picture: Picture): Size => [picture.width, picture.height];
const times = ([width, height]: Size, factor: number): Size => [
  Math.max(1, Math.round(width * factor)),
  Math.max(1, Math.round(height * factor)),
];

function resized(
  images: ImageValue,
  method: string,
  size: (picture: Picture) => Size,
  crop?: 'centre',
): { outputs: [ImageValue] } {
  return {
    outputs: [
      new ImageValue(images.pictures.map((picture) => picture.scaled(...size(picture), kernelNamed(method), crop))),
    ],
  };
}

/** Megapixels of these nodes are 1024×1024. */
const toTotal = (picture: Picture, megapixels: number): Size =>
  times(sizeOf(picture), Math.sqrt((megapixels * 1024 * 1024) / (picture.width * picture.height)));

export const imageScaleToTotalPixels: NodeBehaviour = {
  run: (call) =>
    resized(call.value('image', ImageValue), call.text('upscale_method'), (picture) =>
      toTotal(picture, call.float('megapixels')),
    ),
};

const longerSide = (picture: Picture, pixels: number): Size =>
  times(sizeOf(picture), pixels / Math.max(picture.width, picture.height));

export const imageScaleToMaxDimension: NodeBehaviour = {
  run: (call) =>
    resized(call.value('image', ImageValue), call.text('upscale_method'), (picture) =>
      longerSide(picture, call.int('largest_size')),
    ),
};

export const resizeImagesByLongerEdge: NodeBehaviour = {
  run: (call) =>
    resized(call.value('images', ImageValue), 'lanczos', (picture) => longerSide(picture, call.int('longer_edge'))),
};

/** One node for every way of resizing; which one is a dynamic combo. */
export const resizeImageMask: NodeBehaviour = {
  run(call) {
    if (!call.has('resize_type'))
      throw typeError("ResizeImageMaskNode.execute() missing 1 required positional argument: 'resize_type'");
    const input = call.inputs.get('input');
    if (!(input instanceof ImageValue)) throw new PyError('AttributeError', "'dict' object has no attribute 'shape'");
    const crop = call.has('resize_type.crop') && call.text('resize_type.crop') === 'center' ? 'centre' : undefined;
    return resized(input, call.text('scale_method'), (picture) => chosenSize(call, picture), crop);
  },
};

function chosenSize(call: NodeCall, picture: Picture): Size {
  const [width, height] = sizeOf(picture);
  switch (call.text('resize_type')) {
    case 'scale dimensions':
      return [call.int('resize_type.width') || width, call.int('resize_type.height') || height];
    case 'scale by multiplier':
      return times([width, height], call.float('resize_type.multiplier'));
    case 'scale longer dimension':
      return longerSide(picture, call.int('resize_type.longer_size'));
    case 'scale shorter dimension':
      return times([width, height], call.int('resize_type.shorter_size') / Math.min(width, height));
    case 'scale width':
      return times([width, height], call.int('resize_type.width') / width);
    case 'scale height':
      return times([width, height], call.int('resize_type.height') / height);
    case 'scale total pixels':
      return toTotal(picture, call.float('resize_type.megapixels'));
    case 'match size': {
      const [other] = call.value('resize_type.match', ImageValue).pictures;
      return other === undefined ? [width, height] : sizeOf(other);
    }
    case 'scale to multiple': {
      const multiple = call.int('resize_type.multiple');
      return [
        Math.max(multiple, Math.floor(width / multiple) * multiple),
        Math.max(multiple, Math.floor(height / multiple) * multiple),
      ];
    }
    default:
      return [width, height];
  }
}

/** Pictures come under dotted, numbered names; all take the size of the first. */
export const batchImages: NodeBehaviour = {
  functionName: 'BatchImagesNode.execute',
  run(call) {
    const batches = [...call.inputs]
      .filter(([name]) => name.startsWith('images.'))
      .map(([, value]) => value)
      .filter((value): value is ImageValue => value instanceof ImageValue);
    const [first] = batches.flatMap((batch) => batch.pictures);
    const pictures = batches
      .flatMap((batch) => batch.pictures)
      .map((picture) => {
        const fits = first === undefined || (picture.width === first.width && picture.height === first.height);
        return fits ? picture : picture.scaled(first.width, first.height, 'linear', 'centre');
      });
    return { outputs: [new ImageValue(pictures)] };
  },
};
