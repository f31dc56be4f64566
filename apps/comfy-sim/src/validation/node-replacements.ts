import { keyError } from '../python/errors';
import { isDict, type PyDict, type PyValue } from '../python/values';

interface Replacement {
  readonly newClass: string;
  readonly inputs: readonly PyDict[];
}

/**
 * Classes that were renamed or merged: 0.33 rewrites them in a posted graph when it does not have the old one any more.
 */
export class NodeReplacements {
  private readonly byOldClass: ReadonlyMap<string, Replacement>;

  constructor(readonly described: PyDict) {
    this.byOldClass = new Map(
      [...described].map(([oldClass, options]) => {
        const first = (options as PyDict[])[0] as PyDict;
        const mapping = first.get('input_mapping');
        return [
          oldClass,
          { newClass: String(first.get('new_node_id')), inputs: Array.isArray(mapping) ? (mapping as PyDict[]) : [] },
        ];
      }),
    );
  }

  /** Throws for a node without `_meta`, as the real one does by forgetting that it may be missing. */
  apply(prompt: PyValue, hasClass: (name: string) => boolean): void {
    if (!isDict(prompt)) return;
    for (const node of prompt.values()) {
      const type = isDict(node) ? node.get('class_type') : undefined;
      if (!isDict(node) || typeof type !== 'string' || hasClass(type)) continue;
      const replacement = this.byOldClass.get(type);
      if (replacement === undefined) continue;
      if (!node.has('_meta')) throw keyError('_meta');
      node.set('inputs', mappedInputs(replacement, node.get('inputs') ?? null));
      node.set('class_type', replacement.newClass);
    }
  }
}

/** Without a mapping the inputs are lost. */
function mappedInputs({ inputs }: Replacement, posted: PyValue): PyDict {
  const out: PyDict = new Map();
  for (const rule of inputs) {
    const newId = String(rule.get('new_id'));
    const value = rule.has('set_value')
      ? rule.get('set_value')
      : isDict(posted)
        ? posted.get(String(rule.get('old_id')))
        : undefined;
    if (value !== undefined) out.set(newId, value);
  }
  return out;
}
