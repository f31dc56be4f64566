import { dict, isDict, type PyDict, type PyValue } from '../python/values';
import { NodeClass } from './node-class';

/** In what a server differs from the recorded one: faults of its installation. */
export interface Alterations {
  readonly missingModels: ReadonlySet<string>;
  readonly missingClasses: ReadonlySet<string>;
  /** Parts of the names of packs. */
  readonly missingPacks: readonly string[];
  /** Classes that an update gave a new required input. */
  readonly drifted: ReadonlySet<string>;
}

export const noAlterations: Alterations = {
  missingModels: new Set(),
  missingClasses: new Set(),
  missingPacks: [],
  drifted: new Set(),
};

/** The input which a class of a later version requires, and which no older client sends. */
const driftedInput = 'resolution_steps';

export function isMissing(node: NodeClass, alterations: Alterations): boolean {
  return (
    alterations.missingClasses.has(node.name) ||
    alterations.missingPacks.some(
      (pack) =>
        node.moduleName.startsWith('custom_nodes.') && node.moduleName.toLowerCase().includes(pack.toLowerCase()),
    )
  );
}

/** The class after the update. */
export function drifted(node: NodeClass): NodeClass {
  const input = node.info.get('input');
  const sections: PyDict = isDict(input) ? input : new Map<string, PyValue>();
  const required = sections.get('required');
  const grown = new Map<string, PyValue>([
    ...(isDict(required) ? required : []),
    [driftedInput, ['INT', dict({ default: 1, min: 1, max: 256 })]],
  ]);
  return new NodeClass(
    new Map<string, PyValue>([...node.info, ['input', new Map<string, PyValue>([...sections, ['required', grown]])]]),
  );
}
