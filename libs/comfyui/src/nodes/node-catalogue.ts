import { coreNodes } from './core-nodes';
import type { NodeClass } from './node-class';
import { packNodes } from './pack-nodes';
import { guessNodeClass } from './unknown-nodes';

/**
 * Every class of nodes that Tower relies on: those that its workflows use, and those whose files it looks after. Held
 * against recorded servers by `node-catalogue.spec.ts` of rendering's workflows.
 */
export const nodeCatalogue: ReadonlyMap<string, NodeClass> = catalogueOf([...Object.entries(coreNodes), ...packNodes]);

function catalogueOf(classes: readonly (readonly [string, NodeClass])[]): ReadonlyMap<string, NodeClass> {
  const catalogue = new Map(classes);
  const twice = classes.find(([name, facts]) => catalogue.get(name) !== facts)?.[0];
  if (twice !== undefined) throw new Error(`the class ${twice} is in the node catalogue twice: keep one entry`);
  return catalogue;
}

/** What is known of a class, or guessed from its name where it is not in the catalogue. */
export const nodeClassOf = (classType: string): NodeClass => nodeCatalogue.get(classType) ?? guessNodeClass(classType);

/** The folder below the server's `models` that an input takes its file from; undefined where none is known. */
export function modelFolderOf(classType: string, input: string): string | undefined {
  const models = nodeCatalogue.get(classType)?.models;
  return models !== undefined && Object.hasOwn(models, input) ? models[input] : undefined;
}

/** Whether a class reads a file of the server's `input` folder, through this input if one is named. */
export function readsInputFile(classType: string, input?: string): boolean {
  const inputs = nodeCatalogue.get(classType)?.inputFiles ?? [];
  return input === undefined ? inputs.length > 0 : inputs.includes(input);
}
