import type { ContextWindows } from './context-windows';
import { latentFrames } from './latent-value';
import { ContextOptionsValue, ModelValue } from './model-value';
import type { NodeBehaviour, NodeCall } from './node-behaviour';

const schedules: Record<string, ContextWindows['schedule']> = {
  looped_uniform: 'looped',
  standard_uniform: 'uniform',
  standard_static: 'static',
  batched: 'batched',
};

/** Lengths in pictures for films, of which four make a latent frame; in pictures of a batch otherwise. */
const coreWindows = (call: NodeCall, frames: (pictures: number) => number): ContextWindows => ({
  length: frames(call.int('context_length')),
  overlap: frames(call.int('context_overlap')),
  stride: call.int('context_stride'),
  schedule: schedules[call.text('context_schedule')] ?? 'static',
  closedLoop: call.flag('closed_loop'),
  onEqualLength: false,
});

const overlapFrames = (pictures: number): number => (pictures > 0 ? Math.max(latentFrames(pictures), 0) : 0);

export const wanContextWindows: NodeBehaviour = {
  run: (call) => ({ outputs: [call.value('model', ModelValue).with({ windows: coreWindows(call, overlapFrames) })] }),
};

export const contextWindows: NodeBehaviour = {
  run: (call) => ({
    outputs: [call.value('model', ModelValue).with({ windows: coreWindows(call, (pictures) => pictures) })],
  }),
};

/** Left out, `closed_loop` and `use_on_equal_length` are false, and there is no stride. */
export const contextOptions = (schedule: ContextWindows['schedule']): NodeBehaviour => ({
  functionName: 'ContextOptions.create_options',
  run: (call) => ({
    outputs: [
      new ContextOptionsValue({
        length: call.int('context_length'),
        overlap: call.has('context_overlap') ? call.int('context_overlap') : 0,
        stride: call.has('context_stride') ? call.int('context_stride') : 1,
        schedule,
        closedLoop: call.has('closed_loop') && call.flag('closed_loop'),
        onEqualLength: call.has('use_on_equal_length') && call.flag('use_on_equal_length'),
      }),
    ],
  }),
});
