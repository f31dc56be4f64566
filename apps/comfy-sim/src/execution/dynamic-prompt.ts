import { PyError, keyError } from '../python/errors';
import { isDict, type PyDict, type PyValue } from '../python/values';

interface Ephemeral {
  readonly node: PyDict;
  readonly parent: string;
  readonly display: string;
}

/** The posted graph, and the nodes that nodes put into it while it runs. */
export class DynamicPrompt {
  private readonly ephemeral = new Map<string, Ephemeral>();

  constructor(readonly original: PyDict) {}

  /** Ids of the posted graph, in its order. */
  get ids(): readonly string[] {
    return [...this.original.keys()];
  }

  add(id: string, node: PyDict, parent: string): void {
    if (this.find(id) !== undefined)
      throw new PyError(
        'comfy_execution.graph.DuplicateNodeError',
        `Attempt to add duplicate node ${id}. Ensure node ids are unique and ` +
          `deterministic or use graph_utils.GraphBuilder.`,
      );
    this.ephemeral.set(id, { node, parent, display: this.displayId(parent) });
  }

  find(id: string): PyDict | undefined {
    const node = this.original.get(id) ?? this.ephemeral.get(id)?.node ?? null;
    return isDict(node) ? node : undefined;
  }

  classType(id: string): string {
    return String(this.find(id)?.get('class_type'));
  }

  /** Throws as Python does; a node without inputs can slip through a partly valid prompt, and kills the worker here. */
  inputs(id: string): PyDict {
    const inputs: PyValue = this.find(id)?.get('inputs') ?? null;
    if (!isDict(inputs)) throw keyError('inputs');
    return inputs;
  }

  parentId(id: string): string | null {
    return this.ephemeral.get(id)?.parent ?? null;
  }

  /** The node of the posted graph which the user sees at work. */
  displayId(id: string): string {
    return this.ephemeral.get(id)?.display ?? id;
  }

  /** The node of the posted graph which errors name. */
  realId(id: string): string {
    const parent = this.parentId(id);
    return parent === null ? id : this.realId(parent);
  }
}
