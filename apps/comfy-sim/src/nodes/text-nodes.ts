import type { NodeBehaviour } from './node-behaviour';
import { ClipValue, ConditioningValue } from './node-value';

export const clipTextEncode: NodeBehaviour = {
  functionName: 'CLIPTextEncode.encode',
  async run(call) {
    call.value('clip', ClipValue);
    await call.runtime.work(call.runtime.card.textEncodeSeconds());
    call.runtime.throwIfInterrupted();
    return { outputs: [new ConditioningValue(call.text('text'))] };
  },
};

export const clipSetLastLayer: NodeBehaviour = {
  functionName: 'CLIPSetLastLayer.set_last_layer',
  run(call) {
    const clip = call.value('clip', ClipValue);
    return { outputs: [new ClipValue(clip.checkpoint, clip.loras, call.int('stop_at_clip_layer'))] };
  },
};
