import { inputsOf, type InputInfo, type NodeClass, type NodeInfo, type NodeInfos } from '@tower/comfyui';
import { modelFolderName } from '@tower/models';

type Catalogue = ReadonlyMap<string, NodeClass>;
type Servers = readonly NodeInfos[];

const nodes = 'libs/comfyui/src/nodes';
const recordings = 'apps/comfy-sim/data/object-info';

const infosOf = (classType: string, servers: Servers): NodeInfo[] => servers.flatMap((infos) => infos[classType] ?? []);

/** The pack that a recorded module belongs to; undefined for ComfyUI's own. */
const packOfModule = (module: string | undefined): string | undefined => /^custom_nodes\.(.+)$/.exec(module ?? '')?.[1];

const isModelFile = (choice: unknown): boolean =>
  typeof choice === 'string' && /\.(safetensors|sft|gguf|ckpt|pth|pt|bin|onnx)$/i.test(choice);
/** `pixel_space` stands among the files of VAELoader. */
const isFile = (choice: unknown): boolean =>
  typeof choice === 'string' && (/\.\w+$/.test(choice) || choice === 'pixel_space');

const modelInputsOf = (infos: readonly NodeInfo[]): string[] => [
  ...new Set(
    infos.flatMap((info) =>
      inputsOf(info, {})
        .filter(({ choices }) => choices?.some(isModelFile))
        .map(({ name }) => name),
    ),
  ),
];

/** What to add and where, for each class that is used and is not in the catalogue. `used`: by whom, by class. */
export function forgottenClasses(used: ReadonlyMap<string, string>, catalogue: Catalogue, servers: Servers): string[] {
  return [...used].flatMap(([classType, user]) => {
    if (catalogue.has(classType)) return [];
    const [info] = infosOf(classType, servers);
    const unknown = `${user} uses the class ${classType}, which the node catalogue does not have`;
    if (info === undefined)
      return [`${unknown} and no recorded server describes: record its /object_info into ${recordings}, then add it`];
    const pack = packOfModule(info.python_module);
    const place = pack === undefined ? `${nodes}/core-nodes.ts` : `${nodes}/pack-nodes.ts, at ofPack('${pack}')`;
    const models = modelInputsOf([info]).map((input) => `, the folder of ${input} in models`);
    const saves = info.output_node ? ', and in saves how it names its files' : '';
    return [`${unknown}: add it to ${place} with its stage and silence${models.join('')}${saves}`];
  });
}

/** In what the catalogue and the recorded servers contradict each other, each with what to change. */
export const catalogueFaults = (catalogue: Catalogue, servers: Servers): string[] =>
  [...catalogue].flatMap(([classType, facts]) => {
    const infos = infosOf(classType, servers);
    const faults =
      infos.length === 0
        ? [`is described by no recorded server: correct its name, or record its /object_info into ${recordings}`]
        : [
            ...packFaults(facts, infos),
            ...fileFaults(facts, infos),
            ...forgottenModels(facts, infos),
            ...kindFaults(facts, infos),
          ];
    return faults.map((fault) => `${classType} of the node catalogue ${fault}`);
  });

function packFaults({ pack }: NodeClass, infos: readonly NodeInfo[]): string[] {
  const recorded = packOfModule(infos[0]?.python_module);
  if (pack === recorded) return [];
  return [
    recorded === undefined
      ? `is ComfyUI's own: move it from ${pack} to ${nodes}/core-nodes.ts`
      : `comes from ${recorded}: move it to ofPack('${recorded}') in ${nodes}/pack-nodes.ts`,
  ];
}

function fileFaults({ models = {}, inputFiles = [] }: NodeClass, infos: readonly NodeInfo[]): string[] {
  const named = [...Object.keys(models), ...inputFiles];
  const lists = (input: InputInfo | undefined): boolean =>
    input?.type === 'COMBO' && (input.choices ?? []).every(isFile);
  return [
    ...named
      .filter((name) => !infos.every((info) => lists(inputsOf(info, {}).find((input) => input.name === name))))
      .map((name) => `names the input ${name}, which is no list of files on a recorded server: correct its name`),
    ...Object.entries(models)
      .filter(([, folder]) => modelFolderName(folder) !== folder)
      .map(([input, folder]) => `takes ${input} from ${folder}: write ${modelFolderName(folder)}, its name today`),
  ];
}

const forgottenModels = ({ models, fetchesInto }: NodeClass, infos: readonly NodeInfo[]): string[] =>
  modelInputsOf(infos)
    .filter((input) => models?.[input] === undefined && fetchesInto === undefined)
    .map(
      (input) =>
        `lists model files under ${input}: add their folder to models, or to fetchesInto if its pack gets them`,
    );

function kindFaults({ saves, samples, stage }: NodeClass, infos: readonly NodeInfo[]): string[] {
  const isOutput = infos.some((info) => info.output_node);
  const hasSteps = infos.some(
    (info) => info.output.includes('LATENT') && inputsOf(info, {}).some(({ name }) => name === 'steps'),
  );
  return [
    ...(saves !== undefined && !isOutput ? ['has saves, but is no output node: leave it out'] : []),
    ...(saves === undefined && isOutput
      ? ['is an output node: add saves, or its files are lost with the history']
      : []),
    ...(samples !== true && hasSteps ? ['takes steps to a latent: add samples, or its passes count as one'] : []),
    ...((samples === true) !== (stage === 'sampling')
      ? ['has one of samples and the stage sampling: it needs both']
      : []),
  ];
}
