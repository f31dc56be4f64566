import { generationIds, type Generation, type GenerationId } from '../generation';
import type { NodeBehaviour } from './node-behaviour';

/** The options of an input that lists model files: a folder's files, or several folders' and what is always there. */
export type ModelList = string | { readonly folders: readonly string[]; readonly besides?: readonly string[] };

/** An input that takes a file of the input folder. */
export interface InputFile {
  readonly input: string;
  /** `image`: for the complaint about a file that is not there. */
  readonly kind: string;
  /** Which files it lists, read at every call as the real server reads its disk; left out: as recorded. */
  readonly shows?: RegExp;
}

/** What LoadImage and its kin show. */
export const pictureFiles = /\.(?:png|jpe?g|webp|gif|bmp|tiff?)$/i;

/** Which files the inputs of a class list. */
export interface ClassFiles {
  /** By input. */
  readonly models?: Readonly<Record<string, ModelList>>;
  readonly inputFile?: InputFile;
}

/** One class that the simulator can run. */
export interface Registration extends ClassFiles {
  readonly name: string;
  /** The folder of its pack below `custom_nodes`; absent for the core. */
  readonly pack?: string;
  /** Servers that have it. Packs were recorded on one, and describe themselves alike on both. */
  readonly generations: readonly GenerationId[];
  /** Made anew for each server: some behaviours remember. */
  readonly behaviourOn: (generation: Generation) => NodeBehaviour;
  /** Inputs with files that the pack itself knows by name and fetches; they stay as recorded. */
  readonly fetched?: readonly string[];
}

/** What is written for a class in the list. */
export interface NodeEntry extends ClassFiles {
  readonly does: NodeBehaviour | ((generation: Generation) => NodeBehaviour);
  /** Left out: all. */
  readonly generations?: readonly GenerationId[];
  readonly fetched?: readonly string[];
}

/** Classes of ComfyUI itself, by their names. */
export const coreNodes = (entries: Readonly<Record<string, NodeEntry>>): Registration[] =>
  Object.entries(entries).map(([name, entry]) => registration(name, entry));

/** Classes of a pack, by the name of its folder below `custom_nodes`. */
export const nodesOfPack = (pack: string, entries: Readonly<Record<string, NodeEntry>>): Registration[] =>
  Object.entries(entries).map(([name, entry]) => ({ ...registration(name, entry), pack }));

const registration = (name: string, { does, generations = generationIds, ...rest }: NodeEntry): Registration => ({
  ...rest,
  name,
  generations,
  behaviourOn: typeof does === 'function' ? does : () => does,
});
