import { join } from 'node:path';
import { AppError, repositoryRoot } from '@tower/kit';
import { Catalogue } from '../catalogue';
import type { Workflow } from '../template/workflow-file';
import { resolveParameters, type ParameterValue } from './resolve-values';

let still: Workflow;
beforeAll(async () => {
  still = (await Catalogue.read(join(repositoryRoot, 'workflows'))).get('anime-still-sd15');
});

const known = {
  checkpoints: ['b.safetensors', 'anime_sd15.safetensors'],
  samplers: ['euler', 'dpmpp_2m'],
  schedulers: ['normal', 'karras'],
};
const resolve = (
  given: Record<string, ParameterValue | undefined>,
  preset = 'standard',
  choices: Parameters<typeof resolveParameters>[3] = known,
) => resolveParameters(still, preset, { prompt: 'a tower at dusk', ...given }, choices);
const fieldsOf = (work: () => unknown): Record<string, string> => {
  try {
    work();
  } catch (error) {
    if (error instanceof AppError)
      return Object.fromEntries((error.options.fields ?? []).map((field) => [field.pointer, field.message]));
  }
  throw new Error('nothing was refused');
};

describe('resolveParameters', () => {
  it('takes the request before the preset before the default', () => {
    expect(resolve({ width: 640 }, 'draft')).toMatchObject({
      width: 640,
      height: 576,
      steps: 10,
      cfg_scale: 7,
      sampler_name: 'dpmpp_2m',
      negative_prompt: '',
    });
  });

  it('prefers the named checkpoint, else takes one that a card has', () => {
    expect(resolve({})).toMatchObject({ model_name: 'anime_sd15.safetensors' });
    expect(resolve({}, 'standard', { ...known, checkpoints: ['other.safetensors'] })).toMatchObject({
      model_name: 'other.safetensors',
    });
    expect(resolve({}, 'standard', {})).toMatchObject({ model_name: 'anime_sd15.safetensors' });
  });

  it.each<[string, Record<string, ParameterValue>, string, RegExp]>([
    ['a width that is too large', { width: 2048 }, '/width', /between 64 and 1536/],
    ['a width that no latent has', { width: 513 }, '/width', /multiple of 8/],
    ['a fractional step count', { steps: 1.5 }, '/steps', /whole number/],
    ['a seed beyond exact integers', { seed: 2 ** 53 }, '/seed', /whole number/],
    ['a negative seed', { seed: -1 }, '/seed', /between 0 and/],
    ['a cfg scale that is too large', { cfg_scale: 31 }, '/cfg_scale', /between 0 and 30/],
    ['an unknown sampler', { sampler_name: 'magic' }, '/sampler_name', /samplers has euler, dpmpp_2m/],
    ['an unknown model', { model_name: 'x.safetensors' }, '/model_name', /models\/checkpoints has b\.safetensors/],
    ['text where a number belongs', { steps: 'many' }, '/steps', /whole number/],
    ['a number where text belongs', { prompt: 7 }, '/prompt', /text/],
    ['a prompt that is too long', { prompt: 'x'.repeat(20_001) }, '/prompt', /at most 20000/],
    ['a parameter that the workflow lacks', { lora: 'x' }, '/lora', /no such parameter/],
  ])('refuses %s and says what is allowed', (_what, given, pointer, message) => {
    expect(fieldsOf(() => resolve(given))[pointer]).toMatch(message);
  });

  it('names every wrong field at once, and a lone unknown model by its own code', () => {
    expect(Object.keys(fieldsOf(() => resolve({ width: 1, steps: 0 }))).sort()).toEqual(['/steps', '/width']);
    expect(() => resolve({ model_name: 'x.safetensors' })).toThrow(expect.objectContaining({ code: 'model_unknown' }));
  });

  it('says so when no card has any checkpoint', () => {
    expect(
      fieldsOf(() => resolve({ model_name: 'x.safetensors' }, 'standard', { ...known, checkpoints: [] }))[
        '/model_name'
      ],
    ).toMatch(/no card has a file in models\/checkpoints/);
    expect(fieldsOf(() => resolve({}, 'standard', { ...known, checkpoints: [] }))['/model_name']).toBe(
      'is needed, and no card has a Stable Diffusion 1.5 checkpoint in models/checkpoints to choose',
    );
  });

  it('shortens long lists of choices', () => {
    const checkpoints = Array.from({ length: 30 }, (_, index) => `m${index}`);
    expect(fieldsOf(() => resolve({ model_name: 'x' }, 'standard', { ...known, checkpoints }))['/model_name']).toMatch(
      /of 30 files in models\/checkpoints the nearest are m0, /,
    );
  });
});
