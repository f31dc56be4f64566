import { ProcessGone, type Clock } from '../clock';
import type { NodeBehaviour, NodeResult, NodeRuntime } from '../nodes/node-behaviour';
import { NodeCall } from '../nodes/node-behaviour';
import { ExecutionBlocker, type NodeValue } from '../nodes/node-value';
import type { NodeRegistry } from '../object-info/node-registry';
import { PyError, typeError } from '../python/errors';
import { PyFloat, dict, isDict, type PyDict, type PyValue } from '../python/values';
import type { Publisher } from '../socket/publisher';
import { isLink } from '../validation/link';
import { blockedView, outOfMemory, toFailureView } from './execution-failure';
import { ExecutionList } from './execution-list';
import { Interrupted, type InterruptFlag } from './interruption';
import { NodeCache, Signatures } from './node-cache';
import { Progress } from './progress';

export interface ExecutorParts {
  readonly registry: NodeRegistry;
  readonly behaviours: ReadonlyMap<string, NodeBehaviour>;
  readonly cache: NodeCache;
  readonly publisher: Publisher;
  readonly interrupt: InterruptFlag;
  readonly clock: Clock;
  /** The machine under the nodes; `tick` and `blackens` are filled in per node. */
  readonly runtimeFor: (node: NodePlace, progress: Progress) => NodeRuntime;
  readonly historyListsCached: boolean;
  readonly log: (line: string) => void;
  readonly onOutOfMemory: () => void;
}

export interface NodePlace {
  readonly promptId: string;
  readonly nodeId: string;
  readonly classType: string;
}

export interface PromptRun {
  readonly outcome: 'success' | 'error' | 'interrupted';
  readonly outputs: PyDict;
  readonly meta: PyDict;
  readonly messages: readonly (readonly [event: string, data: PyDict])[];
  readonly nodesExecuted: number;
  readonly cached: number;
}

/** Runs prompts one after the other. Node outputs outlive a prompt in the cache. */
export class Executor {
  /** Who hears of the running prompt, and which node it is at: asked for by a client that reconnects. */
  clientId: string | null = null;
  lastNodeId: string | null = null;

  constructor(readonly parts: ExecutorParts) {}

  async execute(promptId: string, prompt: PyDict, extraData: PyDict, outputs: readonly string[]): Promise<PromptRun> {
    this.parts.interrupt.clear();
    const clientId = extraData.get('client_id');
    this.clientId = typeof clientId === 'string' ? clientId : null;
    const run = new Run(this, promptId, prompt, extraData);
    const result = await run.execute(outputs);
    this.lastNodeId = null;
    return result;
  }
}

/** One prompt from execution_start to its last message but the status. */
class Run {
  private readonly messages: (readonly [string, PyDict])[] = [];
  private readonly executed: string[] = [];
  private readonly emitted = new Set<string>();
  private readonly progress: Progress;
  private outcome: PromptRun['outcome'] = 'success';
  private cachedIds: string[] = [];

  constructor(
    private readonly executor: Executor,
    private readonly promptId: string,
    private readonly prompt: PyDict,
    private readonly extraData: PyDict,
  ) {
    this.progress = new Progress(promptId, executor, executor.parts.publisher);
  }

  private get parts(): ExecutorParts {
    return this.executor.parts;
  }

  async execute(outputs: readonly string[]): Promise<PromptRun> {
    this.message('execution_start', { prompt_id: this.promptId });
    const { cache, registry } = this.parts;
    cache.startPrompt(new Signatures((id) => this.node(id), registry, (id) => this.fingerprint(id)), [...this.prompt.keys()]);
    this.cachedIds = [...this.prompt.keys()].filter((id) => cache.outputsOf(id) !== undefined);
    this.message('execution_cached', { nodes: [...this.cachedIds], prompt_id: this.promptId });
    const list = new ExecutionList(this.prompt, registry, (id) => cache.outputsOf(id) !== undefined);
    for (const id of outputs) list.add(id);
    await this.runAll(list);
    return this.result();
  }

  private async runAll(list: ExecutionList): Promise<void> {
    while (!list.isEmpty) {
      const id = list.pick();
      if (id === undefined) throw new Error('what is left of the graph waits for itself');
      if (!(await this.runNode(id))) return;
      list.complete(id);
    }
    this.message('execution_success', { prompt_id: this.promptId });
  }

  /** False when the prompt ends here. */
  private async runNode(id: string): Promise<boolean> {
    if (this.parts.cache.outputsOf(id) !== undefined) {
      this.reuse(id);
      return true;
    }
    let inputs: ReadonlyMap<string, NodeValue> = new Map();
    this.progress.start(id);
    try {
      inputs = this.inputsOf(id);
      if (this.executor.clientId !== null) {
        this.executor.lastNodeId = id;
        this.send('executing', { node: id, display_node: id, prompt_id: this.promptId });
      }
      this.parts.interrupt.throwIfRaised();
      this.keep(id, await this.call(id, inputs));
    } catch (error) {
      this.fail(id, error, inputs);
      return false;
    }
    this.progress.finish(id);
    this.executed.push(id);
    return true;
  }

  /** A cached output node, or a node whose twin ran earlier in this prompt. */
  private reuse(id: string): void {
    if (this.executor.clientId !== null) {
      const ui = this.parts.cache.uiOf(id);
      this.send('executed', { node: id, display_node: id, output: ui?.output ?? null, prompt_id: this.promptId });
    }
    this.emitted.add(id);
    this.progress.finish(id);
  }

  private async call(id: string, inputs: ReadonlyMap<string, NodeValue>): Promise<NodeResult> {
    const classType = this.classType(id);
    const blocker = [...inputs.values()].find((value) => value instanceof ExecutionBlocker);
    const returns = this.parts.registry.get(classType)?.returnTypes ?? [];
    if (blocker !== undefined) {
      this.reportBlock(id, blocker);
      return { outputs: returns.map(() => new ExecutionBlocker(null)) };
    }
    const behaviour = this.parts.behaviours.get(classType);
    const runtime = this.parts.runtimeFor({ promptId: this.promptId, nodeId: id, classType }, this.progress);
    if (behaviour === undefined) throw new PyError('NotImplementedError', `the simulator has no behaviour for the class ${classType}`);
    this.refuseUnknownLinks(id, behaviour);
    await runtime.strike();
    return behaviour.run(new NodeCall(id, classType, inputs, this.prompt, this.extraData, runtime));
  }

  private refuseUnknownLinks(id: string, behaviour: NodeBehaviour): void {
    const known = this.parts.registry.get(this.classType(id))?.inputs;
    for (const [name, value] of this.constantsOf(id)) {
      if (isLink(value) && known?.has(name) !== true && behaviour.functionName !== undefined) {
        throw typeError(`${behaviour.functionName}() got an unexpected keyword argument '${name}'`);
      }
    }
  }

  private keep(id: string, result: NodeResult): void {
    if (result.ui !== undefined && result.ui.size > 0) {
      const meta = dict({ node_id: id, display_node: id, parent_node: null, real_node_id: id });
      this.parts.cache.keepUi(id, { meta, output: result.ui });
      this.emitted.add(id);
      if (this.executor.clientId !== null) this.send('executed', { node: id, display_node: id, output: result.ui, prompt_id: this.promptId });
    }
    this.parts.cache.keepOutputs(id, result.outputs);
  }

  private reportBlock(id: string, blocker: ExecutionBlocker): void {
    if (blocker.message === null) return;
    const about = { prompt_id: this.promptId, node_id: id, node_type: this.classType(id), executed: [...this.executed] };
    this.parts.publisher.publish('execution_error', blockedView(about, blocker.message), this.executor.clientId);
  }

  private fail(id: string, error: unknown, inputs: ReadonlyMap<string, NodeValue>): void {
    if (error instanceof ProcessGone) throw error;
    const about = { prompt_id: this.promptId, node_id: id, node_type: this.classType(id), executed: [...this.executed] };
    if (error instanceof Interrupted) {
      this.outcome = 'interrupted';
      this.parts.log('Processing interrupted');
      this.message('execution_interrupted', about, true);
      return;
    }
    this.outcome = 'error';
    const raised = error instanceof PyError ? error : new PyError('RuntimeError', error instanceof Error ? error.message : String(error));
    this.parts.log(`!!! Exception during processing !!! ${raised.message}`);
    if (raised.type === outOfMemory) {
      this.parts.log('Got an OOM, unloading all loaded models.');
      this.parts.onOutOfMemory();
    }
    this.message('execution_error', { ...about, ...toFailureView(raised, inputs), current_outputs: [...this.parts.cache.idsOfPrompt()] });
  }

  private result(): PromptRun {
    const outputs: PyDict = new Map();
    const meta: PyDict = new Map();
    for (const id of this.parts.cache.idsOfPrompt()) {
      const ui = this.parts.historyListsCached || this.emitted.has(id) ? this.parts.cache.uiOf(id) : undefined;
      if (ui === undefined) continue;
      outputs.set(id, ui.output);
      meta.set(id, ui.meta);
    }
    return {
      outcome: this.outcome, outputs, meta, messages: this.messages, nodesExecuted: this.executed.length, cached: this.cachedIds.length,
    };
  }

  /** Kept for the history, and sent; without a client only the interruption is, to all. */
  private message(event: string, fields: Record<string, PyValue>, broadcast = false): void {
    const data = dict({ ...fields, timestamp: this.parts.clock.now().getTime() });
    this.messages.push([event, data]);
    if (this.executor.clientId !== null || broadcast) this.parts.publisher.publish(event, data, this.executor.clientId);
  }

  private send(event: string, fields: Record<string, PyValue>): void {
    this.parts.publisher.publish(event, dict(fields), this.executor.clientId);
  }

  private inputsOf(id: string): Map<string, NodeValue> {
    const known = this.parts.registry.get(this.classType(id));
    const out = new Map<string, NodeValue>();
    for (const [name, value] of this.constantsOf(id)) {
      if (isLink(value)) out.set(name, this.parts.cache.outputsOf(value[0])?.[value[1]] ?? null);
      else if (known?.inputs.has(name) === true) out.set(name, value);
    }
    for (const [name, kind] of known?.hidden ?? []) out.set(name, this.hiddenValue(id, kind));
    return out;
  }

  private hiddenValue(id: string, kind: string): PyValue {
    switch (kind) {
      case 'PROMPT': return this.prompt;
      case 'EXTRA_PNGINFO': return this.extraData.get('extra_pnginfo') ?? null;
      case 'UNIQUE_ID': return id;
      default: return null;
    }
  }

  /** IS_CHANGED, unless the client sent its own; the value stays in the prompt and gets into the picture's metadata. */
  private fingerprint(id: string): PyValue {
    const node = this.node(id);
    const behaviour = this.parts.behaviours.get(this.classType(id));
    if (node === undefined || behaviour?.fingerprint === undefined) return false;
    const posted = node.get('is_changed');
    if (posted !== undefined) return posted;
    const value = this.computeFingerprint(id, behaviour.fingerprint.bind(behaviour));
    node.set('is_changed', value);
    return value;
  }

  private computeFingerprint(id: string, compute: NonNullable<NodeBehaviour['fingerprint']>): PyValue {
    const runtime = this.parts.runtimeFor({ promptId: this.promptId, nodeId: id, classType: this.classType(id) }, this.progress);
    try {
      return compute(this.constantsOf(id), runtime.folders);
    } catch (error) {
      this.parts.log(`WARNING: ${String(error)}`);
      return new PyFloat(NaN);
    }
  }

  private node(id: string): PyDict | undefined {
    const node = this.prompt.get(id) ?? null;
    return isDict(node) ? node : undefined;
  }

  private classType(id: string): string {
    return String(this.node(id)?.get('class_type'));
  }

  private constantsOf(id: string): PyDict {
    const inputs = this.node(id)?.get('inputs') ?? null;
    return isDict(inputs) ? inputs : new Map();
  }
}
