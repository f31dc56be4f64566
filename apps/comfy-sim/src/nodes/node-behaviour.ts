import type { Card } from '../card/card';
import type { Folders } from '../files/folders';
import type { Picture } from '../pictures/picture';
import { toFloat, toInt } from '../python/conversions';
import type { TensorPrinting } from '../pictures/tensor-text';
import { PyError } from '../python/errors';
import { str } from '../python/text';
import type { PyDict, PyValue } from '../python/values';
import type { Preview } from '../socket/frames';
import { misfit } from './node-misfit';
import type { NodeValue } from './node-value';

export interface NodeResult {
  readonly outputs: readonly NodeValue[];
  readonly ui?: PyDict;
}

/** A node may answer with a graph that takes its place; `outputs` are links into it, or values. */
export interface Expansion {
  readonly nodes: PyDict;
  readonly outputs: readonly PyValue[];
}

export const isExpansion = (returned: NodeResult | Expansion): returned is Expansion => 'nodes' in returned;

/** One class: what it does, and what of Python's special methods it has. */
export interface NodeBehaviour {
  run(call: NodeCall): Promise<NodeResult | Expansion> | NodeResult | Expansion;
  /** Others run while it does. */
  readonly isAsync?: true;
  /** IS_CHANGED over the node's constants. */
  readonly fingerprint?: (inputs: PyDict, folders: Folders) => PyValue;
  /** `SaveImage.save_images`, for the TypeError of an unknown linked input; without it such inputs are swallowed. */
  readonly functionName?: string;
}

/** What a running node may touch. Built by the executor for each node. */
export interface NodeRuntime {
  readonly card: Card;
  readonly folders: Folders;
  readonly previews: boolean;
  /** Longest side of a preview in pixels. */
  readonly previewSize: number;
  hasModel(folder: string, file: string): boolean;
  /** Files of a model folder, as the pickers list them. */
  modelsIn(folder: string): readonly string[];
  /** Whether a face is found in a picture; a setting of the simulator. */
  findsFace(picture: Picture): boolean;
  /** Takes the time of reading a file; throws what its loader throws on an empty one. */
  readModel(file: string, bytes: number): Promise<void>;
  readonly writesMetadata: boolean;
  /** May be changed; it is that of the whole server. */
  readonly printing: TensorPrinting;
  /** Aborted when the server dies. */
  readonly gone: AbortSignal;
  /** Sleeps scaled seconds; nothing can interrupt it. */
  work(seconds: number): Promise<void>;
  /** Sleeps real milliseconds. */
  pause(ms: number): Promise<void>;
  /** One tick of the progress bar: the only place inside a node where an interrupt is noticed. */
  tick(value: number, max: number, preview?: Preview): Promise<void>;
  /** For work that looks at the interrupt flag without having a progress bar. */
  throwIfInterrupted(): void;
  /** Faults aimed at the node as such, before it does anything. `shape` is what kernels are tuned for. */
  strike(shape?: string): Promise<void>;
  /** Lines in the server's log. */
  log(line: string): void;
  /** True when a fault wants this node's picture black. */
  blackens(): boolean;
}

export class NodeCall {
  constructor(
    readonly id: string,
    readonly classType: string,
    readonly inputs: ReadonlyMap<string, NodeValue>,
    readonly prompt: PyDict,
    readonly extraData: PyDict,
    readonly runtime: NodeRuntime,
  ) {}

  has(name: string): boolean {
    return this.inputs.has(name);
  }

  int(name: string): number {
    return Number(toInt(this.plain(name)));
  }

  float(name: string): number {
    return toFloat(this.plain(name)).value;
  }

  text(name: string): string {
    return str(this.plain(name));
  }

  flag(name: string): boolean {
    return this.plain(name) === true;
  }

  /** Unions of types let through what a node cannot use; Python then fails on the missing attribute. */
  value<T extends NodeValue>(name: string, kind: abstract new (...args: never[]) => T): T {
    const found = this.inputs.get(name);
    if (found instanceof kind) return found;
    throw misfit(name, found, kind);
  }

  /** An optional link. */
  optional<T extends NodeValue>(name: string, kind: abstract new (...args: never[]) => T): T | undefined {
    return (this.inputs.get(name) ?? null) === null ? undefined : this.value(name, kind);
  }

  plain(name: string): PyValue {
    const found = this.inputs.get(name);
    if (found === undefined) throw new PyError('KeyError', `'${name}'`);
    return found as PyValue;
  }
}
