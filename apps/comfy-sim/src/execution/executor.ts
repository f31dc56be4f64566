import type { Clock } from '../clock';
import type { ResultFaults } from '../faults/result-faults';
import type { Folders } from '../files/folders';
import type { NodeBehaviour, NodeRuntime } from '../nodes/node-behaviour';
import type { NodeRegistry } from '../object-info/node-registry';
import type { TensorPrinting } from '../pictures/tensor-text';
import type { PyDict } from '../python/values';
import type { Publisher } from '../socket/publisher';
import type { InterruptFlag } from './interruption';
import type { NodeCache } from './node-cache';
import type { Progress } from './progress';
import { PromptRun, type PromptResult } from './prompt-run';

export interface NodePlace {
  readonly promptId: string;
  readonly nodeId: string;
  readonly classType: string;
  readonly previewMethod?: string | undefined;
}

export interface ExecutorParts {
  readonly registry: NodeRegistry;
  readonly behaviours: ReadonlyMap<string, NodeBehaviour>;
  readonly cache: NodeCache;
  readonly publisher: Publisher;
  readonly interrupt: InterruptFlag;
  readonly clock: Clock;
  readonly folders: Folders;
  /** Called when a prompt has begun; what it throws kills the worker. */
  readonly onStart: () => void;
  readonly results: ResultFaults;
  /** What the server adds to the ui of a node that ran. */
  readonly enrich: (ui: PyDict) => PyDict;
  readonly runtimeFor: (node: NodePlace, progress: Progress) => NodeRuntime;
  readonly printing: TensorPrinting;
  readonly historyListsCached: boolean;
  readonly previewMethodPerPrompt: boolean;
  /** Whether a driver's "out of memory" counts as such. */
  readonly readsDriverErrors: boolean;
  readonly log: (line: string) => void;
  readonly onOutOfMemory: () => void;
}

/** Runs prompts one after the other. Node outputs outlive a prompt in the cache. */
export class Executor {
  /** Who hears of the running prompt, and which node it is at: asked for by a client that reconnects. */
  clientId: string | null = null;
  lastNodeId: string | null = null;

  constructor(readonly parts: ExecutorParts) {}

  async execute(
    promptId: string,
    prompt: PyDict,
    extraData: PyDict,
    outputs: readonly string[],
  ): Promise<PromptResult> {
    this.parts.interrupt.startPrompt();
    const clientId = extraData.get('client_id');
    this.clientId = typeof clientId === 'string' ? clientId : null;
    const result = await new PromptRun(this, promptId, prompt, extraData).execute(outputs);
    this.lastNodeId = null;
    return result;
  }
}
