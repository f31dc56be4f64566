import { join } from 'node:path';
import { repositoryRoot } from '@tower/kit';
import { Catalogue } from '../workflows/catalogue';
import { usualValues } from '../workflows/compatibility/compatibility';
import { noChanges, noParts } from '../workflows/composition';
import { kindAfter, placeInQueue, stampIn, stampOf } from './queue-place';

let workflows: Catalogue;
const still = () => workflows.get('anime-still-sd15');
const job = (changes: object = {}) => ({
  workflow: 'anime-still-sd15',
  rank: 2,
  modelName: 'anime.safetensors',
  width: 512,
  height: 768,
  frames: 1,
  parts: noParts,
  parameters: usualValues(still(), { checkpoints: ['anime.safetensors'] }),
  ...changes,
});
const fresh = { plan: noChanges, excludedGpus: [], recovery: [] };

beforeAll(async () => {
  workflows = await Catalogue.read(join(repositoryRoot, 'workflows'));
});

describe('the place in line', () => {
  it('has the rank of the job', () => {
    expect(placeInQueue(job({ rank: 0 }), still())).toMatchObject({ rank: 0 });
  });

  it('is of one kind for whatever fits the same cards', () => {
    const { kind } = placeInQueue(job(), still());
    expect(
      placeInQueue(
        job({ rank: 0, parameters: { ...job().parameters, seed: 9, prompt: 'ночь', cfg_scale: 3 } }),
        still(),
      ).kind,
    ).toBe(kind);
  });

  it('is of one kind for every spelling of its files', () => {
    const kinds = ['/', '\\'].map((separator) => {
      const name = `SD15${separator}anime.safetensors`;
      const lora = { file: `styles${separator}ink.pt`, strengthModel: 1, strengthClip: 1 };
      const spelt = {
        modelName: name,
        parameters: { ...job().parameters, model_name: name },
        parts: { ...noParts, loras: [lora] },
      };
      return placeInQueue(job(spelt), still()).kind;
    });
    expect(kinds[0]).toBe(kinds[1]);
  });

  it.each<[string, object]>([
    ['embedding in a text', { parameters: { prompt: 'embedding:easy' } }],
    ['family of the checkpoint', { parts: { ...noParts, family: 'sdxl' } }],
    ['size', { width: 1024 }],
    ['film length', { frames: 16 }],
    ['model', { modelName: 'other.safetensors' }],
    ['LoRA', { parts: { ...noParts, loras: [{ file: 'a', strengthModel: 1, strengthClip: 1 }] } }],
  ])('is of another kind with another %s', (_, changes) => {
    const usual = job();
    const parameters =
      'parameters' in changes ? { ...usual.parameters, ...(changes.parameters as object) } : usual.parameters;
    expect(placeInQueue(job({ ...changes, parameters }), still()).kind).not.toBe(placeInQueue(usual, still()).kind);
  });

  it('changes with what recovery decides, whatever the order, and returns when that is undone', () => {
    const { kind } = placeInQueue(job(), still());
    const both = kindAfter(kind, { ...fresh, excludedGpus: ['b', 'a'] });
    expect(both).toBe(kindAfter(kind, { ...fresh, excludedGpus: ['a', 'b'] }));
    expect(
      new Set([
        kind,
        both,
        kindAfter(kind, { ...fresh, excludedGpus: ['a'] }),
        kindAfter(kind, { ...fresh, plan: { steps: ['tiled_vae'] } }),
      ]).size,
    ).toBe(4);
    expect(kindAfter(both, fresh)).toBe(kind);
    expect(placeInQueue(job(), still(), { ...fresh, excludedGpus: ['a', 'b'] }).kind).toBe(both);
  });

  it('tells from which template it was made, and that there was none', () => {
    expect(stampIn(placeInQueue(job(), still()).kind)).toBe(stampOf(still()));
    expect(stampIn(placeInQueue(job(), { ...still(), graph: {} }).kind)).not.toBe(stampOf(still()));
    expect(stampIn(placeInQueue(job(), undefined).kind)).toBe('gone');
    expect(stampIn('')).toBe('');
  });
});
