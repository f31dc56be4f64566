import { textBytes } from '../card/activations';
import { ConditioningValue } from './conditioning-value';
import { onCard } from './gpu-work';
import type { NodeBehaviour, NodeCall } from './node-behaviour';
import { ClipValue } from './text-encoder-value';

/** The encoders lie on the card while they work, unless they were asked to stay off it. */
export async function encodeText(call: NodeCall, clip: ClipValue): Promise<void> {
  await onCard(call, clip.weights, clip.onCpu ? 0 : textBytes, () =>
    call.runtime.work(call.runtime.card.textEncodeSeconds(clip.parameters, clip.onCpu)),
  );
}

export const clipTextEncode: NodeBehaviour = {
  functionName: 'CLIPTextEncode.encode',
  async run(call) {
    const clip = call.value('clip', ClipValue);
    await encodeText(call, clip);
    call.runtime.throwIfInterrupted();
    return { outputs: [new ConditioningValue(call.text('text'), clip.width)] };
  },
};

export const clipSetLastLayer: NodeBehaviour = {
  functionName: 'CLIPSetLastLayer.set_last_layer',
  run: (call) => ({ outputs: [call.value('clip', ClipValue).with({ lastLayer: call.int('stop_at_clip_layer') })] }),
};
