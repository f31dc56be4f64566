import type { NodeValue } from '../nodes/node-value';
import { liveInputs } from '../object-info/dynamic-inputs';
import type { NodeClass } from '../object-info/node-class';
import type { PyDict, PyValue } from '../python/values';
import { isLink } from '../validation/link';
import type { DynamicPrompt } from './dynamic-prompt';
import type { NodeCache } from './node-cache';

/** What a node is called with: constants it knows, whatever is linked, and the hidden inputs its class asks for. */
export function gatherInputs(
  id: string,
  prompt: DynamicPrompt,
  nodeClass: NodeClass | undefined,
  cache: NodeCache,
  extraData: PyDict,
): Map<string, NodeValue> {
  const out = new Map<string, NodeValue>();
  const known = new Set(liveInputs(nodeClass?.inputs.values() ?? [], prompt.inputs(id)).map((spec) => spec.name));
  for (const [name, value] of prompt.inputs(id)) {
    if (isLink(value)) out.set(name, cache.outputsOf(value[0])?.[value[1]] ?? null);
    else if (known.has(name) || nodeClass?.takesAnything === true) out.set(name, value);
  }
  // Classes of the newer schema get theirs beside the call.
  if (nodeClass?.isV3 === true) return out;
  for (const [name, kind] of nodeClass?.hidden ?? []) out.set(name, hiddenValue(id, kind, prompt, extraData));
  return out;
}

function hiddenValue(id: string, kind: string, prompt: DynamicPrompt, extraData: PyDict): PyValue {
  switch (kind) {
    case 'PROMPT':
      return prompt.original;
    case 'EXTRA_PNGINFO':
      return extraData.get('extra_pnginfo') ?? null;
    case 'UNIQUE_ID':
      return id;
    default:
      return null;
  }
}
