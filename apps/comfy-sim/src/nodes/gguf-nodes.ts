import { familyOf } from '../card/model-family';
import { diffusionWeights, encoderWeights } from '../card/model-weights';
import { PyError } from '../python/errors';
import { ModelValue } from './model-value';
import type { NodeBehaviour } from './node-behaviour';
import { ClipValue } from './text-encoder-value';

const unetLoader = (functionName: string): NodeBehaviour => ({
  functionName,
  async run(call) {
    const file = call.text('unet_name');
    await call.runtime.readModel(file, diffusionWeights(file).bytes);
    return { outputs: [new ModelValue({ file, family: familyOf(file), weights: diffusionWeights(file) })] };
  },
});

/** Takes plain files too, but not scaled fp8 ones beside a quantised one. */
const encoderLoader = (inputs: readonly string[], functionName: string): NodeBehaviour => ({
  functionName,
  async run(call) {
    const files = inputs.map((input) => call.text(input));
    for (const file of files) await call.runtime.readModel(file, encoderWeights(file).bytes);
    if (files.some((file) => file.endsWith('.gguf')) && files.some((file) => /fp8.*scaled/i.test(file))) {
      throw new PyError('NotImplementedError', 'Mixing scaled FP8 with GGUF is not supported!');
    }
    return { outputs: [new ClipValue(files)] };
  },
});

export const ggufBehaviours: readonly (readonly [string, NodeBehaviour])[] = [
  ['UnetLoaderGGUF', unetLoader('UnetLoaderGGUF.load_unet')],
  ['UnetLoaderGGUFAdvanced', unetLoader('UnetLoaderGGUFAdvanced.load_unet')],
  ['CLIPLoaderGGUF', encoderLoader(['clip_name'], 'CLIPLoaderGGUF.load_clip')],
  ['DualCLIPLoaderGGUF', encoderLoader(['clip_name1', 'clip_name2'], 'DualCLIPLoaderGGUF.load_clip')],
  ['TripleCLIPLoaderGGUF', encoderLoader(['clip_name1', 'clip_name2', 'clip_name3'], 'TripleCLIPLoaderGGUF.load_clip')],
  [
    'QuadrupleCLIPLoaderGGUF',
    encoderLoader(['clip_name1', 'clip_name2', 'clip_name3', 'clip_name4'], 'QuadrupleCLIPLoaderGGUF.load_clip'),
  ],
];
