import type { Folders } from '../files/folders';
import type { NodeBehaviour } from '../nodes/node-behaviour';
import { PyFloat, type PyValue } from '../python/values';
import type { DynamicPrompt } from './dynamic-prompt';

/**
 * IS_CHANGED of a prompt's nodes, unless the client sent its own. The value stays in the prompt and gets into metadata.
 */
export class Fingerprints {
  constructor(
    private readonly prompt: DynamicPrompt,
    private readonly behaviours: ReadonlyMap<string, NodeBehaviour>,
    private readonly folders: Folders,
    private readonly log: (line: string) => void,
  ) {}

  of(id: string): PyValue {
    const node = this.prompt.find(id);
    const compute = this.behaviours.get(this.prompt.classType(id))?.fingerprint;
    if (node === undefined || compute === undefined) return false;
    const posted = node.get('is_changed');
    if (posted !== undefined) return posted;
    const value = this.compute(id, compute);
    node.set('is_changed', value);
    return value;
  }

  /** What cannot be computed counts as changed every time. */
  private compute(id: string, compute: NonNullable<NodeBehaviour['fingerprint']>): PyValue {
    try {
      return compute(this.prompt.inputs(id), this.folders);
    } catch (error) {
      this.log(`WARNING: ${String(error)}`);
      return new PyFloat(NaN);
    }
  }
}
