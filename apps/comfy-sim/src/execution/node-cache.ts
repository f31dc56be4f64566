import type { NodeValue } from '../nodes/node-value';
import type { PyDict } from '../python/values';
import type { DynamicPrompt } from './dynamic-prompt';
import type { Signatures } from './signatures';

interface CachedUi {
  readonly meta: PyDict;
  readonly output: PyDict;
}

/**
 * What survives from one prompt to the next. `classic` drops whatever a new prompt could not use when it starts,
 * `pressure` when it has run, and only if it made something new; `starved` is that on a server always short of RAM,
 * which keeps nothing. `lru` keeps the results used last; `none` keeps nothing and tells nodes apart by their ids
 * alone.
 */
export type CachePolicy =
  { readonly kind: 'classic' | 'pressure' | 'starved' | 'none' } | { readonly kind: 'lru'; readonly size: number };

interface Entry {
  outputs?: readonly NodeValue[];
  ui?: CachedUi;
}

export class NodeCache {
  /** Least recently used first. */
  private readonly entries = new Map<string, Entry>();
  private readonly innerIds = new Map<string, readonly string[]>();
  private signatures: Signatures | undefined;
  private used: ReadonlySet<string> = new Set();

  constructor(private readonly policy: CachePolicy = { kind: 'classic' }) {}

  startPrompt(signatures: Signatures, prompt: DynamicPrompt): void {
    this.signatures = signatures;
    const used = new Set(prompt.ids.map((id) => this.key(id)));
    for (const key of used) this.touch(key);
    this.used = used;
    if (this.policy.kind === 'none') this.entries.clear();
    if (this.policy.kind === 'classic') this.dropUnused(0);
    if (this.policy.kind === 'lru') this.dropUnused(Math.max(this.policy.size, used.size));
    const places = new Set(prompt.ids.map((id) => `${id} ${prompt.classType(id)}`));
    for (const place of [...this.innerIds.keys()]) if (!places.has(place)) this.innerIds.delete(place);
  }

  endPrompt(nodesExecuted: number): void {
    if (this.policy.kind === 'starved') this.entries.clear();
    if (this.policy.kind === 'pressure' && nodesExecuted > 0) this.dropUnused(0);
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

  private dropUnused(keptAtLeast: number): void {
    for (const key of [...this.entries.keys()]) {
      if (!this.used.has(key) && this.entries.size > keptAtLeast) this.entries.delete(key);
    }
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
