import type { NodeRegistry } from '../object-info/node-registry';
import { isLink } from '../validation/link';
import type { DynamicPrompt } from './dynamic-prompt';

/** Which node runs next: readiness by counted dependencies, and among the ready ones what brings a picture soonest. */
export class ExecutionList {
  /** In order of discovery, which decides between equals. */
  private readonly pending = new Set<string>();
  private readonly blockCount = new Map<string, number>();
  private readonly blocking = new Map<string, Set<string>>();
  private externalBlocks = 0;
  private wake: (() => void) | undefined;

  constructor(
    private readonly prompt: DynamicPrompt,
    private readonly registry: NodeRegistry,
    private readonly isCached: (id: string) => boolean,
    private readonly isAsync: (classType: string) => boolean,
  ) {}

  get isEmpty(): boolean {
    return this.pending.size === 0;
  }

  /** True while a node waits for something outside the graph. */
  get isWaiting(): boolean {
    return this.externalBlocks > 0;
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
      for (const [name, value] of this.prompt.inputs(id)) {
        if (!isLink(value) || this.isLazy(id, name)) continue;
        if (!this.isCached(value[0])) ids.push(value[0]);
        links.push([value[0], id]);
      }
    }
    for (const [from, to] of links) this.link(from, to);
  }

  /** Makes `to` wait for `from`. */
  link(from: string, to: string): void {
    if (this.isCached(from)) return;
    this.add(from);
    const blocked = this.blocking.get(from);
    if (blocked === undefined || blocked.has(to)) return;
    blocked.add(to);
    this.blockCount.set(to, (this.blockCount.get(to) ?? 0) + 1);
  }

  /** Makes a node wait for something outside the graph; the returned function ends that. */
  block(id: string): () => void {
    this.externalBlocks += 1;
    this.blockCount.set(id, (this.blockCount.get(id) ?? 0) + 1);
    return () => {
      this.externalBlocks -= 1;
      this.blockCount.set(id, (this.blockCount.get(id) ?? 1) - 1);
      this.wake?.();
    };
  }

  onUnblock(wake: (() => void) | undefined): void {
    this.wake = wake;
  }

  /** Undefined when nothing is ready. */
  pick(): string | undefined {
    const ready = [...this.pending].filter((id) => this.blockCount.get(id) === 0);
    return (
      ready.find((id) => this.isOutput(id) || this.isAsync(this.prompt.classType(id))) ??
      ready.find((id) => this.blockedBy(id).some((next) => this.isOutput(next))) ??
      ready.find((id) => this.blockedBy(id).some((next) => this.blockedBy(next).some((last) => this.isOutput(last)))) ??
      ready[0]
    );
  }

  complete(id: string): void {
    this.pending.delete(id);
    for (const next of this.blockedBy(id)) this.blockCount.set(next, (this.blockCount.get(next) ?? 1) - 1);
    this.blocking.delete(id);
  }

  private blockedBy(id: string): string[] {
    return [...(this.blocking.get(id) ?? [])];
  }

  private isLazy(id: string, input: string): boolean {
    return this.registry.get(this.prompt.classType(id))?.inputs.get(input)?.options.get('lazy') === true;
  }

  private isOutput(id: string): boolean {
    return this.registry.get(this.prompt.classType(id))?.isOutput === true;
  }
}
