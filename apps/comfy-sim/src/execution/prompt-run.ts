import { ProcessGone } from '../clock';
import { isExpansion, NodeCall, type Expansion, type NodeBehaviour, type NodeResult } from '../nodes/node-behaviour';
import { LatentValue } from '../nodes/latent-value';
import { ModelValue } from '../nodes/model-value';
import { ExecutionBlocker, type NodeValue } from '../nodes/node-value';
import { PyError, typeError } from '../python/errors';
import { dict, isDict, type PyDict, type PyValue } from '../python/values';
import { liveInputs } from '../object-info/dynamic-inputs';
import { isLink } from '../validation/link';
import { DynamicPrompt } from './dynamic-prompt';
import { blockedView, isOutOfMemory, toFailureView } from './execution-failure';
import { ExecutionList } from './execution-list';
import type { Executor, ExecutorParts } from './executor';
import { Fingerprints } from './fingerprints';
import { Interrupted } from './interruption';
import { gatherInputs } from './node-inputs';
import { Progress } from './progress';
import { Signatures } from './signatures';

export interface PromptResult {
  readonly outcome: 'success' | 'error' | 'interrupted';
  readonly outputs: PyDict;
  readonly meta: PyDict;
  readonly messages: readonly (readonly [event: string, data: PyDict])[];
  readonly nodesExecuted: number;
  readonly cached: number;
}

type Inputs = ReadonlyMap<string, NodeValue>;
type Returned = NodeResult | Expansion;

/** A node that was called and has not answered yet: an async one, or one whose answer is a graph. */
type Unfinished =
  | {
      readonly kind: 'async';
      readonly inputs: Inputs;
      settled: { readonly value: Returned } | { readonly error: unknown } | undefined;
    }
  | { readonly kind: 'expanded'; readonly outputs: readonly PyValue[] };

/** One prompt from execution_start to its last message but the status. */
export class PromptRun {
  private readonly prompt: DynamicPrompt;
  private readonly progress: Progress;
  private readonly list: ExecutionList;
  private readonly messages: (readonly [string, PyDict])[] = [];
  private readonly executed: string[] = [];
  private readonly emitted = new Set<string>();
  private readonly unfinished = new Map<string, Unfinished>();
  private outcome: PromptResult['outcome'] = 'success';
  private cachedIds: string[] = [];
  /** All ids the cache had keys for when the prompt began; errors list them for no good reason. */
  private knownIds: string[] = [];

  constructor(
    private readonly executor: Executor,
    private readonly promptId: string,
    prompt: PyDict,
    private readonly extraData: PyDict,
  ) {
    const { cache, registry, behaviours, publisher } = executor.parts;
    this.prompt = new DynamicPrompt(prompt);
    this.progress = new Progress(promptId, this.prompt, executor, publisher);
    this.list = new ExecutionList(
      this.prompt,
      registry,
      (id) => cache.outputsOf(id) !== undefined,
      (classType) => behaviours.get(classType)?.isAsync === true,
    );
  }

  private get parts(): ExecutorParts {
    return this.executor.parts;
  }

  async execute(outputs: readonly string[]): Promise<PromptResult> {
    this.message('execution_start', { prompt_id: this.promptId });
    this.parts.onStart();
    const { cache, registry } = this.parts;
    const fingerprints = new Fingerprints(this.prompt, this.parts.behaviours, this.parts.folders, this.parts.log);
    cache.startPrompt(new Signatures(this.prompt, registry, (id) => fingerprints.of(id)), this.prompt);
    this.knownIds = [...this.prompt.ids, ...cache.knownInnerIds()];
    this.cachedIds = this.prompt.ids.filter((id) => cache.outputsOf(id) !== undefined);
    this.message('execution_cached', { nodes: [...this.cachedIds], prompt_id: this.promptId });
    for (const id of outputs) this.list.add(id);
    await this.runAll();
    const result = this.result();
    cache.endPrompt(result.nodesExecuted);
    return result;
  }

  private async runAll(): Promise<void> {
    while (!this.list.isEmpty) {
      const id = this.list.pick();
      if (id === undefined) {
        if (!this.list.isWaiting) throw new Error('what is left of the graph waits for itself');
        await this.untilUnblocked();
        continue;
      }
      const state = await this.runNode(id);
      if (state === 'failed') return;
      if (state === 'done') this.list.complete(id);
    }
    this.showCached();
    this.message('execution_success', { prompt_id: this.promptId });
  }

  /** What is shown without being asked for is shown again when it came from the cache. */
  private showCached(): void {
    for (const id of this.cachedIds) {
      if (this.emitted.has(id) || this.parts.registry.get(this.prompt.classType(id))?.showsItsResult !== true) continue;
      this.emitted.add(id);
      if (this.executor.clientId !== null) this.sendExecuted(id, this.parts.cache.uiOf(id)?.output ?? null);
    }
  }

  private async untilUnblocked(): Promise<void> {
    await this.parts.clock.until((resolve) => {
      this.list.onUnblock(resolve);
      return () => this.list.onUnblock(undefined);
    });
  }

  private async runNode(id: string): Promise<'done' | 'pending' | 'failed'> {
    if (this.parts.cache.outputsOf(id) !== undefined) {
      this.reuse(id);
      return 'done';
    }
    let inputs: Inputs = new Map();
    try {
      const unfinished = this.unfinished.get(id);
      this.unfinished.delete(id);
      if (unfinished?.kind === 'async') inputs = unfinished.inputs;
      if (unfinished === undefined) {
        this.progress.start(id);
        inputs = gatherInputs(
          id,
          this.prompt,
          this.parts.registry.get(this.prompt.classType(id)),
          this.parts.cache,
          this.extraData,
        );
      }
      const returned = unfinished === undefined ? await this.begin(id, inputs) : this.resume(unfinished);
      if (returned === 'pending') return 'pending';
      if (isExpansion(returned)) {
        this.expand(id, returned);
        return 'pending';
      }
      this.keep(id, returned);
    } catch (error) {
      this.fail(id, error, inputs);
      return 'failed';
    }
    this.progress.finish(id);
    this.executed.push(id);
    return 'done';
  }

  /** A cached output node, or a node whose twin ran earlier in this prompt. */
  private reuse(id: string): void {
    if (this.executor.clientId !== null) this.sendExecuted(id, this.parts.cache.uiOf(id)?.output ?? null);
    this.emitted.add(id);
    this.progress.finish(id);
  }

  private async begin(id: string, inputs: Inputs): Promise<Returned | 'pending'> {
    const display = this.prompt.displayId(id);
    if (this.executor.clientId !== null) {
      this.executor.lastNodeId = display;
      this.send('executing', { node: id, display_node: display, prompt_id: this.promptId });
    }
    this.parts.interrupt.throwIfRaised();
    const behaviour = this.parts.behaviours.get(this.prompt.classType(id));
    const returned = this.call(id, inputs, behaviour);
    if (behaviour?.isAsync !== true) return returned;
    this.detach(id, inputs, returned);
    return 'pending';
  }

  private async call(id: string, inputs: Inputs, behaviour: NodeBehaviour | undefined): Promise<Returned> {
    const classType = this.prompt.classType(id);
    const blocker = [...inputs.values()].find((value) => value instanceof ExecutionBlocker);
    if (blocker !== undefined) {
      this.reportBlock(id, blocker);
      const returns = this.parts.registry.get(classType)?.returnTypes ?? [];
      return { outputs: returns.map(() => new ExecutionBlocker(null)) };
    }
    if (behaviour === undefined)
      throw new PyError(
        'NotImplementedError',
        `the simulator has no behaviour for the class ${classType}: register one in nodes/registered-nodes.ts`,
      );
    this.refuseUnknownLinks(id, behaviour);
    const place = { promptId: this.promptId, nodeId: id, classType, previewMethod: this.previewMethod() };
    const runtime = this.parts.runtimeFor(place, this.progress);
    await runtime.strike(shapeOf(inputs));
    const { results, registry } = this.parts;
    const blocked = results.blocked(place, registry.get(classType)?.returnTypes.length ?? 0);
    if (blocked !== undefined) return blocked;
    const returned = results.spoil(
      place,
      await behaviour.run(new NodeCall(id, classType, inputs, this.prompt.original, this.extraData, runtime)),
    );
    return isExpansion(returned) || returned.ui === undefined
      ? returned
      : { ...returned, ui: this.parts.enrich(returned.ui) };
  }

  /** The node goes on by itself while others run. */
  private detach(id: string, inputs: Inputs, returned: Promise<Returned>): void {
    const entry: Unfinished = { kind: 'async', inputs, settled: undefined };
    this.unfinished.set(id, entry);
    const unblock = this.list.block(id);
    returned.then(
      (value) => {
        entry.settled = { value };
        unblock();
      },
      (error: unknown) => {
        entry.settled = { error };
        unblock();
      },
    );
  }

  private resume(unfinished: Unfinished): Returned {
    if (unfinished.kind === 'expanded') {
      return {
        outputs: unfinished.outputs.map((output) =>
          isLink(output) ? (this.parts.cache.outputsOf(output[0])?.[output[1]] ?? null) : output,
        ),
      };
    }
    if (unfinished.settled === undefined) throw new Error('an async node was resumed before it was done');
    if ('error' in unfinished.settled) throw unfinished.settled.error;
    return unfinished.settled.value;
  }

  private expand(id: string, { nodes, outputs }: Expansion): void {
    for (const [inner, node] of nodes) if (isDict(node)) this.prompt.add(inner, node, id);
    for (const inner of nodes.keys()) {
      if (this.parts.registry.get(this.prompt.classType(inner))?.isOutput === true) this.list.add(inner);
    }
    for (const output of outputs) if (isLink(output)) this.list.link(output[0], id);
    this.parts.cache.keepInnerIds(id, this.prompt.classType(id), [...nodes.keys()]);
    this.unfinished.set(id, { kind: 'expanded', outputs });
  }

  private refuseUnknownLinks(id: string, behaviour: NodeBehaviour): void {
    const nodeClass = this.parts.registry.get(this.prompt.classType(id));
    if (nodeClass?.takesAnything === true) return;
    const known = new Set(
      liveInputs(nodeClass?.inputs.values() ?? [], this.prompt.inputs(id)).map((spec) => spec.name),
    );
    for (const [name, value] of this.prompt.inputs(id)) {
      if (isLink(value) && !known.has(name) && behaviour.functionName !== undefined) {
        throw typeError(`${behaviour.functionName}() got an unexpected keyword argument '${name}'`);
      }
    }
  }

  private keep(id: string, result: NodeResult): void {
    if (result.ui !== undefined && result.ui.size > 0) {
      const meta = dict({
        node_id: id,
        display_node: this.prompt.displayId(id),
        parent_node: this.prompt.parentId(id),
        real_node_id: this.prompt.realId(id),
      });
      this.parts.cache.keepUi(id, { meta, output: result.ui });
      this.emitted.add(id);
      if (this.executor.clientId !== null) this.sendExecuted(id, result.ui);
    }
    this.parts.cache.keepOutputs(id, result.outputs);
  }

  private aboutFailure(id: string): Record<string, PyValue> {
    return {
      prompt_id: this.promptId,
      node_id: id,
      node_type: this.prompt.classType(id),
      executed: [...this.executed],
    };
  }

  private reportBlock(id: string, blocker: ExecutionBlocker): void {
    if (blocker.message === null) return;
    this.parts.publisher.publish(
      'execution_error',
      blockedView(this.aboutFailure(id), blocker.message),
      this.executor.clientId,
    );
  }

  private fail(id: string, error: unknown, inputs: Inputs): void {
    if (error instanceof ProcessGone) throw error;
    const about = this.aboutFailure(this.prompt.realId(id));
    if (error instanceof Interrupted) {
      this.outcome = 'interrupted';
      this.parts.log('Processing interrupted');
      this.message('execution_interrupted', about, true);
      return;
    }
    this.outcome = 'error';
    const raised =
      error instanceof PyError
        ? error
        : new PyError('RuntimeError', error instanceof Error ? error.message : String(error));
    this.parts.log(`!!! Exception during processing !!! ${raised.message}`);
    const isOom = isOutOfMemory(raised, this.parts.readsDriverErrors);
    if (isOom) {
      this.parts.log('Got an OOM, unloading all loaded models.');
      this.parts.onOutOfMemory();
    }
    this.message('execution_error', {
      ...about,
      ...toFailureView(raised, inputs, isOom, this.parts.printing),
      current_outputs: this.knownIds,
    });
  }

  private result(): PromptResult {
    const outputs: PyDict = new Map();
    const meta: PyDict = new Map();
    for (const id of this.prompt.ids) {
      const ui = this.parts.historyListsCached || this.emitted.has(id) ? this.parts.cache.uiOf(id) : undefined;
      if (ui === undefined) continue;
      outputs.set(id, ui.output);
      meta.set(id, ui.meta);
    }
    return {
      outcome: this.outcome,
      outputs,
      meta,
      messages: this.messages,
      nodesExecuted: this.executed.length,
      cached: this.cachedIds.length,
    };
  }

  /** Kept for the history, and sent; without a client only the interruption is, to all. */
  private message(event: string, fields: Record<string, PyValue>, broadcast = false): void {
    const data = dict({ ...fields, timestamp: this.parts.clock.wallMs() });
    this.messages.push([event, data]);
    if (this.executor.clientId !== null || broadcast) this.parts.publisher.publish(event, data, this.executor.clientId);
  }

  private sendExecuted(id: string, output: PyDict | null): void {
    this.send('executed', { node: id, display_node: this.prompt.displayId(id), output, prompt_id: this.promptId });
  }

  private send(event: string, fields: Record<string, PyValue>): void {
    this.parts.publisher.publish(event, dict(fields), this.executor.clientId);
  }

  /** Newer servers let each prompt choose; what they do not know counts as the server's own choice. */
  private previewMethod(): string | undefined {
    const asked = this.extraData.get('preview_method');
    return this.parts.previewMethodPerPrompt && typeof asked === 'string' ? asked : undefined;
  }
}

/** Kernels are tuned for a model and a size of latent together; other nodes have no shape. */
function shapeOf(inputs: Inputs): string | undefined {
  const values = [...inputs.values()];
  const latent = values.find((value) => value instanceof LatentValue);
  const model = values.find((value) => value instanceof ModelValue);
  return latent === undefined || model === undefined
    ? undefined
    : `${model.file} ${latent.width}x${latent.height}x${latent.frames}`;
}
