import { placesOf, type PromptGraph } from '@tower/comfyui';
import { progressAtDispatch } from '../jobs/progress';
import { advance } from './progress-tracker';

const start = progressAtDispatch('rtx3060');
const still: PromptGraph = {
  '1': { class_type: 'CheckpointLoaderSimple', inputs: { ckpt_name: 'anime_sd15.safetensors' } },
  '4': { class_type: 'CLIPTextEncode', inputs: { clip: ['1', 1], text: 'x' } },
  '10': { class_type: 'KSampler', inputs: { model: ['1', 0], positive: ['4', 0] } },
  '11': { class_type: 'VAEDecode', inputs: { samples: ['10', 0], vae: ['1', 2] } },
  '12': { class_type: 'SaveImage', inputs: { images: ['11', 0] } },
};
const film: PromptGraph = {
  '1': { class_type: 'UNETLoader', inputs: { unet_name: 'wan/high_noise.safetensors' } },
  '2': { class_type: 'KSamplerAdvanced', inputs: { model: ['1', 0] } },
  '3': { class_type: 'KSamplerAdvanced', inputs: { model: ['1', 0], latent_image: ['2', 0] } },
  '5': { class_type: 'VAEDecodeTiled', inputs: { samples: ['3', 0] } },
  '6': { class_type: 'VHS_VideoCombine', inputs: { images: ['5', 0] } },
};
const hear = (from: typeof start, type: string, data: Record<string, unknown>, graph = still) =>
  advance(from, { type, data }, graph, 'rtx3060', 'anime_sd15');

describe('the progress of a still', () => {
  it('names the stage and counts the steps', () => {
    expect(hear(start, 'executing', { node: '1' })).toMatchObject({
      stage: 'Loading anime_sd15 on rtx3060',
      percent: 1,
      step: null,
    });
    const half = hear(start, 'progress', { value: 12, max: 24, node: '10' });
    expect(half).toMatchObject({ stage: 'Sampling on rtx3060: step 12 of 24', step: 12, totalSteps: 24 });
    expect(half.percent).toBeGreaterThan(40);
    expect(half.percent).toBeLessThan(60);
    expect(half.frame).toBeUndefined();
  });

  it('never falls, also when a bar starts anew', () => {
    const half = hear(start, 'progress', { value: 12, max: 24, node: '10' });
    expect(hear(half, 'progress', { value: 1, max: 24, node: '10' }).percent).toBe(half.percent);
  });

  it('keeps the last step when the sampling is over', () => {
    expect(
      hear(hear(start, 'progress', { value: 24, max: 24, node: '10' }), 'executing', { node: '11' }),
    ).toMatchObject({ stage: 'Decoding on rtx3060', step: 24 });
  });

  it.each([
    ['a node that is not in the graph', 'progress', { value: 1, max: 2, node: '99' }],
    ['an empty bar', 'progress', { value: 0, max: 0, node: '10' }],
    ['a malformed frame', 'progress', { value: 'x' }],
    ['the end', 'executing', { node: null }],
    ['an unknown message', 'crystools.monitor', {}],
  ])('is not moved by %s', (_what, type, data) => {
    expect(hear(start, type, data)).toBe(start);
  });
});

describe('the progress of a film', () => {
  it('tells the two samplings apart and names the file that is loaded', () => {
    expect(hear(start, 'executing', { node: '1' }, film).stage).toBe('Loading high_noise on rtx3060');
    expect(hear(start, 'progress', { value: 3, max: 10, node: '3' }, film).stage).toBe(
      'Sampling 2 of 2 on rtx3060: step 3 of 10',
    );
  });

  it('counts frames only where a node reports them', () => {
    const sampled = hear(start, 'progress', { value: 10, max: 10, node: '3' }, film);
    expect(sampled.frame).toBeUndefined();
    expect(hear(sampled, 'progress', { value: 42, max: 72, node: '6' }, film)).toMatchObject({
      stage: 'Encoding frame 42/72 on rtx3060',
      frame: 42,
      step: 10,
    });
  });

  it('rises from node to node and stays below the end', () => {
    let progress = start;
    const seen: number[] = [];
    for (const node of Object.keys(film)) {
      for (const value of [1, 2, 3]) progress = hear(progress, 'progress', { value, max: 3, node }, film);
      seen.push(progress.percent);
    }
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(new Set(seen).size).toBe(seen.length);
    expect(progress.percent).toBe(98);
  });

  it('counts all passes that the graph has, those that have not begun among them', () => {
    const size = (scale: number): PromptGraph[string] => ({
      class_type: 'LatentUpscaleBy',
      inputs: { samples: ['2', 0], scale_by: scale },
    });
    const hires: PromptGraph = {
      '1': { class_type: 'EmptyLatentImage', inputs: { width: 512, height: 512, batch_size: 1 } },
      '2': { class_type: 'KSampler', inputs: { steps: 20, latent_image: ['1', 0] } },
      '3': size(2),
      '4': { class_type: 'KSampler', inputs: { steps: 20, latent_image: ['3', 0] } },
    };
    // The second pass has four times the pixels, so the first one is about a sixth of the whole.
    const first = hear(start, 'progress', { value: 20, max: 20, node: '2' }, hires);
    expect(first.percent).toBeGreaterThan(14);
    expect(first.percent).toBeLessThan(20);
  });

  it('says where the step that runs now ends, and promises nothing before the first step of a pass', () => {
    const half = hear(start, 'progress', { value: 5, max: 10, node: '2' }, film);
    const whole = hear(start, 'progress', { value: 6, max: 10, node: '2' }, film);
    expect(half.next).toBeCloseTo(whole.percent, 1);
    const second = hear(half, 'executing', { node: '3' }, film);
    expect(second.next).toBe(second.percent);
    const decoding = hear(half, 'executing', { node: '5' }, film);
    expect(decoding.next).toBeGreaterThan(decoding.percent);
  });

  it('takes what an expanded node reports for its own', () => {
    expect(hear(start, 'executing', { node: '6.0.0.1' }, film).stage).toBe('Encoding on rtx3060');
  });
});

describe('the places of a graph', () => {
  it('are worked out for cycles and links to nowhere as well', () => {
    const odd: PromptGraph = {
      a: { class_type: 'X', inputs: { in: ['b', 0] } },
      b: { class_type: 'Y', inputs: { in: ['a', 0], other: ['gone', 0] } },
    };
    for (const place of placesOf(odd).values()) expect(place.to).toBeLessThanOrEqual(1);
  });

  it('lie at the end for what needs everything', () => {
    expect(placesOf(still).get('12')?.to).toBeCloseTo(1, 9);
  });
});
