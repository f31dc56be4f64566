import { Picture } from '../pictures/picture';
import { PyError } from '../python/errors';
import type { NodeBehaviour } from './node-behaviour';
import { ImageValue } from './node-value';

/** A frame between two costs about a third of what a VAE takes to decode one. */
const shareOfDecoding = 0.3;

/** (n − 1)·m + 1 frames. The whole clip is one stretch of work without a tick, so that no interrupt gets through. */
function interpolator(model: string): NodeBehaviour {
  return {
    functionName: `${model}_VFI.vfi`,
    async run(call) {
      const { pictures } = call.value('frames', ImageValue);
      const multiplier = call.int('multiplier');
      if (pictures.length < 2) {
        throw new PyError(
          'AssertionError',
          `VFI model ${model} requires at least 2 frames to work with, only found ${pictures.length}. Please check ` +
            `the frame input using PreviewImage.`,
        );
      }
      const pixels = (pictures[0]?.width ?? 0) * (pictures[0]?.height ?? 0);
      await call.runtime.work(
        call.runtime.card.decodeSeconds(pixels, (pictures.length - 1) * (multiplier - 1)) * shareOfDecoding,
      );
      const between = pictures.slice(1).flatMap((next, index) => {
        const from = pictures[index] ?? next;
        return [
          ...Array.from({ length: multiplier - 1 }, (_, step) => Picture.between(from, next, (step + 1) / multiplier)),
          next,
        ];
      });
      return { outputs: [new ImageValue([...pictures.slice(0, 1), ...between])] };
    },
  };
}

export const rifeVfi = interpolator('RIFE');
export const filmVfi = interpolator('FILM');
