import { Inject, Injectable } from '@nestjs/common';
import { obeyMs, patienceMs, unheardPatienceMs, type HistoryEntry, type QueueBody, type Failure } from '@tower/comfyui';
import { CLOCK, describeError, LOGGER, type Clock, type Logger } from '@tower/kit';
import { DataSource, In } from 'typeorm';
import { AttemptsService, cachedOutcome, foundOutcome } from '../attempts/attempts.service';
import { promptEnding, unheardFor } from '../attempts/outcome';
import { promptsBefore, react, type PromptLocation } from '../attempts/reconcile';
import type { CardDriver } from '../cards/card-driver';
import { CardHealthService } from '../cards/health/card-health.service';
import type { StrayPrompt } from '../cards/same-servers';
import { WATCH_THRESHOLDS, type WatchThresholds } from '../cards/watch-thresholds';
import { Attempt } from '../jobs/attempt.entity';
import { Job } from '../jobs/job.entity';
import { liveAttemptStates } from '../jobs/states';
import { findLostOutputs } from '../outputs/lost-outputs';
import { othersPrompts } from '../planning/explain';
import { longestSeconds } from '../planning/estimates/estimate';
import { samplesOf } from '../planning/estimates/sample.queries';
import { RenderingMetrics } from '../rendering.metrics';
import { ProgressPublisher } from '../views/progress-publisher';
import { Catalogue } from '../workflows/catalogue';
import type { WorkflowFile } from '../workflows/template/workflow-file';
import { InterruptedPrompts } from './interrupted-prompts';
import { LivePrompts, type LivePrompt } from './live-prompts';
import { PromptSweep, type ForeignPrompts } from './prompt-sweep';

/**
 * The window is known from two times of one clock; since when it runs, this process counts for itself: the clock may
 * have been set meanwhile.
 */
const postWindowMsOf = (attempt: Attempt): number => attempt.postDeadline.getTime() - attempt.dispatchedAt.getTime();

/** Whether the connection that there is now has spoken of the prompt: only then does its silence say anything. */
const isHeard = (driver: CardDriver, entry: LivePrompt): boolean =>
  entry.heardOn !== null && entry.heardOn === driver.connection;

/** Compares what the database says of a card's attempts with what its server says, and acts on the difference. */
@Injectable()
export class Reconciler {
  /** Monotonic milliseconds since which prompts wait on a card while none runs. */
  private readonly stuckSinceMs = new Map<string, number>();

  constructor(
    private readonly db: DataSource,
    private readonly attempts: AttemptsService,
    private readonly prompts: LivePrompts,
    private readonly interrupted: InterruptedPrompts,
    private readonly sweeper: PromptSweep,
    private readonly cardHealth: CardHealthService,
    private readonly progress: ProgressPublisher,
    private readonly workflows: Catalogue,
    private readonly metrics: RenderingMetrics,
    @Inject(WATCH_THRESHOLDS) private readonly limits: WatchThresholds,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  forget(): void {
    this.prompts.forget();
    this.stuckSinceMs.clear();
  }

  /**
   * One look's consequences. `/queue` was read just before; histories are read here, after it, in that order. Returns
   * prompts that we sent to other cards and that this one has.
   */
  async act(fence: string, driver: CardDriver): Promise<readonly StrayPrompt[]> {
    const live = await this.db.manager.findBy(Attempt, { gpu: driver.name, state: In([...liveAttemptStates]) });
    const { queue } = driver.snapshot;
    for (const attempt of live) await this.actOn(fence, driver, attempt, queue);
    if (queue === null) {
      await this.cardHealth.tend(fence, driver, null, driver.snapshot.foreignPrompts > 0);
      return [];
    }
    const running = queue.queue_running.find((item) => live.some((attempt) => attempt.promptId === item[1]));
    const clientId = running?.[3]['client_id'];
    // A prompt that is just being sent is in neither list yet; the id that it was given stays until it shows.
    if (running || live.length === 0) driver.follow(typeof clientId === 'string' ? clientId : undefined);
    const foreign = await this.sweeper.sweep(driver, queue, live);
    await this.noticeDeadWorker(fence, driver, queue, live);
    await this.cardHealth.tend(fence, driver, queue, foreign.running);
    this.judge(driver, queue, foreign, live);
    return foreign.ofOtherCards;
  }

  private judge(
    driver: CardDriver,
    queue: QueueBody,
    { count: foreignPrompts, ofOtherCards }: ForeignPrompts,
    live: readonly Attempt[],
  ): void {
    const [stray] = ofOtherCards;
    const ours = queue.queue_running.length + queue.queue_pending.length - foreignPrompts;
    const trouble = driver.snapshot.trouble ?? this.cardHealth.troubleOf(driver.name);
    if (ours > 0 && live.length > 0)
      driver.snapshot = {
        ...driver.snapshot,
        foreignPrompts,
        state: 'busy',
        detail: `renders job ${live[0]?.jobId ?? ''}`,
      };
    else if (trouble !== null)
      driver.snapshot = { ...driver.snapshot, foreignPrompts, state: 'unhealthy', detail: trouble };
    else if (stray !== undefined)
      driver.snapshot = {
        ...driver.snapshot,
        foreignPrompts,
        state: 'busy',
        detail: `has the prompt of job ${stray.jobId} that was sent to ${stray.gpu}`,
      };
    else if (ours > 0)
      driver.snapshot = {
        ...driver.snapshot,
        foreignPrompts,
        state: 'busy',
        detail: 'stops a prompt that was given up',
      };
    else if (foreignPrompts > 0)
      driver.snapshot = {
        ...driver.snapshot,
        foreignPrompts,
        state: 'shared',
        detail: `busy with ${othersPrompts(foreignPrompts)}`,
      };
    else driver.snapshot = { ...driver.snapshot, foreignPrompts, state: 'idle', detail: 'idle' };
  }

  private async actOn(fence: string, driver: CardDriver, attempt: Attempt, queue: QueueBody | null): Promise<void> {
    const entry = await this.prompts.of(driver, attempt);
    const { sighting, history } = await this.locate(driver, attempt, queue, entry);
    entry.misses = sighting.place === 'nowhere' && sighting.reachable ? sighting.misses : 0;
    const posted = !entry.posting && this.clock.monotonicMs() - entry.knownSinceMs > postWindowMsOf(attempt);
    const silenceMs = driver.snapshot.refused ? this.limits.refusedMs : this.limits.silentMs;
    switch (react(attempt.state as 'dispatching' | 'running', sighting, posted, silenceMs)) {
      case 'wait':
        return;
      case 'adopt':
        await this.attempts.running(fence, attempt.id);
        this.noteWaiting(attempt, sighting, queue);
        return;
      case 'keep':
        this.noteWaiting(attempt, sighting, queue);
        if (sighting.place !== 'running') return;
        this.prompts.runs(attempt.promptId);
        await this.endIfStill(fence, driver, attempt, entry);
        return;
      case 'finish':
        if (history) await this.finish(fence, driver, attempt, entry, history);
        return;
      case 'lost':
        await this.vanished(fence, driver, attempt, entry, sighting);
    }
  }

  /** Others may have put prompts into the card's own queue just before ours came. */
  private noteWaiting(attempt: Attempt, sighting: PromptLocation, queue: QueueBody | null): void {
    if (sighting.place === 'pending' && queue !== null)
      this.prompts.waits(attempt.promptId, promptsBefore(queue, attempt.promptId));
  }

  private async locate(
    driver: CardDriver,
    attempt: Attempt,
    queue: QueueBody | null,
    entry: LivePrompt,
  ): Promise<{ sighting: PromptLocation; history?: HistoryEntry }> {
    if (queue === null)
      return {
        sighting: { reachable: false, unreachableMs: driver.silentMs(), place: 'nowhere', misses: entry.misses },
      };
    const isIt = (item: QueueBody['queue_running'][number]): boolean => item[1] === attempt.promptId;
    const seen = { reachable: true, unreachableMs: 0, misses: 0 };
    if (queue.queue_running.some(isIt)) return { sighting: { ...seen, place: 'running' } };
    if (queue.queue_pending.some(isIt)) return { sighting: { ...seen, place: 'pending' } };
    const history = await driver.client.history(attempt.promptId);
    if (history) return { sighting: { ...seen, place: 'history' }, history };
    return { sighting: { ...seen, place: 'nowhere', misses: entry.misses + 1 } };
  }

  private async finish(
    fence: string,
    driver: CardDriver,
    attempt: Attempt,
    entry: LivePrompt,
    history: HistoryEntry,
  ): Promise<void> {
    const ending = promptEnding(history, {
      gpu: driver.name,
      graph: entry.graph,
      outputs: await this.outputsOf(attempt),
      stoppedByUs: entry.stoppingSinceMs !== null,
      unheard: !isHeard(driver, entry),
      stoppedAnother: this.interrupted.anotherOn(driver.name, attempt.promptId),
    });
    this.prompts.forget(attempt.promptId);
    if (ending.ended === 'rendered') this.prompts.succeeded(driver);
    if (ending.ended === 'rendered')
      await this.attempts.rendered(fence, attempt, ending.files, {
        seconds: ending.seconds,
        outcome: ending.cached ? cachedOutcome : 'rendered',
      });
    else {
      if (ending.failure.model) driver.readFiles();
      await this.attempts.fail(fence, attempt, ending.failure);
    }
    this.metrics.attempts.inc({
      gpu: driver.name,
      outcome: ending.ended === 'rendered' ? 'rendered' : ending.failure.kind,
    });
    this.progress.publish(attempt.jobId);
    await this.clearHistory(driver, attempt.promptId);
  }

  /** The server keeps whole prompts in memory; ours is harvested. One that shows whether it was restarted stays. */
  private async clearHistory(driver: CardDriver, promptId: string): Promise<void> {
    if (this.cardHealth.isEvidence(driver.name, promptId)) return;
    try {
      await driver.client.forget(promptId);
    } catch (error) {
      this.logger.debug({ gpu: driver.name }, `forgetting a finished prompt: ${describeError(error)}`);
    }
  }

  /** In neither list, twice: its files may be there all the same, when only the history was cleared. */
  private async vanished(
    fence: string,
    driver: CardDriver,
    attempt: Attempt,
    entry: LivePrompt,
    sighting: PromptLocation,
  ): Promise<void> {
    const files = sighting.reachable
      ? await findLostOutputs(driver.client, entry.graph, await this.outputsOf(attempt))
      : undefined;
    this.prompts.forget(attempt.promptId);
    if (files) {
      this.logger.info(
        { gpu: driver.name, promptId: attempt.promptId },
        'the server forgot the prompt, but its files are there',
      );
      this.metrics.attempts.inc({ gpu: driver.name, outcome: foundOutcome });
      await this.attempts.rendered(fence, attempt, files, { seconds: undefined, outcome: foundOutcome });
    } else if (sighting.reachable && entry.notTaken !== null) {
      this.metrics.attempts.inc({ gpu: driver.name, outcome: 'not_taken' });
      await this.attempts.fail(fence, attempt, notTaken(driver.name, entry.notTaken));
    } else {
      this.metrics.attempts.inc({ gpu: driver.name, outcome: 'lost' });
      const restarted = sighting.reachable
        ? driver.restarts.promptVanished(this.clock.monotonicMs()) || driver.restarts.restarts > entry.restarts
        : driver.snapshot.refused;
      const gone = restarted && entry.ran;
      const reason = !sighting.reachable
        ? `${driver.name} has not answered for ${Math.round(sighting.unreachableMs / 1000)} s`
        : restarted
          ? `${driver.name} was restarted`
          : `${driver.name} knows nothing of the prompt any more: its queue or its history was cleared`;
      if (restarted) driver.server.readAnew();
      await this.attempts.lose(fence, attempt, reason, gone);
    }
    this.progress.publish(attempt.jobId);
  }

  private async outputsOf(attempt: Attempt): Promise<WorkflowFile['outputs']> {
    const job = await this.db.manager.findOneByOrFail(Job, { id: attempt.jobId });
    return this.workflows.get(job.workflow).file.outputs;
  }

  /**
   * A prompt that shows no life is interrupted by its id, again and again; one that does not obey is given up, and the
   * card needs a restart. Silence says so only where the socket had spoken of the prompt before; else that it is listed
   * as running is life, within a bound.
   */
  private async endIfStill(fence: string, driver: CardDriver, attempt: Attempt, entry: LivePrompt): Promise<void> {
    const now = this.clock.monotonicMs();
    const stillMs = now - entry.movedAtMs;
    const unheard = !isHeard(driver, entry);
    if (stillMs < (unheard ? await this.unheardLimitMs(attempt, entry, stillMs) : this.limitMs(driver, attempt, entry)))
      return;
    entry.stoppingSinceMs ??= now;
    await this.interrupted.stop(driver, attempt.promptId);
    if (now - entry.stoppingSinceMs < obeyMs(entry.graph) * this.limits.patience) return;
    const error = {
      code: 'comfyui_hung',
      message: `${driver.name} showed no sign of life for ${Math.round(stillMs / 1000)} s and does not obey an interrupt`,
      hint: 'Restart this ComfyUI.',
    };
    const failure: Failure = unheard
      ? unheardFor(driver.name, 'it does not obey an interrupt')
      : { kind: 'hung', error };
    this.prompts.forget(attempt.promptId);
    this.metrics.attempts.inc({ gpu: driver.name, outcome: 'hung' });
    await this.attempts.fail(fence, attempt, { ...failure, disobeyed: true });
    this.progress.publish(attempt.jobId);
  }

  private limitMs(driver: CardDriver, attempt: Attempt, entry: LivePrompt): number {
    const patience = patienceMs(entry.graph, { ...entry, firstAfterBoot: this.prompts.isFirstAfterBoot(driver) });
    return Math.max(patience, (attempt.estimatedSeconds ?? 0) * 2_000) * this.limits.patience;
  }

  /** What such work took before is asked for only where the usual bound is over. */
  private async unheardLimitMs(attempt: Attempt, entry: LivePrompt, stillMs: number): Promise<number> {
    const least = unheardPatienceMs(entry.graph, null) * this.limits.patience;
    if (stillMs < least) return least;
    if (entry.longestSeconds === undefined) {
      const { workflow, width, height, frames, steps } = await this.db.manager.findOneByOrFail(Job, {
        id: attempt.jobId,
      });
      const samples = await samplesOf(this.db.manager, [{ workflow, gpu: attempt.gpu }]);
      entry.longestSeconds = longestSeconds({ workflow, width, height, frames, steps }, attempt.gpu, samples);
    }
    return unheardPatienceMs(entry.graph, entry.longestSeconds) * this.limits.patience;
  }

  /** A server whose only worker died still takes prompts and answers everything, but nothing runs any more. */
  private async noticeDeadWorker(
    fence: string,
    driver: CardDriver,
    queue: QueueBody,
    live: readonly Attempt[],
  ): Promise<void> {
    const first = queue.queue_pending[0]?.[1];
    if (queue.queue_running.length > 0 || first === undefined) {
      this.stuckSinceMs.delete(driver.name);
      return;
    }
    const now = this.clock.monotonicMs();
    const since = this.stuckSinceMs.get(driver.name) ?? now;
    this.stuckSinceMs.set(driver.name, since);
    if (now - since < this.limits.zombieMs || this.cardHealth.healthOf(driver.name).trouble?.kind === 'needs_restart')
      return;
    const message = `prompts wait on ${driver.name} and none runs: its worker is dead`;
    const ours = live.find((attempt) => queue.queue_pending.some((item) => item[1] === attempt.promptId));
    if (!ours) {
      this.cardHealth.fault(driver.name, { kind: 'zombie', reason: message, promptId: first, disobeyed: false });
      return;
    }
    this.prompts.forget(ours.promptId);
    this.metrics.attempts.inc({ gpu: driver.name, outcome: 'zombie' });
    await this.attempts.fail(fence, ours, {
      kind: 'zombie',
      error: { code: 'comfyui_zombie', message, hint: 'Restart this ComfyUI.' },
    });
    this.progress.publish(ours.jobId);
  }
}

/**
 * Its server answered with an error of its own and has nothing of the prompt: that says nothing about the card's other
 * work.
 */
const notTaken = (gpu: string, answer: string): Failure => ({
  kind: 'not_taken',
  error: {
    code: 'comfyui_prompt_not_taken',
    message: `${gpu} did not take the prompt: ${answer}`,
    hint: 'The log of this ComfyUI has the whole traceback; a node pack that checks its inputs may have failed over this graph.',
  },
});
