import { familyOf } from '../card/model-family';
import { diffusionWeights, encoderWeights } from '../card/model-weights';
import { PyError } from '../python/errors';
import { ModelValue } from './model-value';
import type { NodeBehaviour } from './node-behaviour';
import { ClipValue } from './text-encoder-value';

export const ggufUnetLoader = (functionName: string): NodeBehaviour => ({
  functionName,
  async run(call) {
    const file = call.text('unet_name');
    await call.runtime.readModel(file, diffusionWeights(file).bytes);
    return { outputs: [new ModelValue({ file, family: familyOf(file), weights: diffusionWeights(file) })] };
  },
});

/** Takes plain files too, but not scaled fp8 ones beside a quantised one. */
export const ggufClipLoader = (inputs: readonly string[], functionName: string): NodeBehaviour => ({
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
