import { Inject, Injectable } from '@nestjs/common';
import { promptGraph, type PreviewFrame, type ComfyEvent, type PromptGraph } from '@tower/comfyui';
import { CLOCK, type Clock } from '@tower/kit';
import { DataSource } from 'typeorm';
import type { CardDriver } from '../cards/card-driver';
import type { Attempt, AttemptProgress } from '../jobs/attempt.entity';
import { GenerationParams } from '../jobs/generation-params.entity';
import { Job } from '../jobs/job.entity';
import { progressAtDispatch, progressBehind } from '../jobs/progress';
import { RenderingMetrics } from '../rendering.metrics';
import { ProgressPublisher } from '../views/progress-publisher';
import { advance } from './progress-tracker';
import { PromptTimes } from './prompt-times';

/** What this process remembers of a live attempt; all of it can be lost. */
export interface LivePrompt {
  jobId: string;
  taskId: string;
  attemptId: string;
  gpu: string;
  /** It was sent while its card worked on another prompt of ours. */
  prefetched: boolean;
  /** Seconds that it was expected to take on its card; null where nobody knew. */
  expectedSeconds: number | null;
  graph: PromptGraph;
  model: string;
  progress: AttemptProgress;
  misses: number;
  /** Its POST is on the way: whatever is not seen yet may still arrive. */
  posting: boolean;
  /** The node that runs, as last heard; null when nothing was heard. */
  node: string | null;
  /** Monotonic milliseconds since when this process knows of it: just before it was sent, or since it was adopted. */
  knownSinceMs: number;
  /** Monotonic milliseconds of the last sign of life. */
  movedAtMs: number;
  /** Monotonic milliseconds since which it is asked to stop; null while it is not. */
  stoppingSinceMs: number | null;
  /** Monotonic milliseconds of the last try to take it back; null before one. */
  takenBackAtMs: number | null;
  /** Restarts of its server that had been seen when it was sent. */
  restarts: number;
  /** Milliseconds; the longest time for which its server did not answer meanwhile. */
  silentMs: number;
  /** It was seen running. */
  ran: boolean;
  /** Monotonic milliseconds of that; null before it. */
  ranAtMs: number | null;
  /** The connection of the card's socket on which something of this prompt was last heard; null while nothing was. */
  heardOn: number | null;
  /** The node that runs has reported a step. */
  ticked: boolean;
  /** Milliseconds; the longest time between two steps of one node so far. */
  longestStepMs: number;
  /** Seconds that such work took at most on this card; undefined while nobody asked. */
  longestSeconds: number | null | undefined;
  /** When its nodes ran. */
  times: PromptTimes;
  /** What its server said instead of taking it, when that proved nothing; null when nothing was said. */
  notTaken: string | null;
}

/** Whether the connection that there is now has spoken of the prompt: only then does its silence say anything. */
export const isHeard = (driver: CardDriver, entry: LivePrompt): boolean =>
  entry.heardOn !== null && entry.heardOn === driver.connection;

/** What is heard of the prompts that run: progress, previews, signs of life. */
@Injectable()
export class LivePrompts {
  private readonly byPromptId = new Map<string, LivePrompt>();
  /** The prompt that each card last spoke of; previews of the plain kind belong to it. */
  private readonly spokenOf = new Map<string, string>();
  /** By card: the restarts that had been seen when a prompt last succeeded there. */
  private readonly warm = new Map<string, number>();

  constructor(
    private readonly db: DataSource,
    private readonly progress: ProgressPublisher,
    private readonly metrics: RenderingMetrics,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** The prompt is over. */
  release(promptId: string): void {
    this.byPromptId.delete(promptId);
  }

  /** Another process follows them from here on. */
  clear(): void {
    this.byPromptId.clear();
    this.spokenOf.clear();
    this.warm.clear();
  }

  register(driver: CardDriver, attempt: Attempt, job: Job, graph: PromptGraph): LivePrompt {
    const entry: LivePrompt = {
      jobId: job.id,
      taskId: attempt.taskId,
      attemptId: attempt.id,
      gpu: attempt.gpu,
      prefetched: attempt.prefetched,
      expectedSeconds: attempt.estimatedSeconds,
      graph,
      model: job.modelName.replace(/\.[^.]+$/, ''),
      progress: attempt.progress ?? progressAtDispatch(attempt.gpu),
      misses: 0,
      posting: false,
      node: null,
      knownSinceMs: this.clock.monotonicMs(),
      movedAtMs: this.clock.monotonicMs(),
      stoppingSinceMs: null,
      takenBackAtMs: null,
      restarts: driver.restarts.restarts,
      silentMs: 0,
      ran: false,
      ranAtMs: null,
      heardOn: null,
      ticked: false,
      longestStepMs: 0,
      longestSeconds: undefined,
      times: new PromptTimes(),
      notTaken: null,
    };
    this.byPromptId.set(attempt.promptId, entry);
    return entry;
  }

  /** After a restart of this process the graph is read back, so that progress of an adopted prompt can be followed. */
  async of(driver: CardDriver, attempt: Attempt): Promise<LivePrompt> {
    const known = this.byPromptId.get(attempt.promptId);
    if (known) return known;
    const params = await this.db.manager.findOneByOrFail(GenerationParams, { attemptId: attempt.id });
    const job = await this.db.manager.findOneByOrFail(Job, { id: attempt.jobId });
    return this.register(driver, attempt, job, promptGraph.parse(params.graph));
  }

  /** Those of a card that are not over, in the order in which this process came to know of them. */
  on(gpu: string): LivePrompt[] {
    return [...this.byPromptId.values()].filter((entry) => entry.gpu === gpu);
  }

  /** Forgets those of `known`, which were there before `live` was read, that have ended elsewhere: cancelled, mostly. */
  releaseEnded(known: readonly LivePrompt[], live: readonly Attempt[]): void {
    for (const [promptId, entry] of this.byPromptId)
      if (known.includes(entry) && !entry.posting && !live.some(({ id }) => id === entry.attemptId))
        this.byPromptId.delete(promptId);
  }

  /** Milliseconds for which this process has known of it. */
  knownForMs(entry: LivePrompt): number {
    return this.clock.monotonicMs() - entry.knownSinceMs;
  }

  /** A prompt succeeded: what this boot of the server had to load and tune is done. */
  succeeded(driver: CardDriver): void {
    this.warm.set(driver.name, driver.restarts.restarts);
  }

  /** Nothing has succeeded there since the server's start, as far as is known: loading and tuning take their time. */
  isFirstAfterBoot(driver: CardDriver): boolean {
    return this.warm.get(driver.name) !== driver.restarts.restarts;
  }

  /** It was seen waiting in its card's own queue, with so many prompts before it. */
  waits(promptId: string, ahead: number): void {
    const entry = this.byPromptId.get(promptId);
    if (!entry || entry.ran || ahead === 0 || entry.progress.ahead === ahead) return;
    this.note(entry, { ...entry.progress, ahead, stage: progressBehind(entry.gpu, ahead).stage });
  }

  /** It was seen running. What it waited for in its card's own queue is no silence of its own. */
  runs(promptId: string): void {
    const entry = this.byPromptId.get(promptId);
    if (!entry || entry.ran) return;
    entry.ran = true;
    entry.ranAtMs = entry.movedAtMs = this.clock.monotonicMs();
    if (entry.prefetched) this.metrics.prefetched.inc({ gpu: entry.gpu, outcome: 'began' });
    if (entry.progress.ahead === undefined) return;
    const { ahead: _, ...progress } = entry.progress;
    this.note(entry, { ...progress, beganAt: this.clock.now().toISOString(), stage: `Sent to ${entry.gpu}` });
  }

  hear(driver: CardDriver, event: ComfyEvent): void {
    const promptId = event.data['prompt_id'];
    const entry = typeof promptId === 'string' ? this.byPromptId.get(promptId) : undefined;
    if (!entry || typeof promptId !== 'string') return;
    this.spokenOf.set(driver.name, promptId);
    this.runs(promptId);
    entry.times.heard(event, this.clock.monotonicMs());
    this.livens(driver, entry, event);
    const next = advance(entry.progress, event, entry.graph, driver.name, entry.model);
    if (next === entry.progress) return;
    this.note(entry, this.timed(entry.progress, next, event));
  }

  private livens(driver: CardDriver, entry: LivePrompt, event: ComfyEvent): void {
    const now = this.clock.monotonicMs();
    if (event.type === 'executing') {
      entry.node = typeof event.data['node'] === 'string' ? event.data['node'] : null;
      entry.ticked = false;
    } else if (event.type === 'progress') {
      if (entry.ticked) entry.longestStepMs = Math.max(entry.longestStepMs, now - entry.movedAtMs);
      entry.ticked = true;
    }
    entry.movedAtMs = now;
    entry.heardOn = driver.connection;
  }

  /** With the times from which the pace is told. */
  private timed(before: AttemptProgress, next: AttemptProgress, hear: ComfyEvent): AttemptProgress {
    const at = this.clock.now().toISOString();
    const timed = next.percent === before.percent ? next : { ...next, reachedAt: at };
    const isFirstStep = hear.type === 'progress' && next.step !== null && before.step === null;
    return isFirstStep ? { ...timed, firstStep: { percent: next.percent, at } } : timed;
  }

  private note(entry: LivePrompt, progress: AttemptProgress): void {
    entry.progress = progress;
    this.progress.note(entry.jobId, entry.attemptId, progress);
  }

  /**
   * A step preview: a sign of life, and counted; the picture itself is not kept. Returns the prompt that it is of;
   * undefined for those of others.
   */
  preview(driver: CardDriver, frame: Pick<PreviewFrame, 'promptId'>): LivePrompt | undefined {
    this.metrics.previews.inc({ gpu: driver.name });
    const promptId = frame.promptId ?? this.spokenOf.get(driver.name);
    const entry = promptId === undefined ? undefined : this.byPromptId.get(promptId);
    if (!entry || entry.gpu !== driver.name) return undefined;
    entry.movedAtMs = this.clock.monotonicMs();
    entry.heardOn = driver.connection;
    return entry;
  }

  /** Whether it is still followed. */
  isLive(prompt: LivePrompt): boolean {
    return [...this.byPromptId.values()].includes(prompt);
  }
}
