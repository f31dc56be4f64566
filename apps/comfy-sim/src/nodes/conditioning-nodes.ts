import { visionBytes } from '../card/activations';
import { helperWeights } from '../card/model-weights';
import { ClipVisionOutputValue, ClipVisionValue, ConditioningValue, ControlNetValue } from './conditioning-value';
import { onCard } from './gpu-work';
import type { NodeBehaviour, NodeCall } from './node-behaviour';
import { ImageValue } from './node-value';

/** A vision encoder looks at each picture in 224 or 336 pixels. */
const visionSeconds = 0.08;

export const clipVisionLoader: NodeBehaviour = {
  functionName: 'CLIPVisionLoader.load_clip',
  async run(call) {
    const file = call.text('clip_name');
    const weights = helperWeights(file);
    await call.runtime.readModel(file, weights.bytes);
    return { outputs: [new ClipVisionValue(file, weights)] };
  },
};

export const clipVisionEncode: NodeBehaviour = {
  functionName: 'CLIPVisionEncode.encode',
  async run(call) {
    const { weights } = call.value('clip_vision', ClipVisionValue);
    const { pictures } = call.value('image', ImageValue);
    await onCard(call, [weights], visionBytes, () => call.runtime.work(visionSeconds * pictures.length));
    return { outputs: [new ClipVisionOutputValue(pictures)] };
  },
};

export const controlNetLoader: NodeBehaviour = {
  functionName: 'ControlNetLoader.load_controlnet',
  async run(call) {
    const file = call.text('control_net_name');
    const weights = helperWeights(file);
    await call.runtime.readModel(file, weights.bytes);
    return { outputs: [new ControlNetValue(file, weights)] };
  },
};

function controlled(call: NodeCall, name: string): ConditioningValue {
  const text = call.value(name, ConditioningValue);
  const strength = call.float('strength');
  if (strength === 0) return text;
  const { weights } = call.value('control_net', ControlNetValue);
  const fingerprint = call
    .value('image', ImageValue)
    .pictures.map((picture) => picture.fingerprint)
    .join(' ');
  return text.with({ controls: [...text.controls, { weights, fingerprint, strength }] });
}

export const controlNetApply: NodeBehaviour = {
  functionName: 'ControlNetApply.apply_controlnet',
  run: (call) => ({ outputs: [controlled(call, 'conditioning')] }),
};

export const controlNetApplyAdvanced: NodeBehaviour = {
  functionName: 'ControlNetApplyAdvanced.apply_controlnet',
  run: (call) => ({ outputs: [controlled(call, 'positive'), controlled(call, 'negative')] }),
};

/** Both texts are drawn; which of the two came first makes no difference to a network, and none here. */
function both(first: ConditioningValue, second: ConditioningValue): ConditioningValue {
  return first.with({ text: `${first.text}, ${second.text}`, controls: [...first.controls, ...second.controls] });
}

export const conditioningCombine: NodeBehaviour = {
  functionName: 'ConditioningCombine.combine',
  run: (call) => ({
    outputs: [both(call.value('conditioning_1', ConditioningValue), call.value('conditioning_2', ConditioningValue))],
  }),
};

export const conditioningConcat: NodeBehaviour = {
  functionName: 'ConditioningConcat.concat',
  run: (call) => ({
    outputs: [
      both(call.value('conditioning_to', ConditioningValue), call.value('conditioning_from', ConditioningValue)),
    ],
  }),
};

export const conditioningZeroOut: NodeBehaviour = {
  functionName: 'ConditioningZeroOut.zero_out',
  run: (call) => ({ outputs: [call.value('conditioning', ConditioningValue).with({ text: '' })] }),
};
