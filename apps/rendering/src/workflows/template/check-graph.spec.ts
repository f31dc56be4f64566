import { join } from 'node:path';
import { inputsOf, type GraphValue, type PromptGraph } from '@tower/comfyui';
import { repositoryRoot } from '@tower/kit';
import { Catalogue } from '../catalogue';
import { usualValues } from '../compatibility/compatibility';
import { signatureMismatches } from '../compatibility/signature-mismatches';
import { noChanges, noParts } from '../composition';
import { composeForInspection } from '../graph/compose';
import { checkGraph } from './check-graph';
import { checkReferences, referenceFaults } from './check-references';
import { recordedServers } from './recorded-info.fixture';
import { workflowFile, type Workflow } from './workflow-file';

let library: Catalogue;
beforeAll(async () => {
  library = await Catalogue.read(join(repositoryRoot, 'workflows'));
});

const old = recordedServers['0.3.64 with packs'] ?? {};
const recent = recordedServers['0.33 with the packs of 0.3.64'] ?? {};

/** The composed graph of a template after somebody changed it by hand. */
function changed(name: string, change: (graph: PromptGraph) => void): { graph: PromptGraph; outputs: string[] } {
  const workflow = library.get(name);
  const { graph, outputs } = composeForInspection(workflow, {
    values: usualValues(workflow, { checkpoints: ['any.safetensors', 'any-xl.safetensors'] }),
    parts: noParts,
    plan: noChanges,
  });
  change(graph);
  return { graph, outputs: outputs.map(({ node }) => node) };
}
const set =
  (node: string, input: string, value: GraphValue) =>
  (graph: PromptGraph): void => {
    (graph[node] as PromptGraph[string]).inputs[input] = value;
  };
const drop =
  (node: string, input: string) =>
  (graph: PromptGraph): void => {
    Reflect.deleteProperty((graph[node] as PromptGraph[string]).inputs, input);
  };

describe('checkGraph', () => {
  it.each<[string, (graph: PromptGraph) => void, RegExp]>([
    [
      'a class that the server lacks',
      (graph) => (graph['10'] = { ...(graph['10'] as PromptGraph[string]), class_type: 'KSamplerPlus' }),
      /node 10: the server has no class KSamplerPlus/,
    ],
    ['an input that the class lacks', set('10', 'stepz', 4), /node 10 \(KSampler\): has no input stepz/],
    ['an input that is left out', drop('10', 'cfg'), /node 10 \(KSampler\): needs the input cfg/],
    ['a fraction where a whole number belongs', set('10', 'steps', 4.5), /steps takes a whole number, not 4\.5/],
    ['text where a number belongs', set('10', 'cfg', 'high'), /cfg takes a number, not "high"/],
    ['a number where text belongs', set('4', 'text', 7), /text takes text, not 7/],
    ['a constant where a link belongs', set('10', 'model', 'x'), /model takes a link that gives MODEL, not "x"/],
    ['a number above the limit', set('10', 'denoise', 1.5), /denoise is 1\.5, outside 0 to 1/],
    [
      'a sampler that is not in the list',
      set('10', 'sampler_name', 'magic'),
      /sampler_name has no "magic", but "euler"/,
    ],
    [
      'a link of another type',
      set('10', 'model', ['9', 0]),
      /model takes MODEL, but node 9 \(EmptyLatentImage\) gives LATENT there/,
    ],
    [
      'a link to an output that is not there',
      set('10', 'model', ['1', 3]),
      /model links to output 3 of node 1 \(CheckpointLoaderSimple\), which has 3/,
    ],
    [
      'a link to a node that is not there',
      set('10', 'model', ['99', 0]),
      /model links to node 99, which is not in the graph/,
    ],
    ['nodes that depend on each other', set('9', 'width', ['10', 0]), /nodes (9, 10|10, 9) depend on each other/],
    [
      'an output that nobody declared',
      (graph) => (graph['13'] = { class_type: 'PreviewImage', inputs: { images: ['11', 0] } }),
      /node 13 \(PreviewImage\) saves files, but is not declared as output/,
    ],
  ])('names %s', (_what, change, message) => {
    const { graph, outputs } = changed('anime-still-sd15', change);
    expect(
      checkGraph(graph, outputs, old)
        .map((fault) => fault.message)
        .join('; '),
    ).toMatch(message);
  });

  it('names an output that saves nothing and one that is not there', () => {
    const { graph } = changed('anime-still-sd15', () => undefined);
    expect(checkGraph(graph, ['12', '11', '77'], old).map((fault) => fault.code)).toEqual([
      'output_no_output',
      'output_missing',
    ]);
  });

  it('does not compare lists of files, which differ from card to card', () => {
    const { graph, outputs } = changed('anime-still-sd15', set('1', 'ckpt_name', 'never-seen.safetensors'));
    expect(checkGraph(graph, outputs, old)).toEqual([]);
  });

  it('knows the inputs that a film format brings, and no others', () => {
    const crf = changed('loop-animatediff', set('9', 'crf', 300));
    expect(checkGraph(crf.graph, crf.outputs, old).map((fault) => fault.code)).toEqual(['out_of_range']);
    const other = changed('loop-animatediff', set('9', 'lossless', true));
    expect(checkGraph(other.graph, other.outputs, old).map((fault) => fault.code)).toEqual(['unknown_input']);
  });

  it('knows inputs that a newer server requires', () => {
    const { graph, outputs } = changed('anime-still-sd15', (one) => {
      one['20'] = {
        class_type: 'ImageScaleToTotalPixels',
        inputs: { image: ['11', 0], upscale_method: 'lanczos', megapixels: 1 },
      };
      (one['12'] as PromptGraph[string]).inputs['images'] = ['20', 0];
    });
    expect(checkGraph(graph, outputs, old)).toEqual([]);
    expect(checkGraph(graph, outputs, recent).map((fault) => fault.message)).toEqual([
      'node 20 (ImageScaleToTotalPixels): needs the input resolution_steps',
    ]);
  });

  it('follows inputs that depend on others', () => {
    const save = recent['SaveVideo'];
    if (!save) throw new Error('the recording has no SaveVideo');
    const names = (format: string) => inputsOf(save, { format }).map((input) => input.name);
    expect(names('mp4')).toContain('format.codec');
    expect(names('nothing')).not.toContain('format.codec');
    const wrong = changed('video-wan21-t2v', set('11', 'format', 'avi'));
    expect(checkGraph(wrong.graph, wrong.outputs, recent).map((fault) => fault.code)).toEqual(['not_in_list']);
    const batch = recent['BatchImagesNode'];
    expect(
      batch &&
        inputsOf(batch, {})
          .slice(0, 2)
          .map(({ name, required, type }) => [name, required, type]),
    ).toEqual([
      ['images.image0', true, 'IMAGE'],
      ['images.image1', false, 'IMAGE'],
    ]);
  });
});

describe('misfitsOf', () => {
  it('finds nothing where a server takes the template, and leaves absent classes to others', () => {
    for (const workflow of library.all())
      for (const [server, infos] of Object.entries(recordedServers))
        expect([server, workflow.file.name, signatureMismatches(workflow, infos)]).toEqual([
          server,
          workflow.file.name,
          [],
        ]);
  });

  it('names an input that a server’s own version of a node does not take as it is given', () => {
    const node = structuredClone(old['KSampler']);
    if (!node?.input.required) throw new Error('the recording has no KSampler');
    node.input.required['scheduler'] = [['only_this']];
    node.input.required['eta'] = ['FLOAT', { default: 1 }];
    const found = signatureMismatches(library.get('anime-still-sd15'), { ...old, KSampler: node });
    expect(found.map(({ kind, name }) => [kind, name])).toEqual([
      ['input', 'KSampler.eta'],
      ['input', 'KSampler.scheduler'],
    ]);
    expect(found[0]?.where).toMatch(/^ComfyUI: node 10 \(KSampler\): needs the input eta/);
  });

  it('names a pack that is too old to keep the sizes of films', () => {
    const node = structuredClone(old['VHS_LoadVideo']);
    if (!node?.input.optional) throw new Error('the recording has no VHS_LoadVideo');
    node.input.optional['format'] = [['None', 'AnimateDiff', 'Mochi'], { default: 'AnimateDiff' }];
    const found = signatureMismatches(library.get('interpolate-rife'), { ...old, VHS_LoadVideo: node });
    expect(found).toEqual([
      {
        kind: 'input',
        name: 'VHS_LoadVideo.format',
        where: expect.stringMatching(/^ComfyUI-VideoHelperSuite: .*multiples of 8 pixels; update/) as string,
      },
    ]);
    expect(signatureMismatches(library.get('loop-animatediff'), { ...old, VHS_LoadVideo: node })).toEqual([]);
  });
});

describe('templates with a mistake', () => {
  const broken = (change: (workflow: Workflow) => void): string => {
    const workflow = structuredClone(library.get('loop-animatediff'));
    change(workflow);
    return referenceFaults(workflow).join('; ');
  };
  type Parameter = Workflow['file']['parameters'][string];
  const parameter = (given: Record<string, unknown>): Parameter => workflowFile.shape.parameters.valueType.parse(given);

  it.each<[string, (workflow: Workflow) => void, RegExp]>([
    [
      'a parameter that binds to an input that is not there',
      ({ file }) =>
        (file.parameters['wings'] = parameter({
          type: 'integer',
          min: 0,
          max: 2,
          default: 2,
          bind: [{ node: '7', input: 'wings' }],
        })),
      /^parameter wings binds to 7\.wings, which is not in the graph$/,
    ],
    [
      'a parameter that binds to nothing',
      ({ file }) => (file.parameters['wings'] = parameter({ type: 'integer', min: 0, max: 2, default: 2 })),
      /^parameter wings binds to no input and is used by nothing$/,
    ],
    [
      'a derived value that binds to nothing',
      ({ file }) => (file.derived['half'] = { formula: 'steps / 2', bind: [] }),
      /^derived half is bound to nothing and used by nothing$/,
    ],
    [
      'a formula that reads an unknown name',
      ({ file }) =>
        (file.derived['context_length'] = {
          formula: 'min(16, frames)',
          bind: [{ node: '2', input: 'context_length' }],
        }),
      /^derived context_length reads frames, which is no number/,
    ],
    [
      'a formula that is none',
      ({ file }) => (file.vram.mb = '2 *'),
      /^vram: the formula "2 \*" lacks a value at its end$/,
    ],
    [
      'a link that leads nowhere',
      ({ graph }) => Reflect.deleteProperty(graph, '2'),
      /3\.context_options links to node 2, which is not in the graph/,
    ],
    [
      'an output that is not there',
      ({ file }) => (file.outputs = [{ node: '99', kind: 'animation', prefix_input: 'filename_prefix' }]),
      /^output 99 has no input filename_prefix$/,
    ],
    [
      'a preset that sets something else',
      ({ file }) => (file.presets.draft = { wings: 2 }),
      /^preset draft sets wings, which is not a parameter$/,
    ],
    [
      'a place for parts that is not there',
      ({ file }) => (file.parts.references = { model: ['98', 0] }),
      /^parts attach to node 98/,
    ],
    [
      'passes of steps that there are not',
      ({ file }) => {
        file.passes_per_step = 1;
        Reflect.deleteProperty(file.parameters, 'steps');
      },
      /(^|; )passes_per_step is stated, but there is no parameter steps that it could be the passes of(;|$)/,
    ],
    [
      'a fallback that is there twice',
      ({ file }) => file.fallbacks.push(...file.fallbacks.slice(0, 1)),
      /^fallback tiled_vae is there twice$/,
    ],
    [
      'a fallback that changes nothing',
      ({ file }) => file.fallbacks.push({ step: 'smaller_batch', gives_up: 'nothing', edits: [] }),
      /^fallback smaller_batch changes nothing$/,
    ],
    [
      'an edit that uses an unknown parameter',
      ({ file }) =>
        file.switches.push({
          when: 'steps > 1',
          edits: [{ op: 'set_input', node: '7', input: 'cfg', value: { parameter: 'wings' } }],
        }),
      /^switch 2 uses the parameter wings, which does not exist$/,
    ],
  ])('%s', (_what, change, message) => {
    expect(broken(change)).toMatch(message);
  });

  it('names every mistake of a template in one error', () => {
    const workflow = structuredClone(library.get('anime-still-sd15'));
    Reflect.deleteProperty(workflow.graph, '9');
    workflow.file.presets.draft = { wings: 2 };
    expect(() => checkReferences(workflow)).toThrow(
      /width binds to 9\.width.*10\.latent_image links to node 9.*preset draft sets wings/s,
    );
  });
});
