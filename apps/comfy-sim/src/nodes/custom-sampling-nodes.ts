import { str } from '../python/text';
import { ConditioningValue } from './conditioning-value';
import { GuiderValue, SamplerValue, SigmasValue } from './custom-sampling-value';
import { LatentValue } from './latent-value';
import { ModelValue } from './model-value';
import type { NodeBehaviour, NodeCall } from './node-behaviour';
import { NoiseValue } from './node-value';
import { sample } from './sampling';

export const kSamplerSelect: NodeBehaviour = {
  run: (call) => ({ outputs: [new SamplerValue(call.text('sampler_name'))] }),
};

/** Denoise below 1 makes a longer schedule and takes its end. */
export const basicScheduler: NodeBehaviour = {
  run(call) {
    call.value('model', ModelValue);
    const denoise = call.float('denoise');
    return { outputs: [new SigmasValue(denoise <= 0 ? 0 : call.int('steps'), denoise < 1)] };
  },
};

/** Schedules that need no model. */
export const plainScheduler: NodeBehaviour = {
  run: (call) => ({ outputs: [new SigmasValue(call.int('steps'), false)] }),
};

export const basicGuider: NodeBehaviour = {
  run: (call) => ({
    outputs: [
      new GuiderValue(call.value('model', ModelValue), call.value('conditioning', ConditioningValue), undefined, 1),
    ],
  }),
};

export const cfgGuider: NodeBehaviour = {
  run: (call) => ({
    outputs: [
      new GuiderValue(
        call.value('model', ModelValue),
        call.value('positive', ConditioningValue),
        call.value('negative', ConditioningValue),
        call.float('cfg'),
      ),
    ],
  }),
};

async function sampled(call: NodeCall, guider: GuiderValue, seed: string): Promise<{ outputs: LatentValue[] }> {
  call.value('sampler', SamplerValue);
  const { steps, isPartial } = call.value('sigmas', SigmasValue);
  const latent = await sample(call, {
    model: guider.model,
    positive: guider.positive,
    negative: guider.negative,
    latent: call.value('latent_image', LatentValue),
    seed,
    steps,
    ticks: steps,
    cfg: guider.cfg,
    fresh: !isPartial,
    leavesNoise: false,
  });
  return { outputs: [latent, latent] };
}

export const samplerCustom: NodeBehaviour = {
  functionName: 'SamplerCustom.sample',
  run(call) {
    const guider = new GuiderValue(
      call.value('model', ModelValue),
      call.value('positive', ConditioningValue),
      call.value('negative', ConditioningValue),
      call.float('cfg'),
    );
    return sampled(call, guider, str(call.plain('noise_seed')));
  },
};

export const samplerCustomAdvanced: NodeBehaviour = {
  functionName: 'SamplerCustomAdvanced.sample',
  run: (call) => sampled(call, call.value('guider', GuiderValue), call.value('noise', NoiseValue).seed),
};
