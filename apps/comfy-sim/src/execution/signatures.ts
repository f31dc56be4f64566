import type { NodeRegistry } from '../object-info/node-registry';
import { dumpJson } from '../python/json';
import { PyFloat, isDict, isNumeric, toNumber, type PyValue } from '../python/values';
import { isLink } from '../validation/link';
import type { DynamicPrompt } from './dynamic-prompt';

let nanCount = 0;

/** Equal texts for what Python holds equal: 1, 1.0 and true are one key, NaN is never equal to itself. */
function canonical(value: PyValue): string {
  if (typeof value === 'bigint') return `n${value}`;
  if (isNumeric(value)) {
    const number = toNumber(value);
    return Number.isNaN(number) ? `nan${(nanCount += 1)}` : `n${number}`;
  }
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (isDict(value))
    return `{${[...value]
      .map(([key, item]) => `${key}:${canonical(item)}`)
      .sort()
      .join(',')}}`;
  return dumpJson(value);
}

/**
 * Signatures of a prompt's nodes: class, fingerprint and constants of the node and all its ancestors; links by
 * position.
 */
export class Signatures {
  private readonly known = new Map<string, string>();

  constructor(
    private readonly prompt: DynamicPrompt,
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
    if (this.prompt.find(id) === undefined) return canonical(new PyFloat(NaN));
    const classType = this.prompt.classType(id);
    const parts = [classType, canonical(this.fingerprint(id))];
    if (this.registry.get(classType)?.wantsNodeId === true) parts.push(`#${id}`);
    for (const [key, value] of this.sortedInputs(id)) {
      parts.push(isLink(value) ? `${key}=@${order.get(value[0]) ?? '?'}.${value[1]}` : `${key}=${canonical(value)}`);
    }
    return parts.join(';');
  }

  private collectAncestors(id: string, ancestors: string[], order: Map<string, number>): void {
    if (this.prompt.find(id) === undefined) return;
    for (const [, value] of this.sortedInputs(id)) {
      if (!isLink(value) || order.has(value[0])) continue;
      order.set(value[0], ancestors.length);
      ancestors.push(value[0]);
      this.collectAncestors(value[0], ancestors, order);
    }
  }

  private sortedInputs(id: string): [string, PyValue][] {
    return [...this.prompt.inputs(id)].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  }
}
