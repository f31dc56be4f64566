import { join } from 'node:path';
import { samplingCosts, type PromptGraph } from '@tower/comfyui';
import { repositoryRoot } from '@tower/kit';
import { Catalogue } from '../catalogue';

const pass = (inputs: PromptGraph[string]['inputs'], className = 'KSampler'): PromptGraph[string] => ({
  class_type: className,
  inputs,
});
const costsOf = (graph: PromptGraph): Record<string, number> => Object.fromEntries(samplingCosts(graph));

const latent = { class_type: 'EmptyLatentImage', inputs: { width: 512, height: 512, batch_size: 1 } };

it('the second pass of a hires fix costs what its size and steps cost', async () => {
  const { graph } = (await Catalogue.read(join(repositoryRoot, 'workflows'))).get('hires-fix');
  const { 10: first, 31: second } = costsOf(graph);
  expect((second ?? 0) / (first ?? 1)).toBeCloseTo((1.5 ** 2) ** 1.15, 6);
});

it('the passes of two noise models cost what their share of the steps is', async () => {
  const { graph } = (await Catalogue.read(join(repositoryRoot, 'workflows'))).get('video-wan22-t2v-14b');
  const early: PromptGraph = structuredClone(graph);
  early['8']!.inputs['end_at_step'] = 4;
  early['108']!.inputs['start_at_step'] = 4;
  expect(costsOf(graph)).toEqual({ 8: 1, 108: 1 });
  const { 8: high, 108: low } = costsOf(early);
  expect((low ?? 0) / (high ?? 1)).toBeCloseTo(4, 9);
});

it.each<[string, PromptGraph, number]>([
  [
    'another size given in figures',
    { u: { class_type: 'LatentUpscale', inputs: { samples: ['a', 0], width: 1024, height: 1024 } } },
    4 ** 1.15,
  ],
  [
    'an upscaler whose model names its factor',
    {
      m: { class_type: 'UpscaleModelLoader', inputs: { model_name: '4x-UltraSharp.pth' } },
      d: { class_type: 'VAEDecode', inputs: { samples: ['a', 0] } },
      x: { class_type: 'ImageUpscaleWithModel', inputs: { image: ['d', 0], upscale_model: ['m', 0] } },
      u: { class_type: 'VAEEncode', inputs: { pixels: ['x', 0] } },
    },
    16 ** 1.15,
  ],
  ['a size that nobody knows', { u: { class_type: 'SomethingElse', inputs: {} } }, 1],
])('is compared by %s', (_what, between, ratio) => {
  const costs = costsOf({
    l: latent,
    a: pass({ steps: 10, latent_image: ['l', 0] }),
    ...between,
    b: pass({ steps: 10, latent_image: ['u', 0] }),
  });
  expect((costs['b'] ?? 0) / (costs['a'] ?? 1)).toBeCloseTo(ratio, 6);
});

it('knows schedules that are nodes of their own, split or not, and a pass without a negative prompt', () => {
  const graph: PromptGraph = {
    l: latent,
    s: { class_type: 'BasicScheduler', inputs: { steps: 10, denoise: 1 } },
    p: { class_type: 'SplitSigmas', inputs: { sigmas: ['s', 0], step: 2 } },
    a: pass({ sigmas: ['p', 0], latent_image: ['l', 0], cfg: 4 }, 'SamplerCustom'),
    b: pass({ sigmas: ['p', 1], latent_image: ['a', 0], cfg: 1 }, 'SamplerCustom'),
  };
  const costs = costsOf(graph);
  expect((costs['b'] ?? 0) / (costs['a'] ?? 1)).toBeCloseTo(2, 9);
});

it('does not run in circles', () => {
  expect(
    costsOf({ a: pass({ steps: 1, latent_image: ['b', 0] }), b: pass({ steps: 1, latent_image: ['a', 0] }) }),
  ).toEqual({ a: 1, b: 1 });
});
