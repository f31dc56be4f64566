import type { NodeRegistry } from '../object-info/node-registry';
import { keyError } from '../python/errors';
import { dumpJson } from '../python/json';
import { PyFloat, isDict, isNumeric, toNumber, type PyDict, type PyValue } from '../python/values';
import { isLink } from '../validation/link';
import type { NodeValue } from '../nodes/node-value';

export interface CachedUi {
  readonly meta: PyDict;
  readonly output: PyDict;
}

let nanCount = 0;

/** Equal texts for what Python holds equal: 1, 1.0 and true are one key, NaN is never equal to itself. */
function canonical(value: PyValue): string {
  if (typeof value === 'bigint') return `n${value}`;
  if (isNumeric(value)) {
    const number = toNumber(value);
    return Number.isNaN(number) ? `nan${(nanCount += 1)}` : `n${number}`;
  }
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (isDict(value)) return `{${[...value].map(([key, item]) => `${key}:${canonical(item)}`).sort().join(',')}}`;
  return dumpJson(value);
}

/** Signatures of a prompt's nodes: class, fingerprint and constants of the node and all its ancestors; links by position. */
export class Signatures {
  private readonly known = new Map<string, string>();

  constructor(
    private readonly node: (id: string) => PyDict | undefined,
    private readonly registry: NodeRegistry,
    private readonly fingerprint: (id: string) => PyValue,
  ) {}

  of(id: string): string {
    let signature = this.known.get(id);
    if (signature === undefined) {
      const ancestors: string[] = [];
      const order = new Map<string, number>();
      this.collectAncestors(id, ancestors, order);
      signature = [id, ...ancestors].map((member) => this.immediate(member, order)).join('|');
      this.known.set(id, signature);
    }
    return signature;
  }

  private immediate(id: string, order: ReadonlyMap<string, number>): string {
    const node = this.node(id);
    if (node === undefined) return canonical(new PyFloat(NaN));
    const classType = String(node.get('class_type'));
    const parts = [classType, canonical(this.fingerprint(id))];
    if (this.registry.get(classType)?.wantsNodeId === true) parts.push(`#${id}`);
    for (const [key, value] of sortedInputs(node)) {
      parts.push(isLink(value) ? `${key}=@${order.get(value[0]) ?? '?'}.${value[1]}` : `${key}=${canonical(value)}`);
    }
    return parts.join(';');
  }

  private collectAncestors(id: string, ancestors: string[], order: Map<string, number>): void {
    const node = this.node(id);
    if (node === undefined) return;
    for (const [, value] of sortedInputs(node)) {
      if (!isLink(value) || order.has(value[0])) continue;
      order.set(value[0], ancestors.length);
      ancestors.push(value[0]);
      this.collectAncestors(value[0], ancestors, order);
    }
  }
}

function sortedInputs(node: PyDict): [string, PyValue][] {
  const inputs = node.get('inputs') ?? null;
  // A node without inputs can slip through a partly valid prompt; it is here that it kills the worker.
  if (!isDict(inputs)) throw keyError('inputs');
  return [...inputs].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

/** The classic cache: at the start of a prompt everything is dropped that this prompt could not use. */
export class NodeCache {
  private readonly outputs = new Map<string, readonly NodeValue[]>();
  private readonly uis = new Map<string, CachedUi>();
  private signatures: Signatures | undefined;
  private nodeIds: readonly string[] = [];

  startPrompt(signatures: Signatures, nodeIds: readonly string[]): void {
    this.signatures = signatures;
    this.nodeIds = nodeIds;
    const used = new Set(nodeIds.map((id) => signatures.of(id)));
    for (const store of [this.outputs, this.uis]) {
      for (const key of store.keys()) if (!used.has(key)) store.delete(key);
    }
  }

  outputsOf(id: string): readonly NodeValue[] | undefined {
    return this.outputs.get(this.key(id));
  }

  uiOf(id: string): CachedUi | undefined {
    return this.uis.get(this.key(id));
  }

  keepOutputs(id: string, values: readonly NodeValue[]): void {
    this.outputs.set(this.key(id), values);
  }

  keepUi(id: string, ui: CachedUi): void {
    this.uis.set(this.key(id), ui);
  }

  /** Every id of the current prompt whose key has a ui, whether it ran now or long ago. */
  idsOfPrompt(): readonly string[] {
    return this.nodeIds;
  }

  reset(): void {
    this.outputs.clear();
    this.uis.clear();
    this.signatures = undefined;
    this.nodeIds = [];
  }

  private key(id: string): string {
    if (this.signatures === undefined) throw new Error('the node cache has seen no prompt yet');
    return this.signatures.of(id);
  }
}
