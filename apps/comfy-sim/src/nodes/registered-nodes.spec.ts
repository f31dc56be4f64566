import { inventoryWithout } from '../card/model-inventory';
import { generationIds } from '../generation';
import { modelFolders, packFolders } from '../object-info/model-folders';
import { NodeClass, type InputSpec } from '../object-info/node-class';
import { readObjectInfo } from '../object-info/node-registry';
import { isDict, type PyDict } from '../python/values';
import type { NodeBehaviour } from './node-behaviour';
import { coreNodes, nodesOfPack, type NodeEntry, type Registration } from './node-registration';
import { registeredNodes } from './registered-nodes';

type Recording = ReadonlyMap<string, NodeClass>;

const recordingOf = (info: PyDict): Recording =>
  new Map([...info].flatMap(([name, entry]) => (isDict(entry) ? [[name, new NodeClass(entry)]] : [])));

const cores = generationIds.map((id) => ({ id, classes: recordingOf(readObjectInfo(id, 'core')) }));
/** Of 0.3.64 only: the packs describe themselves alike on both. */
const packs = recordingOf(readObjectInfo('0.3.64', 'packs'));

const optionsOf = ({ type, options }: InputSpec): readonly unknown[] => {
  const listed = Array.isArray(type) ? type : options.get('options');
  return Array.isArray(listed) ? listed : [];
};
const listsModels = (spec: InputSpec): boolean =>
  optionsOf(spec).some((option) => /\.(?:safetensors|sft|gguf|ckpt|pth|pt|bin|onnx)$/i.test(String(option)));
const isList = (spec: InputSpec | undefined): boolean =>
  spec !== undefined && (Array.isArray(spec.type) || spec.type === 'COMBO');

/** What is wrong with one entry of the list, each with what to change. */
function faultsOf(node: Registration): string[] {
  const described = node.pack === undefined ? cores.flatMap(({ classes }) => classes.get(node.name) ?? []) : [];
  const infos = node.pack === undefined ? described : [packs.get(node.name)].filter((info) => info !== undefined);
  return [...placeFaults(node), ...infos.flatMap((info) => inputFaults(node, info)), ...folderFaults(node)].map(
    (fault) => `${node.name} ${fault}`,
  );
}

function placeFaults({ name, pack, generations }: Registration): string[] {
  const recorded = packs.get(name);
  if (pack !== undefined) {
    if (recorded === undefined) return [`is not in data/object-info/0.3.64.packs.json: record the pack ${pack} there`];
    return recorded.moduleName === `custom_nodes.${pack}`
      ? []
      : [`comes from ${recorded.moduleName}: move it to that pack`];
  }
  if (recorded !== undefined) return [`comes from ${recorded.moduleName}: move it to nodesOfPack`];
  const having = cores.filter(({ classes }) => classes.has(name)).map(({ id }) => id);
  return having.join() === generations.join()
    ? []
    : [`is described by [${having.join(', ')}]: write these generations, or record it into data/object-info`];
}

function inputFaults({ models = {}, fetched = [], inputFile }: Registration, info: NodeClass): string[] {
  const named = [...Object.keys(models), ...(inputFile === undefined ? [] : [inputFile.input]), ...fetched];
  return [
    ...named
      .filter((input) => !isList(info.inputs.get(input)))
      .map((input) => `names ${input}, which is no list there: correct its name`),
    ...[...info.inputs.values()]
      .filter((spec) => listsModels(spec) && !named.includes(spec.name))
      .map(
        ({ name }) => `shows model files of the recording under ${name}: name their folder in models, or in fetched`,
      ),
  ];
}

function folderFaults({ models = {}, pack }: Registration): string[] {
  const served = new Set([...Object.values(modelFolders).flat(), ...(pack === undefined ? [] : packFolders)]);
  const inventory = inventoryWithout([]);
  return Object.values(models)
    .flatMap((list) => (typeof list === 'string' ? [list] : list.folders))
    .flatMap((folder) => [
      ...(served.has(folder)
        ? []
        : [`lists ${folder}, which /models does not: add it to object-info/model-folders.ts`]),
      ...((inventory[folder] ?? []).length > 0
        ? []
        : [`lists ${folder}, in which no card has a file: add one to card/model-inventory.ts`]),
    ]);
}

describe('the nodes that can be run', () => {
  it('are described by the servers, packs and inputs that their entries name', () => {
    expect(registeredNodes.flatMap(faultsOf)).toEqual([]);
  });

  it('are named once each', () => {
    const names = registeredNodes.map(({ name }) => name);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });
});

describe('an entry that is wrong', () => {
  const does: NodeBehaviour = { run: () => ({ outputs: [] }) };
  const core = (name: string, entry: Partial<NodeEntry> = {}): string[] =>
    coreNodes({ [name]: { does, ...entry } }).flatMap(faultsOf);
  const ofPack = (pack: string, name: string, entry: Partial<NodeEntry> = {}): string[] =>
    nodesOfPack(pack, { [name]: { does, ...entry } }).flatMap(faultsOf);

  it.each<[string, string[], RegExp[]]>([
    ['a class that nobody recorded', core('FoxLoader'), [/^FoxLoader is described by \[\]: .* record it/]],
    ['a class of one generation', core('StringFormat'), [/described by \[0\.33\]: write these generations/]],
    ['a class of a pack', core('RIFE VFI', { fetched: ['ckpt_name'] }), [/move it to nodesOfPack/]],
    ['a pack that nobody recorded', ofPack('ComfyUI-Fox', 'FoxLoader'), [/record the pack ComfyUI-Fox there/]],
    ['another pack', ofPack('ComfyUI-GGUF', 'IPAdapter'), [/comes from custom_nodes.ComfyUI_IPAdapter_plus/]],
    [
      'no folder for a list',
      ofPack('ComfyUI-GGUF', 'UnetLoaderGGUF'),
      [/shows model files of the recording under unet_name/],
    ],
    [
      'an input that is not there',
      core('SaveLatent', { inputFile: { input: 'fox', kind: 'fox' } }),
      [/names fox, which is no list/, /names fox, which is no list/],
    ],
    [
      'a folder that is not there',
      ofPack('ComfyUI-GGUF', 'UnetLoaderGGUF', { models: { unet_name: 'no-such-folder' } }),
      [/lists no-such-folder, which \/models does not/, /no card has a file: add one/],
    ],
  ])('is named with what to change: %s', (_what, faults, sentences) => {
    expect(faults).toHaveLength(sentences.length);
    sentences.forEach((sentence, index) => expect(faults[index]).toMatch(sentence));
  });
});
