import { join } from 'node:path';
import type { PromptGraph } from '@tower/comfyui';
import { repositoryRoot } from '@tower/kit';
import * as fc from 'fast-check';
import { Catalogue } from '../catalogue';
import {
  noChanges,
  noParts,
  type ControlNetUse,
  type GraphStep,
  type LoraUse,
  type Parts,
  type ReferenceUse,
} from '../composition';
import type { Workflow } from '../template/workflow-file';
import { resolveParameters, type ParameterValue } from '../values/resolve-values';
import { composeGraph, stepsOf, type Composition } from './compose';
import { graphSha256 } from './graph-identity';

let library: Catalogue;
beforeAll(async () => {
  library = await Catalogue.read(join(repositoryRoot, 'workflows'));
});

const valuesOf = (workflow: Workflow, given: Record<string, ParameterValue> = {}) =>
  resolveParameters(
    workflow,
    'standard',
    { ...('prompt' in workflow.file.parameters ? { prompt: 'a tower at dusk' } : {}), ...given },
    {},
  );
function compose(
  name: string,
  given: Record<string, ParameterValue> = {},
  more: Partial<Composition> = {},
): PromptGraph {
  const workflow = library.get(name);
  return composeGraph(workflow, {
    values: valuesOf(workflow, given),
    parts: noParts,
    plan: noChanges,
    prefix: 'tower/job/001-a1',
    images: {},
    ...more,
  }).graph;
}
const plan = (...steps: GraphStep[]) => ({ steps });
const lora = (file: string, strengthModel = 0.8): LoraUse => ({ file, strengthModel, strengthClip: 0.5 });
const reference = (image: string, kind: ReferenceUse['kind'] = 'ipadapter'): ReferenceUse => ({
  kind,
  image,
  weight: 0.7,
  start: 0,
  end: 0.9,
});
const control = (image: string): ControlNetUse => ({
  file: 'pose.safetensors',
  image,
  strength: 0.9,
  start: 0,
  end: 0.8,
});
const classesIn = (graph: PromptGraph): string[] =>
  Object.values(graph)
    .map((node) => node.class_type)
    .sort();
const source = (graph: PromptGraph, node: string, input: string): [string, number] => {
  const value = graph[node]?.inputs[input];
  if (!Array.isArray(value)) throw new Error(`${node}.${input} is no link`);
  return value;
};

describe('composeGraph', () => {
  it('sets every bound input, gives the output its own prefix, and leaves the template alone', () => {
    const before = JSON.stringify(library.get('anime-still-sd15').graph);
    const graph = compose('anime-still-sd15', { seed: 42, width: 640 });
    expect(graph['10']?.inputs).toMatchObject({ seed: 42, model: ['1', 0] });
    expect(graph['9']?.inputs['width']).toBe(640);
    expect(graph['4']?.inputs['text']).toBe('a tower at dusk');
    expect(graph['12']?.inputs['filename_prefix']).toBe('tower/job/001-a1');
    expect(JSON.stringify(library.get('anime-still-sd15').graph)).toBe(before);
  });

  it('refuses a graph with a hole, but fills in what a job of an older template does not know', () => {
    const composition = { parts: noParts, plan: noChanges, prefix: 'p', images: {} };
    expect(() => composeGraph(library.get('anime-still-sd15'), { ...composition, values: { width: 512 } })).toThrow(
      'prompt',
    );
    const { graph } = composeGraph(library.get('anime-still-sd15'), {
      ...composition,
      values: { prompt: 'x', width: 640 },
    });
    expect([graph['9']?.inputs['width'], graph['9']?.inputs['height'], graph['5']?.inputs['text']]).toEqual([
      640,
      768,
      '',
    ]);
  });

  it('gives a graph an identity that follows its content and not the order of its keys', () => {
    const graph = compose('anime-still-sd15', { seed: 1 });
    expect(graphSha256(Object.fromEntries(Object.entries(graph).reverse()))).toBe(graphSha256(graph));
    expect(graphSha256(compose('anime-still-sd15', { seed: 2 }))).not.toBe(graphSha256(graph));
  });

  it('leaves interpolation out of a loop that wants none, and lengthens one that does', () => {
    expect(classesIn(compose('loop-animatediff'))).not.toContain('RIFE VFI');
    const graph = compose('loop-animatediff', { interpolation: 3 });
    expect(graph['22']?.inputs['multiplier']).toBe(3);
    expect(graph['23']?.inputs['length']).toBe(48);
    expect(source(graph, '9', 'images')).toEqual(['23', 0]);
  });

  it('puts the server’s name of a picture into its node and drops the node when there is no picture', () => {
    const with5b = compose(
      'video-wan22-5b',
      { start_image: 'start_image' },
      { images: { start_image: 'tower/a.png' } },
    );
    expect(with5b['20']?.inputs['image']).toBe('tower/a.png');
    const without = compose('video-wan22-5b');
    expect(without['20']).toBeUndefined();
    expect(without['23']?.inputs['start_image']).toBeUndefined();
  });

  it('says which picture is missing instead of sending a graph without it', () => {
    expect(() => compose('video-wan21-i2v', { start_image: 'start_image' })).toThrow(
      expect.objectContaining({ code: 'image_missing', message: expect.stringContaining('start_image') as string }),
    );
  });

  it('takes the first frame as the last one of a loop, and another one where it is given', () => {
    const loop = compose('loop-first-last-frame', { start_image: 'start_image' }, { images: { start_image: 'a.png' } });
    expect(source(loop, '23', 'end_image')).toEqual(source(loop, '23', 'start_image'));
    const passage = compose(
      'loop-first-last-frame',
      { start_image: 'start_image', end_image: 'end_image' },
      { images: { start_image: 'a.png', end_image: 'b.png' } },
    );
    expect(passage['24']?.inputs['image']).toBe('b.png');
    expect([loop['12']?.inputs['length'], passage['12']?.inputs['length']]).toEqual([48, 49]);
  });

  it('hands the film from one expert to the other in the middle of the steps', () => {
    const graph = compose('video-wan22-t2v-14b', { steps: 7 });
    expect(graph['8']?.inputs).toMatchObject({ steps: 7, end_at_step: 4, return_with_leftover_noise: 'enable' });
    expect(graph['108']?.inputs).toMatchObject({ steps: 7, start_at_step: 4, add_noise: 'disable' });
  });
});

describe('parts', () => {
  it('puts LoRAs one behind the other, before references, on model and text encoder', () => {
    const graph = compose(
      'anime-still-sd15',
      {},
      {
        parts: { loras: [lora('a'), lora('b')], references: [reference('hero')], controlnets: [] },
        images: { hero: 'hero.png' },
      },
    );
    const adapter = source(graph, '10', 'model')[0];
    expect(graph[adapter]?.class_type).toBe('IPAdapterAdvanced');
    const loader = source(graph, adapter, 'model')[0];
    expect(graph[loader]?.class_type).toBe('IPAdapterUnifiedLoader');
    const second = source(graph, loader, 'model')[0];
    expect(graph[second]?.inputs).toMatchObject({ lora_name: 'b', strength_model: 0.8, strength_clip: 0.5 });
    const first = source(graph, second, 'model')[0];
    expect(graph[first]?.inputs).toMatchObject({ lora_name: 'a', model: ['1', 0], clip: ['1', 1] });
    expect(source(graph, '3', 'clip')).toEqual([second, 1]);
  });

  it('keeps any number of LoRAs in the order given, each exactly once', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            file: fc.string({ minLength: 1 }),
            strengthModel: fc.double({ min: -10, max: 10, noNaN: true }),
            strengthClip: fc.double({ min: -10, max: 10, noNaN: true }),
          }),
          { maxLength: 12 },
        ),
        (loras) => {
          const graph = compose(
            'anime-still-sdxl',
            { model_name: 'anime_sdxl.safetensors' },
            { parts: { ...noParts, loras } },
          );
          const walk = (start: [string, number], input: 'model' | 'clip'): string[] => {
            const found: string[] = [];
            for (let [node] = start; node !== '1'; [node] = source(graph, node, input))
              found.unshift(String(graph[node]?.inputs['lora_name']));
            return found;
          };
          expect(walk(source(graph, '10', 'model'), 'model')).toEqual(loras.map(({ file }) => file));
          expect(walk(source(graph, '3', 'clip'), 'clip')).toEqual(loras.map(({ file }) => file));
          expect(Object.keys(graph)).toHaveLength(8 + loras.length);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('gives both experts every LoRA', () => {
    const graph = compose('video-wan22-t2v-14b', {}, { parts: { ...noParts, loras: [lora('a'), lora('b')] } });
    const chain = (node: string): string[] =>
      [source(graph, node, 'model')[0], source(graph, source(graph, node, 'model')[0], 'model')[0]].map((id) =>
        String(graph[id]?.inputs['lora_name']),
      );
    expect(chain('4')).toEqual(['b', 'a']);
    expect(chain('104')).toEqual(['b', 'a']);
  });

  it('composes any mixture of parts into a graph in which each part is read and nothing is left over', () => {
    const kinds = fc.constantFrom<ReferenceUse['kind']>('ipadapter', 'faceid');
    const parts: fc.Arbitrary<Parts> = fc.record({
      loras: fc.array(
        fc.constantFrom('a', 'b').map((file) => lora(file)),
        { maxLength: 4 },
      ),
      references: fc.array(
        fc.tuple(fc.constantFrom('p', 'q'), kinds).map(([image, kind]) => reference(image, kind)),
        { maxLength: 4 },
      ),
      controlnets: fc.array(fc.constantFrom('p', 'q').map(control), { maxLength: 3 }),
    });
    fc.assert(
      fc.property(parts, fc.boolean(), (given, withoutFace) => {
        const graph = compose(
          'loop-animatediff',
          {},
          {
            parts: given,
            images: { p: 'p.png', q: 'q.png' },
            plan: plan(...(withoutFace ? (['without_faceid'] as const) : [])),
          },
        );
        const count = (name: string): number => classesIn(graph).filter((found) => found === name).length;
        const faces = withoutFace ? 0 : given.references.filter(({ kind }) => kind === 'faceid').length;
        const plain = given.references.length - faces;
        const pictures = new Set([...given.references, ...given.controlnets].map(({ image }) => image)).size;
        expect([
          count('LoraLoader'),
          count('IPAdapterFaceID'),
          count('IPAdapterAdvanced'),
          count('ControlNetApplyAdvanced'),
          count('LoadImage'),
        ]).toEqual([given.loras.length, faces, plain, given.controlnets.length, pictures]);
        expect([count('IPAdapterUnifiedLoader'), count('IPAdapterUnifiedLoaderFaceID')]).toEqual([
          Math.min(1, plain),
          Math.min(1, faces),
        ]);
        // The last of each chain is what the sampler reads.
        expect(graph[source(graph, '7', 'positive')[0]]?.class_type).toBe(
          given.controlnets.length > 0 ? 'ControlNetApplyAdvanced' : 'CLIPTextEncode',
        );
        expect(source(graph, '7', 'negative')[1]).toBe(given.controlnets.length > 0 ? 1 : 0);
      }),
      { numRuns: 100 },
    );
  });

  it('refuses a part that the workflow cannot take', () => {
    expect(() =>
      compose(
        'video-wan21-t2v',
        {},
        { parts: { ...noParts, references: [reference('hero')] }, images: { hero: 'h.png' } },
      ),
    ).toThrow(expect.objectContaining({ code: 'part_unsupported' }));
    expect(() =>
      compose(
        'upscale-esrgan',
        { start_image: 's' },
        { parts: { ...noParts, loras: [lora('a')] }, images: { s: 's.png' } },
      ),
    ).toThrow(expect.objectContaining({ code: 'part_unsupported' }));
  });
});

describe('steps of the plan', () => {
  it('decodes in tiles, moves the text encoder to the processor and takes the quantised model, all at once', () => {
    const graph = compose(
      'video-wan21-i2v',
      { start_image: 's' },
      { images: { s: 's.png' }, plan: plan('tiled_vae', 'cpu_text_encoder', 'quantised_model') },
    );
    expect(graph['9']).toMatchObject({
      class_type: 'VAEDecodeTiled',
      inputs: { samples: ['8', 0], vae: ['3', 0], tile_size: 256 },
    });
    expect(graph['2']?.inputs['device']).toBe('cpu');
    expect(graph['1']).toEqual({
      class_type: 'UnetLoaderGGUF',
      inputs: { unet_name: 'wan2.1-i2v-14b-480p-Q4_K_M.gguf' },
    });
  });

  it('makes the size smaller each time, on the workflow’s own grid and not below its least', () => {
    const sizes = [0, 1, 2, 3, 9].map(
      (times) =>
        compose('video-wan21-t2v', {}, { plan: plan(...Array.from({ length: times }, () => 'smaller_size' as const)) })[
          '7'
        ]?.inputs,
    );
    expect(sizes.map((inputs) => [inputs?.['width'], inputs?.['height'], inputs?.['length']])).toEqual([
      [832, 480, 33],
      [624, 368, 25],
      [464, 272, 17],
      [352, 256, 17],
      [256, 256, 17],
    ]);
  });

  it('names the steps that would still change something, in order', () => {
    const workflow = library.get('anime-still-sd15');
    const steps = (taken: GraphStep[], parts: Parts = noParts) =>
      stepsOf(workflow, { values: valuesOf(workflow), parts, plan: { steps: taken } });
    expect(steps([])).toEqual(['tiled_vae', 'precise_vae', 'smaller_size']);
    expect(steps([], { ...noParts, references: [reference('hero', 'faceid')] })).toEqual([
      'tiled_vae',
      'without_faceid',
      'precise_vae',
      'smaller_size',
    ]);
    expect(steps(['tiled_vae', 'precise_vae', 'smaller_size'])).toEqual(['smaller_size']);
    expect(steps(['tiled_vae', 'precise_vae', ...Array.from({ length: 9 }, () => 'smaller_size' as const)])).toEqual(
      [],
    );
  });

  it('does not take a step that the workflow does not know', () => {
    expect(() => compose('anime-still-sd15', {}, { plan: plan('smaller_context') })).toThrow(
      'no fallback smaller_context',
    );
  });
});
