import { join } from 'node:path';
import { inputsOf, nodeCatalogue, signsOfAge, type NodeClass, type NodeInfos } from '@tower/comfyui';
import { repositoryRoot } from '@tower/kit';
import { Catalogue } from './catalogue';
import { compositionsOf } from './compositions.fixture';
import { catalogueFaults, forgottenClasses } from './node-catalogue.fixture';
import { recordedServers } from './template/recorded-info.fixture';
import { workflowNames } from './template/workflow-names.fixture';

const servers = Object.values(recordedServers);

let library: Catalogue;
beforeAll(async () => {
  library = await Catalogue.read(join(repositoryRoot, 'workflows'));
});

describe('the node catalogue', () => {
  it.each(workflowNames)('has every class that %s uses, with every part, switch and fallback', (name) => {
    const used = compositionsOf(library.get(name)).flatMap(({ graph }) =>
      Object.values(graph).map((node): [string, string] => [node.class_type, `the workflow ${name}`]),
    );
    expect(forgottenClasses(new Map(used), nodeCatalogue, servers)).toEqual([]);
  });

  it('has every class of ComfyUI-GGUF, whose loaders a fallback may take at any number of files', () => {
    const ofPack = Object.entries(recordedServers['0.3.64 with packs'] ?? {})
      .filter(([, info]) => info?.python_module === 'custom_nodes.ComfyUI-GGUF')
      .map(([name]): [string, string] => [name, 'the pack']);
    expect(ofPack.length).toBeGreaterThan(0);
    expect(forgottenClasses(new Map(ofPack), nodeCatalogue, servers)).toEqual([]);
  });

  it('says nothing that a recorded server contradicts', () => {
    expect(catalogueFaults(nodeCatalogue, servers)).toEqual([]);
  });

  it('gives the patience that films need to every workflow that makes one, and to no other', () => {
    for (const name of workflowNames) {
      const { file } = library.get(name);
      const isFilm = file.outputs.some(({ kind }) => kind !== 'image');
      for (const { graph } of compositionsOf(library.get(name)))
        expect([name, Object.values(graph).some((node) => nodeCatalogue.get(node.class_type)?.film === true)]).toEqual([
          name,
          isFilm,
        ]);
    }
  });

  it('knows the age of a pack by something that a recorded server offers', () => {
    for (const { classType, input, offers } of signsOfAge) {
      expect([classType, nodeCatalogue.has(classType)]).toEqual([classType, true]);
      const info = recordedServers['0.3.64 with packs']?.[classType];
      const choices = info && inputsOf(info, {}).find(({ name }) => name === input)?.choices;
      expect(choices).toContain(offers);
    }
  });
});

describe('what is said of a class that is wrong or forgotten', () => {
  const described: NodeInfos = {
    FoxLoader: {
      input: { required: { fox_name: [['a.safetensors']], mode: [['fast', 'slow']] } },
      output: ['MODEL'],
      output_node: false,
      python_module: 'custom_nodes.ComfyUI-Fox',
    },
    SaveFox: { input: {}, output: [], output_node: true, python_module: 'nodes' },
    FoxSampler: { input: { required: { steps: ['INT', {}] } }, output: ['LATENT'], output_node: false },
  };
  const plain: NodeClass = { stage: 'other', silence: 'unknown' };
  const faultsOf = (classType: string, facts: NodeClass): string[] =>
    catalogueFaults(new Map([[classType, facts]]), [described]);

  it('names the file, the entry and what belongs into it', () => {
    const used = new Map(['FoxLoader', 'SaveFox', 'Lost'].map((name) => [name, 'the workflow fox']));
    const unknown = (name: string): string =>
      `the workflow fox uses the class ${name}, which the node catalogue does not have`;
    expect(forgottenClasses(used, new Map(), [described])).toEqual([
      `${unknown('FoxLoader')}: add it to libs/comfyui/src/nodes/pack-nodes.ts, at ofPack('ComfyUI-Fox') ` +
        'with its stage and silence, the folder of fox_name in models',
      `${unknown('SaveFox')}: add it to libs/comfyui/src/nodes/core-nodes.ts ` +
        'with its stage and silence, and in saves how it names its files',
      `${unknown('Lost')} and no recorded server describes: ` +
        'record its /object_info into apps/comfy-sim/data/object-info, then add it',
    ]);
  });

  it.each<[string, NodeClass, RegExp[]]>([
    ['Lost', plain, [/described by no recorded server/]],
    ['FoxLoader', plain, [/comes from ComfyUI-Fox: move it to ofPack/, /lists model files under fox_name/]],
    ['FoxLoader', { ...plain, fetchesInto: 'fox' }, [/comes from ComfyUI-Fox/]],
    ['SaveFox', { ...plain, pack: 'ComfyUI-GGUF' }, [/ComfyUI's own/, /an output node: add saves/]],
    ['FoxSampler', { ...plain, saves: () => 'a' }, [/but is no output node/, /add samples/]],
    ['FoxSampler', { ...plain, samples: true }, [/needs both/]],
    [
      'FoxSampler',
      { ...plain, stage: 'sampling', samples: true, models: { steps: 'loras' } },
      [/names the input steps/],
    ],
    [
      'FoxSampler',
      { ...plain, stage: 'sampling', samples: true, inputFiles: ['picture'] },
      [/names the input picture/],
    ],
    [
      'FoxLoader',
      { ...plain, models: { fox_name: 'unet', mode: 'loras' } },
      [/comes from/, /names the input mode/, /write diffusion_models/],
    ],
  ])('says of %s %j what to change', (classType, facts, sentences) => {
    const faults = faultsOf(classType, facts);
    expect(faults).toHaveLength(sentences.length);
    sentences.forEach((sentence, index) => expect(faults[index]).toMatch(sentence));
  });
});
