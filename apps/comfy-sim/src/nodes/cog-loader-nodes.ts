import { familyOf } from '../card/model-family';
import { decoderWeights, diffusionWeights } from '../card/model-weights';
import { PyError } from '../python/errors';
import { CogContextValue, CogModelValue, CogVaeValue } from './cog-value';
import type { NodeBehaviour, NodeCall } from './node-behaviour';

const bitsOfQuantisation: readonly (readonly [RegExp, number])[] = [
  [/fp8|int8/, 8],
  [/fp6/, 6],
];
/** Offloaded layer by layer, only one of them is on the card. */
const offloadedShare = 0.08;

async function load(call: NodeCall, bits: number): Promise<{ outputs: [CogModelValue, CogVaeValue] }> {
  const name = call.text('model');
  // These come from the net at first use. A simulated server has no net: what it has not, it cannot get.
  if (!call.runtime.hasModel('CogVideo', name))
    throw new PyError('ConnectionError', `${name} is not in models/CogVideo, and nothing can be downloaded here`);
  const whole = diffusionWeights(name, bits);
  await call.runtime.readModel(name, diffusionWeights(name).bytes);
  const isOffloaded = call.has('enable_sequential_cpu_offload') && call.flag('enable_sequential_cpu_offload');
  const weights = { name, bytes: isOffloaded ? whole.bytes * offloadedShare : whole.bytes, canBeSplit: false };
  const model = new CogModelValue(name, familyOf(name), weights, isOffloaded, /i2v|fun|inp/i.test(name));
  return { outputs: [model, new CogVaeValue(decoderWeights(name))] };
}

export const cogModelLoader: NodeBehaviour = {
  functionName: 'DownloadAndLoadCogVideoModel.loadmodel',
  run(call) {
    const precision = call.has('precision') && call.text('precision') === 'fp32' ? 32 : 16;
    const quantisation = call.has('quantization') ? call.text('quantization') : 'disabled';
    return load(call, bitsOfQuantisation.find(([pattern]) => pattern.test(quantisation))?.[1] ?? precision);
  },
};

export const cogGgufLoader: NodeBehaviour = {
  functionName: 'DownloadAndLoadCogVideoGGUFModel.loadmodel',
  run: (call) => load(call, 32),
};

export const cogContextOptions: NodeBehaviour = {
  functionName: 'CogVideoContextOptions.process',
  run: (call) => ({
    outputs: [
      new CogContextValue(
        call.int('context_frames'),
        call.int('context_overlap'),
        call.text('context_schedule') === 'uniform_looped',
      ),
    ],
  }),
};
