import type { NodeRegistry } from '../object-info/node-registry';
import { keyError } from '../python/errors';
import { isDict, type PyDict } from '../python/values';
import { isLink } from '../validation/link';

/** Which node runs next: readiness by counted dependencies, and among the ready ones what brings a picture soonest. */
export class ExecutionList {
  /** In order of discovery, which decides between equals. */
  private readonly pending = new Set<string>();
  private readonly blockCount = new Map<string, number>();
  private readonly blocking = new Map<string, Set<string>>();

  constructor(
    private readonly prompt: PyDict,
    private readonly registry: NodeRegistry,
    private readonly isCached: (id: string) => boolean,
  ) {}

  get isEmpty(): boolean {
    return this.pending.size === 0;
  }

  /** Adds an output and, depth first from the last input on, everything it needs that is not cached. */
  add(root: string): void {
    const ids = [root];
    const links: [from: string, to: string][] = [];
    for (let id = ids.pop(); id !== undefined; id = ids.pop()) {
      if (this.pending.has(id)) continue;
      this.pending.add(id);
      this.blockCount.set(id, 0);
      this.blocking.set(id, new Set());
      for (const [name, value] of this.inputsOf(id)) {
        if (!isLink(value) || this.isLazy(id, name)) continue;
        if (!this.isCached(value[0])) ids.push(value[0]);
        links.push([value[0], id]);
      }
    }
    for (const [from, to] of links) this.link(from, to);
  }

  /** Undefined when nothing is ready: what is left waits for itself. */
  pick(): string | undefined {
    const ready = [...this.pending].filter((id) => this.blockCount.get(id) === 0);
    return ready.find((id) => this.isOutput(id))
      ?? ready.find((id) => this.blockedBy(id).some((next) => this.isOutput(next)))
      ?? ready.find((id) => this.blockedBy(id).some((next) => this.blockedBy(next).some((last) => this.isOutput(last))))
      ?? ready[0];
  }

  complete(id: string): void {
    this.pending.delete(id);
    for (const next of this.blockedBy(id)) this.blockCount.set(next, (this.blockCount.get(next) ?? 1) - 1);
    this.blocking.delete(id);
  }

  private link(from: string, to: string): void {
    if (this.isCached(from)) return;
    if (!this.pending.has(from)) this.add(from);
    const blocked = this.blocking.get(from);
    if (blocked === undefined || blocked.has(to)) return;
    blocked.add(to);
    this.blockCount.set(to, (this.blockCount.get(to) ?? 0) + 1);
  }

  private blockedBy(id: string): string[] {
    return [...(this.blocking.get(id) ?? [])];
  }

  private inputsOf(id: string): PyDict {
    const node = this.prompt.get(id) ?? null;
    if (!isDict(node)) throw keyError(id);
    const inputs = node.get('inputs');
    if (!isDict(inputs ?? null)) throw keyError('inputs');
    return inputs as PyDict;
  }

  private isLazy(id: string, input: string): boolean {
    return this.registry.get(this.classType(id))?.inputs.get(input)?.options.get('lazy') === true;
  }

  private isOutput(id: string): boolean {
    return this.registry.get(this.classType(id))?.isOutput === true;
  }

  private classType(id: string): string {
    const node = this.prompt.get(id) ?? null;
    return isDict(node) ? String(node.get('class_type')) : '';
  }
}
