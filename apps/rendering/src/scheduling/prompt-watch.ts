import { Inject, Injectable } from '@nestjs/common';
import { CLOCK, LOGGER, type Clock, type Logger } from '@tower/kit';
import { DataSource, In } from 'typeorm';
import { executionError, fileRef, type FileRef, type HistoryEntry, type QueueBody } from '../comfyui/comfy-messages';
import type { ComfyHint } from '../comfyui/comfy-socket';
import { classifyExecutionError, type Failure } from '../comfyui/failure';
import { advance, progressAtDispatch } from '../comfyui/progress-tracker';
import type { GpuDriver } from '../gpus/gpu-driver';
import { Attempt, GenerationParams, Job, type AttemptProgress } from '../jobs/job.entity';
import { ProgressPublisher } from '../jobs/progress-publisher';
import { liveAttemptStates } from '../jobs/moves';
import { RenderingMetrics } from '../rendering.metrics';
import { workflowGraph, type WorkflowGraph } from '../workflows/workflow-file';
import { WorkflowLibrary } from '../workflows/workflow-library';
import { AttemptsService, type Dispatch } from './attempts.service';
import { othersPrompts } from './pick';
import { endingOf, react, renderSeconds, wasCached, type Sighting } from './reconcile';

/** What this process remembers of a live attempt; all of it can be lost. */
interface Watched {
  jobId: string;
  attemptId: string;
  graph: WorkflowGraph;
  model: string;
  progress: AttemptProgress;
  misses: number;
  /** Monotonic milliseconds of the last sign of life. */
  movedAtMs: number;
  interruptedAtMs: number | null;
}

/** Milliseconds without a sign of life before a running prompt is interrupted, at least; slow cards get ten times their estimate. */
const stillLimitMs = 600_000;
/** Milliseconds that an interrupt may take before the attempt is given up: one sampling step of a film can last that long. */
const obeyLimitMs = 90_000;

/** Compares what the database says of a card's attempts with what its server says, and acts on the difference. */
@Injectable()
export class PromptWatch {
  private readonly watched = new Map<string, Watched>();

  constructor(
    private readonly db: DataSource,
    private readonly attempts: AttemptsService,
    private readonly progress: ProgressPublisher,
    private readonly workflows: WorkflowLibrary,
    private readonly metrics: RenderingMetrics,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  forget(): void {
    this.watched.clear();
  }

  /** Sends a claimed task's prompt. Only a certain refusal ends the attempt here; an unclear answer is left to the next looks. */
  async post(fence: string, driver: GpuDriver, { attempt, job, graph }: Dispatch): Promise<void> {
    // Registered before posting: a quick prompt's events can arrive before the answer to the POST.
    this.watched.set(attempt.promptId, this.watch(attempt, job, graph));
    driver.sight = { ...driver.sight, state: 'busy', detail: `renders job ${job.id}` };
    this.progress.publish(job.id);
    const result = await driver.post(graph, attempt.promptId, { attempt: attempt.id, job: job.id });
    this.metrics.posted.inc({ gpu: driver.name, outcome: result.outcome });
    switch (result.outcome) {
      case 'accepted':
        await this.attempts.running(fence, attempt.id);
        return;
      case 'refused': {
        await driver.client.deletePending(attempt.promptId);
        await driver.client.interrupt(attempt.promptId);
        const error = { code: result.code, message: `${driver.name} refused the graph: ${result.message}`, hint: 'The workflow or one of its values does not fit this server; /status shows what each card has.' };
        await this.attempts.fail(fence, attempt, { kind: 'invalid', error });
        return;
      }
      case 'unreachable':
        await this.attempts.lose(fence, attempt, `${driver.name} refused the connection: ${result.message}`);
        return;
      case 'unknown':
        this.logger.warn({ gpu: driver.name, promptId: attempt.promptId }, `it is unclear whether the prompt arrived: ${result.message}`);
    }
  }

  /** One look's consequences. `/queue` was read just before; histories are read here, after it, in that order. */
  async act(fence: string, driver: GpuDriver): Promise<void> {
    const live = await this.db.manager.findBy(Attempt, { gpu: driver.name, state: In([...liveAttemptStates]) });
    const queue = driver.sight.state === 'down' ? null : driver.sight.queue;
    for (const attempt of live) await this.actOn(fence, driver, attempt, queue);
    if (queue === null) return;
    const running = queue.queue_running.find((item) => live.some((attempt) => attempt.promptId === item[1]));
    const clientId = running?.[3]['client_id'];
    // A prompt that is just being sent is in neither list yet; the id that it was given stays until it shows.
    if (running || live.length === 0) driver.follow(typeof clientId === 'string' ? clientId : undefined);
    const foreign = await this.sweep(driver, queue, live);
    const ours = [...queue.queue_running, ...queue.queue_pending].length - foreign;
    driver.sight = {
      ...driver.sight,
      foreignPrompts: foreign,
      state: ours > 0 ? 'busy' : foreign > 0 ? 'shared' : 'idle',
      detail: ours > 0 ? `renders job ${live[0]?.jobId ?? '(stopping a prompt that was given up)'}` : foreign > 0 ? `busy with ${othersPrompts(foreign)}` : 'idle',
    };
  }

  hint(driver: GpuDriver, hint: ComfyHint): void {
    const promptId = hint.data['prompt_id'];
    const entry = typeof promptId === 'string' ? this.watched.get(promptId) : undefined;
    if (!entry) return;
    entry.movedAtMs = this.clock.monotonicMs();
    const next = advance(entry.progress, hint, entry.graph, driver.name, entry.model);
    if (next === entry.progress) return;
    entry.progress = next;
    this.progress.note(entry.jobId, entry.attemptId, next);
  }

  private async actOn(fence: string, driver: GpuDriver, attempt: Attempt, queue: QueueBody | null): Promise<void> {
    const entry = await this.entryOf(attempt);
    const { sighting, history } = await this.locate(driver, attempt, queue, entry);
    entry.misses = sighting.place === 'nowhere' && sighting.reachable ? sighting.misses : 0;
    switch (react(attempt.state as 'dispatching' | 'running', sighting, this.clock.now() > attempt.postDeadline)) {
      case 'wait':
        return;
      case 'adopt':
        await this.attempts.running(fence, attempt.id);
        return;
      case 'keep':
        if (sighting.place === 'running') await this.endIfStill(fence, driver, attempt, entry);
        return;
      case 'finish':
        if (history) await this.finish(fence, driver, attempt, history);
        this.watched.delete(attempt.promptId);
        return;
      case 'lost':
        this.watched.delete(attempt.promptId);
        this.metrics.attempts.inc({ gpu: driver.name, outcome: 'lost' });
        await this.attempts.lose(fence, attempt, sighting.reachable ? `${driver.name} knows nothing of the prompt any more (restarted, or its queue was cleared)` : `${driver.name} has not answered for ${Math.round(sighting.unreachableMs / 1000)} s`);
        this.progress.publish(attempt.jobId);
    }
  }

  private async locate(driver: GpuDriver, attempt: Attempt, queue: QueueBody | null, entry: Watched): Promise<{ sighting: Sighting; history?: HistoryEntry }> {
    if (queue === null) return { sighting: { reachable: false, unreachableMs: driver.silentMs(), place: 'nowhere', misses: entry.misses } };
    const isIt = (item: QueueBody['queue_running'][number]): boolean => item[1] === attempt.promptId;
    const seen = { reachable: true, unreachableMs: 0, misses: 0 };
    if (queue.queue_running.some(isIt)) return { sighting: { ...seen, place: 'running' } };
    if (queue.queue_pending.some(isIt)) return { sighting: { ...seen, place: 'pending' } };
    const history = await driver.client.history(attempt.promptId);
    if (history) return { sighting: { ...seen, place: 'history' }, history };
    return { sighting: { ...seen, place: 'nowhere', misses: entry.misses + 1 } };
  }

  private async finish(fence: string, driver: GpuDriver, attempt: Attempt, history: HistoryEntry): Promise<void> {
    const ending = endingOf(history);
    let failure: Failure | undefined;
    if (ending.how === 'success') {
      const outputs = await this.outputNodesOf(attempt);
      const files = filesOf(history, outputs);
      const { graph } = await this.entryOf(attempt);
      const measured = { seconds: renderSeconds(history), cached: wasCached(history, Object.keys(graph), outputs) };
      if (files.length > 0) await this.attempts.rendered(fence, attempt, files, measured);
      else failure = { kind: 'outputs_missing', error: { code: 'comfyui_outputs_missing', message: `${driver.name} reports success but names no file`, hint: 'A node skipped its output; the log of this ComfyUI may say why.' } };
    } else if (ending.how === 'error') failure = classifyExecutionError(driver.name, executionError.parse(ending.error));
    else if (ending.how === 'interrupted') failure = { kind: 'interrupted', error: { code: 'comfyui_interrupted', message: `somebody interrupted the prompt on ${driver.name}`, hint: 'Tower tries again; cancel the job to stop it for good.' } };
    else failure = { kind: 'outputs_missing', error: { code: 'comfyui_ended_unclear', message: `${driver.name} does not say how the prompt ended`, hint: 'The log of this ComfyUI may say more.' } };
    this.metrics.attempts.inc({ gpu: driver.name, outcome: failure?.kind ?? 'rendered' });
    if (failure) await this.attempts.fail(fence, attempt, failure);
    this.progress.publish(attempt.jobId);
  }

  private async outputNodesOf(attempt: Attempt): Promise<string[]> {
    const job = await this.db.manager.findOneByOrFail(Job, { id: attempt.jobId });
    return this.workflows.get(job.workflow).file.outputs.map((output) => output.node);
  }

  /** A prompt that shows no life is interrupted by its id, again and again; one that does not obey is given up. */
  private async endIfStill(fence: string, driver: GpuDriver, attempt: Attempt, entry: Watched): Promise<void> {
    const now = this.clock.monotonicMs();
    const limitMs = Math.max(stillLimitMs, (attempt.estimatedSeconds ?? 0) * 10_000);
    if (now - entry.movedAtMs < limitMs) return;
    entry.interruptedAtMs ??= now;
    await driver.client.interrupt(attempt.promptId);
    if (now - entry.interruptedAtMs < obeyLimitMs) return;
    const error = { code: 'comfyui_hung', message: `${driver.name} showed no progress for ${Math.round((now - entry.movedAtMs) / 1000)} s and does not obey an interrupt`, hint: 'Restart this ComfyUI.' };
    await this.attempts.fail(fence, attempt, { kind: 'hung', error });
  }

  /** Takes prompts of ours that no live attempt stands for off the card, by id. Returns how many prompts are somebody else's. */
  private async sweep(driver: GpuDriver, queue: QueueBody, live: Attempt[]): Promise<number> {
    const items = [...queue.queue_running, ...queue.queue_pending];
    const unexplained = items.map((item) => item[1]).filter((id) => !live.some((attempt) => attempt.promptId === id));
    if (unexplained.length === 0) return 0;
    const uuids = unexplained.filter((id) => /^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(id));
    const known = uuids.length === 0 ? [] : await this.db.manager.find(Attempt, { where: { promptId: In(uuids) }, select: { promptId: true, state: true } });
    for (const attempt of known) {
      // Read again: a prompt that was claimed after this look's list of live attempts is no zombie.
      if ((liveAttemptStates as readonly string[]).includes(attempt.state)) continue;
      this.metrics.zombies.inc({ gpu: driver.name });
      this.logger.info({ gpu: driver.name, promptId: attempt.promptId }, 'taking a prompt that was given up off the card');
      await driver.client.deletePending(attempt.promptId);
      await driver.client.interrupt(attempt.promptId);
    }
    return unexplained.length - known.length;
  }

  /** After a restart the graph is read back, so that progress of an adopted prompt can be followed. */
  private async entryOf(attempt: Attempt): Promise<Watched> {
    const known = this.watched.get(attempt.promptId);
    if (known) return known;
    const params = await this.db.manager.findOneByOrFail(GenerationParams, { attemptId: attempt.id });
    const job = await this.db.manager.findOneByOrFail(Job, { id: attempt.jobId });
    const entry = this.watch(attempt, job, workflowGraph.parse(params.graph));
    this.watched.set(attempt.promptId, entry);
    return entry;
  }

  private watch(attempt: Attempt, job: Job, graph: WorkflowGraph): Watched {
    return {
      jobId: job.id, attemptId: attempt.id, graph, model: job.modelName.replace(/\.[^.]+$/, ''), progress: attempt.progress ?? progressAtDispatch(attempt.gpu), misses: 0,
      movedAtMs: this.clock.monotonicMs(), interruptedAtMs: null,
    };
  }
}

/** Files of the workflow's own output nodes; a server may list other nodes' files as well. */
function filesOf(history: HistoryEntry, outputs: readonly string[]): FileRef[] {
  return outputs
    .flatMap((node) => Object.values(history.outputs[node] ?? {}))
    .flatMap((value) => (Array.isArray(value) ? (value as unknown[]) : []))
    .flatMap((item) => {
      const file = fileRef.safeParse(item);
      return file.success && file.data.type === 'output' ? [file.data] : [];
    });
}
