import { familyOf } from './model-family';
import { bitsPerWeight } from './model-precision';

/** Weights that are moved to a card as one thing. */
export interface Weights {
  /** Equal names are the same weights. */
  readonly name: string;
  readonly bytes: number;
  /** They may stay in RAM in part and be streamed layer by layer, at the cost of slower steps. */
  readonly canBeSplit: boolean;
}

const bytesOf = (parameters: number, bits: number): number => Math.round((parameters * bits) / 8);

const clipLarge = 0.123e9;
const encoders: readonly (readonly [RegExp, number])[] = [
  [/umt5/i, 5.68e9],
  [/t5/i, 4.76e9],
  [/clip_g|bigg/i, 0.695e9],
  [/xl|pony|illustrious|noob/i, 0.818e9],
];
/** Parameters of a text encoder, or of the encoders inside a checkpoint. */
export const encoderParameters = (fileName: string): number =>
  encoders.find(([pattern]) => pattern.test(fileName))?.[1] ?? clipLarge;

const stillDecoder = 0.084e9;
/** Parameters of a VAE, or of the one inside a checkpoint. */
const decoderParameters = (fileName: string): number =>
  /wan.?2[._]2.*vae/i.test(fileName)
    ? 0.7e9
    : /wan.*vae/i.test(fileName)
      ? 0.127e9
      : /cogvideo/i.test(fileName)
        ? 0.215e9
        : stillDecoder;

/** @param bits of the weights on the card, where a loader was asked for fewer than the file has */
export function diffusionWeights(fileName: string, bits = 32): Weights {
  return {
    name: fileName,
    bytes: bytesOf(familyOf(fileName).parameters, Math.min(bits, bitsPerWeight(fileName))),
    canBeSplit: true,
  };
}

export function encoderWeights(fileName: string): Weights {
  return {
    name: `${fileName} (text)`,
    bytes: bytesOf(encoderParameters(fileName), bitsPerWeight(fileName)),
    canBeSplit: true,
  };
}

export function decoderWeights(fileName: string): Weights {
  return { name: `${fileName} (vae)`, bytes: bytesOf(decoderParameters(fileName), 16), canBeSplit: false };
}

/** Parameters of what helps a sampler or a picture; the first match wins. */
const helpers: readonly (readonly [RegExp, number])[] = [
  [/vit.?bigg|bigg/i, 1.84e9],
  [/vit.?h|clip_vision_h/i, 0.632e9],
  [/clip.?vision/i, 0.304e9],
  [/ip.?adapter.*xl/i, 0.35e9],
  [/ip.?adapter/i, 0.08e9],
  [/sd15_mm|mm_sd|motion|animatediff|animatelcm/i, 0.417e9],
  [/control.*xl/i, 1.25e9],
  [/control|t2i/i, 0.361e9],
];
const smallHelper = 0.02e9;

/** Networks that go along whole: vision encoders, adapters, motion modules, control networks, upscalers. */
export function helperWeights(fileName: string): Weights {
  const parameters = helpers.find(([pattern]) => pattern.test(fileName))?.[1] ?? smallHelper;
  return { name: fileName, bytes: bytesOf(parameters, bitsPerWeight(fileName)), canBeSplit: false };
}

/** Bytes of a checkpoint that holds the denoiser, the text encoders and the VAE. */
export function checkpointBytes(fileName: string): number {
  return diffusionWeights(fileName).bytes + encoderWeights(fileName).bytes + decoderWeights(fileName).bytes;
}
