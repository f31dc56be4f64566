import { interpolatorContract } from '../motion/smoothness';
import { lpipsDiffContract, lpipsFeatureContract, lpipsPairContract } from '../perception/lpips';
import { normalisations, type Normalisation } from '../model-input/planes';
import type { TensorContract } from './onnx-model';

/**
 * What a file must look like to be run for a metric. Names are left out where exports of one network differ in them.
 */
export const modelContracts = {
  ccip: { inputs: [{ name: 'input', shape: [null, 3, 384, 384] }], outputs: [{ name: 'output', shape: [null, 768] }] },
  arcface: { inputs: [{ shape: [null, 3, 112, 112] }], outputs: [{ shape: [null, 512] }] },
  dino: {
    inputs: [{ name: 'pixel_values', shape: [null, 3, 224, 224] }],
    outputs: [{ name: 'last_hidden_state', shape: [null, null, null] }],
  },
  scrfd: { inputs: [{ shape: [1, 3, 640, 640] }], outputs: [] },
  yolo: {
    inputs: [{ name: 'images', shape: [1, 3, null, null] }],
    outputs: [{ name: 'output0', shape: [1, null, null] }],
  },
  wd_tagger: { inputs: [{ shape: [null, 448, 448, 3] }], outputs: [{ shape: [null, null] }] },
  classifier: {
    inputs: [{ name: 'input', shape: [null, 3, null, null] }],
    outputs: [{ name: 'output', shape: [null, null] }],
  },
  lpips_pair: lpipsPairContract,
  lpips_feature: lpipsFeatureContract,
  lpips_diff: lpipsDiffContract,
  interpolator: interpolatorContract,
} as const satisfies Record<string, TensorContract>;

export type ModelContractName = keyof typeof modelContracts;

/** The arithmetic before each network; missing where a model repository may bring its own. */
export const contractPreprocessing: Readonly<Partial<Record<ModelContractName, Normalisation>>> = {
  ccip: normalisations.clip,
  arcface: normalisations.arcface,
  dino: normalisations.imagenet,
  scrfd: normalisations.scrfd,
  yolo: normalisations.unit,
  wd_tagger: normalisations.raw,
  lpips_pair: normalisations.arcface,
  lpips_feature: normalisations.unit,
  interpolator: normalisations.unit,
};
