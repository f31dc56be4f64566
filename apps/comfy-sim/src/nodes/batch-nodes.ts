import { TempNames } from '../files/temp-names';
import type { Picture } from '../pictures/picture';
import { PyError } from '../python/errors';
import { isDict, toNumber, isNumeric, type PyDict } from '../python/values';
import type { NodeBehaviour, NodeCall } from './node-behaviour';
import { ImageValue } from './node-value';
import { saveImages } from './saving-nodes';

/** Both ends are brought into the batch. Newer servers also count from its end. */
export const imageFromBatch: NodeBehaviour = {
  functionName: 'ImageFromBatch.frombatch',
  run(call) {
    const { pictures } = call.value('image', ImageValue);
    const asked = call.int('batch_index');
    const first = asked < 0 ? Math.max(0, pictures.length + asked) : Math.min(pictures.length - 1, asked);
    return { outputs: [new ImageValue(pictures.slice(first, first + call.int('length')))] };
  },
};

export const repeatImageBatch: NodeBehaviour = {
  functionName: 'RepeatImageBatch.repeat',
  run(call) {
    const { pictures } = call.value('image', ImageValue);
    return { outputs: [new ImageValue(Array.from({ length: call.int('amount') }, () => pictures).flat())] };
  },
};

interface Region {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** What of the region lies outside the picture is cut off; the corner always lies inside. */
function crop(pictures: readonly Picture[], region: Region): Picture[] {
  return pictures.map((picture) => {
    const [x, y] = [Math.min(region.x, picture.width - 1), Math.min(region.y, picture.height - 1)];
    return picture.cropped(
      x,
      y,
      Math.min(region.width, picture.width - x),
      Math.min(region.height, picture.height - y),
    );
  });
}

export const imageCrop: NodeBehaviour = {
  functionName: 'ImageCrop.crop',
  run(call) {
    const { pictures } = call.value('image', ImageValue);
    return {
      outputs: [
        new ImageValue(
          crop(pictures, { x: call.int('x'), y: call.int('y'), width: call.int('width'), height: call.int('height') }),
        ),
      ],
    };
  },
};

/** Shows what it cut out, although it is no output node. */
export function imageCropV2(): NodeBehaviour {
  const names = new TempNames();
  return {
    async run(call) {
      const images = new ImageValue(crop(call.value('image', ImageValue).pictures, regionOf(call)));
      const { ui } = await saveImages(call, images, 'temp', names.prefixFor(call.id), 1);
      return { outputs: [images], ui: new Map([...(ui ?? []), ['animated', [false]]]) };
    },
  };
}

function regionOf(call: NodeCall): Region {
  const posted = call.plain('crop_region');
  if (!isDict(posted)) throw new PyError('TypeError', "'NoneType' object is not subscriptable");
  return { x: side(posted, 'x'), y: side(posted, 'y'), width: side(posted, 'width'), height: side(posted, 'height') };
}

function side(region: PyDict, name: string): number {
  const value = region.get(name) ?? null;
  if (!isNumeric(value)) throw new PyError('KeyError', `'${name}'`);
  return toNumber(value);
}
