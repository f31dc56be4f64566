import { join } from 'node:path';
import { repositoryRoot } from '@tower/kit';
import { Catalogue } from '../catalogue';
import { noChanges, noParts, type ParameterValues } from '../composition';
import { usualValues } from './compatibility';
import { RequirementsCache, requirementsKey } from './requirements-cache';

let workflows: Catalogue;
const still = () => workflows.get('anime-still-sd15');
const asked = (values: ParameterValues = {}) => ({
  values: { ...usualValues(still(), { checkpoints: ['anime.safetensors'] }), ...values },
  parts: noParts,
  plan: noChanges,
});

beforeAll(async () => {
  workflows = await Catalogue.read(join(repositoryRoot, 'workflows'));
});

describe('the memory of requirements', () => {
  it('composes one graph for a sweep through strengths, steps, seeds and texts', () => {
    const memory = new RequirementsCache();
    const sweep = Array.from({ length: 1_000 }, (_, n) =>
      asked({
        cfg_scale: 1 + n / 100,
        steps: 10 + (n % 50),
        seed: n,
        prompt: `a night train, ${n}`,
        negative_prompt: String(n),
      }),
    );
    expect(new Set(sweep.map((one) => memory.of(still(), one))).size).toBe(1);
  });

  it('tells apart what needs other files', () => {
    const lora = { file: 'a.safetensors', strengthModel: 1, strengthClip: 1 };
    const kinds = [
      asked(),
      asked({ model_name: 'other.safetensors' }),
      { ...asked(), parts: { ...noParts, loras: [lora] } },
      { ...asked(), parts: { ...noParts, loras: [{ ...lora, file: 'b.safetensors' }] } },
      { ...asked(), plan: { steps: ['tiled_vae' as const] } },
    ].map((one) => requirementsKey(still(), one));
    expect(new Set(kinds).size).toBe(kinds.length);
    expect(
      requirementsKey(still(), { ...asked(), parts: { ...noParts, loras: [{ ...lora, strengthModel: 0.5 }] } }),
    ).toBe(kinds[2]);
  });

  it('tells apart what a switch of the template makes of a number, and nothing else about the number', () => {
    const loop = workflows.get('loop-animatediff');
    const usual = usualValues(loop, { checkpoints: ['anime.safetensors'] });
    const key = (interpolation: number, steps: number) =>
      requirementsKey(loop, { values: { ...usual, interpolation, steps }, parts: noParts, plan: noChanges });
    expect(key(1, 16)).not.toBe(key(2, 16));
    expect(key(2, 16)).toBe(key(4, 24));
  });

  it('forgets what was asked for longest ago, not everything', () => {
    const memory = new RequirementsCache();
    const ask = (n: number) => memory.of(still(), asked({ model_name: `model-${n}.safetensors` }));
    const first = Array.from({ length: 500 }, (_, n) => ask(n));
    ask(0);
    ask(500);
    for (const n of [0, 2, 499]) expect(ask(n)).toBe(first[n]);
    expect(ask(1)).not.toBe(first[1]);
  });

  it('remembers that there is no such graph, and why', () => {
    const memory = new RequirementsCache();
    const none = { ...asked(), plan: { steps: ['cpu_text_encoder' as const] } };
    expect(memory.of(still(), none).fault).toContain('cpu_text_encoder');
    expect(memory.of(still(), none)).toBe(memory.of(still(), none));
  });
});
