import type { PromptGraph } from '@tower/comfyui';
import { PromptTimes } from './prompt-times';

const graph: PromptGraph = {
  '1': { class_type: 'CheckpointLoaderSimple', inputs: { ckpt_name: 'a.safetensors' } },
  '2': { class_type: 'CLIPTextEncode', inputs: {} },
  '3': { class_type: 'KSampler', inputs: {} },
  '4': { class_type: 'VAEDecode', inputs: {} },
  '5': { class_type: 'KSampler', inputs: {} },
};

/** Plays events at their milliseconds. */
function heard(
  events: readonly [atMs: number, node: string | null, step?: [value: number, max: number]][],
): PromptTimes {
  const times = new PromptTimes();
  times.heard({ type: 'execution_start', data: {} }, 0);
  for (const [at, node, step] of events)
    times.heard(
      step === undefined
        ? { type: 'executing', data: { node } }
        : { type: 'progress', data: { node, value: step[0], max: step[1] } },
      at,
    );
  return times;
}

describe('the parts of a prompt', () => {
  it('are loading with what a sampler does before its first step, all steps, and the rest', () => {
    const times = heard([
      [0, '1'],
      [6_000, '2'],
      [6_500, '3'],
      // Weights go to the card for four seconds, then ten steps of half a second.
      [11_000, '3', [1, 10]],
      [15_500, '3', [10, 10]],
      [15_500, '4'],
      [17_000, null],
    ]);
    expect(times.parts(graph, 17, true)).toEqual({ load: 10, sampling: 5, fixed: 2 });
  });

  it('of a warm card have no loading: what it does before its steps is the rest', () => {
    const times = heard([
      [0, '3'],
      [1_500, '3', [1, 4]],
      [3_000, '3', [4, 4]],
      [3_000, null],
    ]);
    expect(times.parts(graph, 3, false)).toEqual({ load: 0, sampling: 2, fixed: 1 });
  });

  it('are not known of a prompt that was adopted half-way', () => {
    const times = new PromptTimes();
    times.heard({ type: 'executing', data: { node: '3' } }, 0);
    times.heard({ type: 'progress', data: { node: '3', value: 1, max: 4 } }, 500);
    times.heard({ type: 'progress', data: { node: '3', value: 4, max: 4 } }, 2_000);
    times.heard({ type: 'executing', data: { node: null } }, 2_000);
    expect(times.parts(graph, 9, true)).toEqual({ load: null, sampling: null, fixed: null });
  });

  it('count the steps of all samplers', () => {
    const times = heard([
      [0, '3'],
      [500, '3', [1, 4]],
      [2_000, '3', [4, 4]],
      [2_000, '5'],
      [3_000, '5', [1, 4]],
      [6_000, '5', [4, 4]],
      [6_000, null],
    ]);
    expect(times.parts(graph, 6, true)).toEqual({ load: 0, sampling: 6, fixed: 0 });
  });

  it('are not known where nothing, or a single step, was heard', () => {
    const unknown = { load: null, sampling: null, fixed: null };
    expect(new PromptTimes().parts(graph, 9, true)).toEqual(unknown);
    expect(
      heard([
        [0, '3'],
        [500, '3', [1, 1]],
        [600, null],
      ]).parts(graph, 1, false),
    ).toEqual(unknown);
  });

  it('of a prompt without a sampler are loading and all else', () => {
    expect(
      heard([
        [0, '1'],
        [2_000, '4'],
        [5_000, null],
      ]).parts(graph, 5, true),
    ).toEqual({ load: 2, sampling: 3, fixed: 0 });
  });

  it('are never negative, whatever the clocks say', () => {
    const times = heard([
      [0, '3'],
      [900, '3', [1, 2]],
      [1_800, '3', [2, 2]],
      [1_800, null],
    ]);
    expect(times.parts(graph, 1, false)).toEqual({ load: 0, sampling: 1.8, fixed: 0 });
  });
});
