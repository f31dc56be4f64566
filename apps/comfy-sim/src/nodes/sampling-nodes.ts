import { str } from '../python/text';
import { ConditioningValue } from './conditioning-value';
import { LatentValue } from './latent-value';
import { ModelValue } from './model-value';
import type { NodeBehaviour, NodeCall } from './node-behaviour';
import { sample, type SamplerRun } from './sampling';

const linked = (call: NodeCall): Pick<SamplerRun, 'model' | 'positive' | 'negative' | 'latent'> => ({
  model: call.value('model', ModelValue),
  latent: call.value('latent_image', LatentValue),
  positive: call.value('positive', ConditioningValue),
  negative: call.value('negative', ConditioningValue),
});

export const kSampler: NodeBehaviour = {
  functionName: 'KSampler.sample',
  async run(call) {
    const steps = call.int('steps');
    const denoise = call.float('denoise');
    return {
      outputs: [
        await sample(call, {
          ...linked(call),
          seed: str(call.plain('seed')),
          steps,
          ticks: denoise <= 0 ? 0 : steps,
          cfg: call.float('cfg'),
          fresh: denoise > 0.9999,
          leavesNoise: false,
        }),
      ],
    };
  },
};

export const kSamplerAdvanced: NodeBehaviour = {
  functionName: 'KSamplerAdvanced.sample',
  async run(call) {
    const steps = call.int('steps');
    const first = call.int('start_at_step');
    const last = Math.min(steps, call.int('end_at_step'));
    return {
      outputs: [
        await sample(call, {
          ...linked(call),
          seed: str(call.plain('noise_seed')),
          steps,
          ticks: Math.max(0, last - first),
          cfg: call.float('cfg'),
          fresh: call.text('add_noise') === 'enable' && first === 0,
          leavesNoise: call.text('return_with_leftover_noise') === 'enable' && last < steps,
        }),
      ],
    };
  },
};
