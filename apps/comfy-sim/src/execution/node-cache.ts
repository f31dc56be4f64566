import type { NodeValue } from '../nodes/node-value';
import type { PyDict } from '../python/values';
import type { DynamicPrompt } from './dynamic-prompt';
import type { Signatures } from './signatures';

export interface CachedUi {
  readonly meta: PyDict;
  readonly output: PyDict;
}

/**
 * What survives from one prompt to the next. `classic` drops whatever the new prompt could not use, `lru` keeps the results
 * used last, `none` keeps nothing and tells nodes apart by their ids alone.
 */
export type CachePolicy = { readonly kind: 'classic' } | { readonly kind: 'lru'; readonly size: number } | { readonly kind: 'none' };

interface Entry {
  outputs?: readonly NodeValue[];
  ui?: CachedUi;
}

export class NodeCache {
  /** Least recently used first. */
  private readonly entries = new Map<string, Entry>();
  private readonly innerIds = new Map<string, readonly string[]>();
  private signatures: Signatures | undefined;

  constructor(private readonly policy: CachePolicy = { kind: 'classic' }) {}

  startPrompt(signatures: Signatures, prompt: DynamicPrompt): void {
    this.signatures = signatures;
    const used = new Set(prompt.ids.map((id) => this.key(id)));
    for (const key of used) this.touch(key);
    const kept = this.policy.kind === 'lru' ? Math.max(this.policy.size, used.size) : 0;
    for (const key of [...this.entries.keys()]) {
      if (this.policy.kind === 'none' || (!used.has(key) && this.entries.size > kept)) this.entries.delete(key);
    }
    const places = new Set(prompt.ids.map((id) => `${id} ${prompt.classType(id)}`));
    for (const place of [...this.innerIds.keys()]) if (!places.has(place)) this.innerIds.delete(place);
  }

  outputsOf(id: string): readonly NodeValue[] | undefined {
    return this.entries.get(this.key(id))?.outputs;
  }

  uiOf(id: string): CachedUi | undefined {
    return this.entries.get(this.key(id))?.ui;
  }

  keepOutputs(id: string, outputs: readonly NodeValue[]): void {
    this.entry(id).outputs = outputs;
  }

  keepUi(id: string, ui: CachedUi): void {
    this.entry(id).ui = ui;
  }

  /** Ids of nodes that came out of another node stay known while that node is in the graph. */
  keepInnerIds(id: string, classType: string, inner: readonly string[]): void {
    this.innerIds.set(`${id} ${classType}`, inner);
  }

  knownInnerIds(): string[] {
    return [...this.innerIds.values()].flat();
  }

  reset(): void {
    this.entries.clear();
    this.innerIds.clear();
    this.signatures = undefined;
  }

  private entry(id: string): Entry {
    const key = this.key(id);
    const entry = this.entries.get(key) ?? {};
    this.entries.set(key, entry);
    return entry;
  }

  private touch(key: string): void {
    const entry = this.entries.get(key);
    if (entry === undefined) return;
    this.entries.delete(key);
    this.entries.set(key, entry);
  }

  private key(id: string): string {
    if (this.policy.kind === 'none') return id;
    if (this.signatures === undefined) throw new Error('the node cache has seen no prompt yet');
    return this.signatures.of(id);
  }
}
